// The order in which a backward pass produced the gradients of the parameters.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace binade::host {

// Positions in `parameters`, in the order in which their gradients were complete. `loss`: the tensor that backward()
// was called on, with its graph. Parameters that the graph does not reach come last, in their own order.
//
// Nothing is recorded during backward. Autograd executes the nodes of one device by descending sequence number, which
// is the order of the forward pass reversed, and adds to a leaf's gradient as soon as the last of its users is done:
// that is the user with the lowest number.
std::vector<std::size_t> backward_order(const at::Tensor& loss, const std::vector<at::Tensor>& parameters);

}  // namespace binade::host

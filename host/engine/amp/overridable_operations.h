// Which of LibTorch's operations can run in a precision of their own, according to their schemas.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <vector>

namespace binade::host {

// The operators that may use a parameter: every public ATen operator that computes new tensors from tensors, except for
// those that only copy (clone, to), make a tensor like another (zeros_like) or belong to backward. Views, in-place and
// out= forms are excluded: the operation after a view still sees the parameter, the others keep the dtype of their
// output. LibTorch's internal operators (`_name`) are included where autocast itself, under `autocast_key`, knows them.
std::vector<c10::OperatorHandle> operators_of_parameters(c10::DispatchKey autocast_key);

// All overloads of the operation `name`, such as "softmax", that compute new tensors from tensors. Throws
// std::runtime_error, with the nearest name, when there is no such operation, or its precision cannot be chosen; `key`
// says where in the experiment the name is.
std::vector<c10::OperatorHandle> operators_named(const std::string& name, const std::string& key);

}  // namespace binade::host

// torch.autocast for C++: a region in which LibTorch chooses each operation's precision. For the torch tier.
//
// The host opens one around forward() and loss() if the precision policy asks for it. A model opens its own for a part
// that needs another precision, most often fp32 within half precision:
//
//     torch::Tensor forward(const torch::Tensor& x) {
//       const auto scores = score(x);  // in the run's precision
//       const binade::Autocast fp32(x.device().type(), torch::kFloat, /*enabled=*/false);
//       return torch::softmax(scores.to(torch::kFloat), -1);
//     }
//
// In a region with autocast disabled, operations do not cast their inputs: cast them yourself, as above. The
// experiment's [precision.overrides] and [precision.operations] are part of autocast, so they do not apply there
// either.
#ifndef BINADE_AUTOCAST_H
#define BINADE_AUTOCAST_H

#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>
#include <c10/macros/Export.h>

// Declared here because ATen/autocast_mode.h includes all of ATen.
namespace at::autocast {
TORCH_API bool is_autocast_enabled(c10::DeviceType device);
TORCH_API void set_autocast_enabled(c10::DeviceType device, bool enabled);
TORCH_API c10::ScalarType get_autocast_dtype(c10::DeviceType device);
TORCH_API void set_autocast_dtype(c10::DeviceType device, c10::ScalarType dtype);
TORCH_API void clear_cache();
TORCH_API int increment_nesting();
TORCH_API int decrement_nesting();
}  // namespace at::autocast

namespace binade {

// Sets the calling thread's autocast state for `device` and restores the previous state at the end of the scope.
// Threads started inside do not inherit it. Regions nest. Leaving the outermost one clears the cached casts of the
// weights, which the optimizer is about to change. Call backward() outside.
class Autocast {
 public:
  Autocast(c10::DeviceType device, c10::ScalarType dtype, bool enabled = true)
      : device_(device),
        previous_dtype_(at::autocast::get_autocast_dtype(device)),
        previous_enabled_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_dtype(device_, dtype);
    at::autocast::set_autocast_enabled(device_, enabled);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, previous_enabled_);
    at::autocast::set_autocast_dtype(device_, previous_dtype_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  c10::ScalarType previous_dtype_;
  bool previous_enabled_;
};

}  // namespace binade
#endif

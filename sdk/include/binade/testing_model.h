// Support for a model plugin's own tests: the model that is linked into the test, with its parameters. To compile in
// seconds it includes few LibTorch headers: add those of the operations that you use, such as <ATen/ops/rand.h>.
#ifndef BINADE_TESTING_MODEL_H
#define BINADE_TESTING_MODEL_H

#include <ATen/core/Tensor.h>

#include "abi/model.h"
#include "testing.h"

namespace binade::testing {

class Model : Plugin<binade_model_table> {
 public:
  explicit Model(std::vector<Option> options = {}) : Plugin(std::move(options)) {}

  at::Tensor forward(const std::vector<at::Tensor>& inputs) const {
    std::vector<const void*> pointers;
    for (const auto& input : inputs) pointers.push_back(&input);
    at::Tensor output;
    call(
        [&](binade_error* error) { return table().forward(self(), pointers.data(), pointers.size(), &output, error); });
    return output;
  }
  std::map<std::string, at::Tensor> parameters() const {
    Collected all{{sizeof(binade_tensors), 0,
                   [](binade_tensors* self, binade_string name, const void* tensor) {
                     reinterpret_cast<Collected*>(self)->tensors[std::string(view(name))] =
                         *static_cast<const at::Tensor*>(tensor);
                   }},
                  {}};
    call([&](binade_error* error) { return table().parameters(self(), &all.base, error); });
    return all.tensors;
  }

 private:
  struct Collected {
    binade_tensors base;  // must be first: the plugin's pointer points to it
    std::map<std::string, at::Tensor> tensors;
  };
};

}  // namespace binade::testing
#endif

// The expressions of autocast_ops_cpu.json by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>

namespace binade::host::testing {

// `x` has what the row is about as its dtype; weights and second operands are fp32. Returns what the golden tells the
// dtype of.
using OperationOnInput = std::function<at::Tensor(c10::ScalarType x)>;
const std::map<std::string, OperationOnInput>& operations_on_input();

// Expressions with dtypes of their own.
using Expression = std::function<at::Tensor()>;
const std::map<std::string, Expression>& expressions();

}  // namespace binade::host::testing

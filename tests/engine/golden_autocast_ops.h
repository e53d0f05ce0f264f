// The expressions of autocast_ops_cpu.json by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <set>
#include <string>

namespace binade::host::testing {

// `x` has what the row is about as its dtype; weights and second operands are fp32. Returns what the golden tells the
// dtype of.
using OperationOnInput = std::function<at::Tensor(c10::ScalarType x)>;
const std::map<std::string, OperationOnInput>& operations_on_input();

// Expressions with dtypes of their own.
using Expression = std::function<at::Tensor()>;
const std::map<std::string, Expression>& expressions();

// Errors of one operation on two dtypes have words that LibTorch chooses by the CPU: oneDNN refuses a transposed
// convolution where it has kernels of the low dtype (bfloat16: AVX-512; float16: AVX-512 FP16), and LibTorch's own
// kernel does elsewhere. Of these, what is the same on each CPU is that the operation is refused, and for which types.
bool is_refused_by_the_cpus_kernel(const std::string& op);

// "bfloat16", "float16", "float32": those that an error names, however it spells them.
std::set<std::string> refused_types(const std::string& error);

}  // namespace binade::host::testing

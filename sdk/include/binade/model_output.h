// Extracts the tensor to use from the result of a model's forward(), at compile time where possible.
#ifndef BINADE_MODEL_OUTPUT_H
#define BINADE_MODEL_OUTPUT_H

#include <torch/types.h>

#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "boundary.h"

namespace binade::detail {

template <class T>
using LogitsMember = decltype(std::declval<const T&>().logits);
template <class T>
using HiddenStateMember = decltype(std::declval<const T&>().last_hidden_state);
template <class T>
using MapMembers =
    std::tuple<typename T::key_type, typename T::mapped_type, decltype(std::declval<const T&>().begin())>;
template <class T>
using TupleSize = decltype(std::tuple_size<T>::value);
template <class T>
using SequenceFront = decltype(std::declval<const T&>().front());

// Gets the first member of an aggregate by a structured binding with as many names as it has members.
struct Anything {
  template <class T>
  operator T() const;
};
template <class T, std::size_t... Index>
auto braces(std::index_sequence<Index...>) -> decltype(T{(static_cast<void>(Index), std::declval<Anything>())...});
template <class T, std::size_t count, class = void>
constexpr bool has_members = false;
template <class T, std::size_t count>
constexpr bool has_members<T, count, std::void_t<decltype(braces<T>(std::make_index_sequence<count>()))>> = true;

template <class T>
const auto& first_member(const T& value) {
  static_assert(std::is_aggregate_v<T> && has_members<T, 1> && !has_members<T, 9>,
                "forward() must return a tensor, a tuple, a vector, a map from strings to tensors, or a struct: with a "
                "member `logits` or `last_hidden_state`, or with one to eight members and no constructor");
  if constexpr (has_members<T, 8>) {
    const auto& [first, b, c, d, e, f, g, h] = value;
    return first;
  } else if constexpr (has_members<T, 7>) {
    const auto& [first, b, c, d, e, f, g] = value;
    return first;
  } else if constexpr (has_members<T, 6>) {
    const auto& [first, b, c, d, e, f] = value;
    return first;
  } else if constexpr (has_members<T, 5>) {
    const auto& [first, b, c, d, e] = value;
    return first;
  } else if constexpr (has_members<T, 4>) {
    const auto& [first, b, c, d] = value;
    return first;
  } else if constexpr (has_members<T, 3>) {
    const auto& [first, b, c] = value;
    return first;
  } else if constexpr (has_members<T, 2>) {
    const auto& [first, b] = value;
    return first;
  } else {
    const auto& [first] = value;
    return first;
  }
}

template <class Output>
torch::Tensor extract(const Output& output) {
  if constexpr (std::is_convertible_v<const Output&, torch::Tensor>) {
    return output;
  } else if constexpr (has<TupleSize, Output>) {
    return extract(std::get<0>(output));
  } else if constexpr (has<MapMembers, Output>) {
    if (output.empty()) throw std::invalid_argument("forward() returned an empty map");
    for (const char* name : {"logits", "last_hidden_state"}) {
      if (const auto found = output.find(name); found != output.end()) return extract(found->second);
    }
    return extract(output.begin()->second);
  } else if constexpr (has<SequenceFront, Output>) {
    if (output.begin() == output.end()) throw std::invalid_argument("forward() returned an empty list");
    return extract(output.front());
  } else if constexpr (has<LogitsMember, Output>) {
    return extract(output.logits);
  } else if constexpr (has<HiddenStateMember, Output>) {
    return extract(output.last_hidden_state);
  } else {
    return extract(first_member(output));
  }
}

}  // namespace binade::detail
#endif

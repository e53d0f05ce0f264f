// The boundary between C++ and the C ABI: no exception leaves a plugin. Used by the headers of the plugin kinds; plugin
// authors do not need it.
#ifndef BINADE_BOUNDARY_H
#define BINADE_BOUNDARY_H

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "options.h"

namespace binade::detail {

inline std::int32_t fail(binade_error* error, std::int32_t status, std::string_view message) noexcept {
  error->set(error, status, to_abi(message));
  return status;
}

// Runs `body` and turns an exception into a status and a message.
template <class Body>
std::int32_t guard(binade_error* error, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return BINADE_OK;
  } catch (const Failure& failure) {
    return fail(error, failure.status(), failure.what());
  } catch (const std::bad_alloc&) {
    return fail(error, BINADE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::invalid_argument& exception) {
    return fail(error, BINADE_INVALID_ARGUMENT, exception.what());
  } catch (const std::exception& exception) {
    return fail(error, BINADE_FAILED, exception.what());
  } catch (...) {
    return fail(error, BINADE_FAILED, "threw something that is not a std::exception");
  }
}

// The host's struct with all members that this SDK knows: `given` itself, or, if the host is older and its struct is
// shorter, a copy in `room` with the missing members set to 0.
template <class T>
const T& whole(const T* given, T& room) noexcept {
  std::uint32_t size = 0;
  std::memcpy(&size, given, sizeof(size));
  if (size >= sizeof(T)) return *given;
  room = T{};
  std::memcpy(&room, given, size);
  return room;
}

// The opposite direction: copies as much of `answer` as the host's struct holds.
template <class T>
void give(T* out, const T& answer) noexcept {
  const std::uint32_t size = out->struct_size;
  std::memcpy(static_cast<void*>(out), &answer, std::min<std::size_t>(size, sizeof(T)));
  out->struct_size = size;
}

// True if `Call<T>` is well-formed, as in has<StepCall, T>.
template <template <class> class Call, class T, class = void>
struct Has : std::false_type {};
template <template <class> class Call, class T>
struct Has<Call, T, std::void_t<Call<T>>> : std::true_type {};
template <template <class> class Call, class T>
constexpr bool has = Has<Call, T>::value;

// A plugin's constructor may take (options, host), (options), or nothing.
template <class T, class Make>
auto construct(const binade_options* options, const binade_host* host, Make make) {
  if constexpr (std::is_constructible_v<T, const Options&, const Host&>) {
    return make(Options(options), Host(host));
  } else if constexpr (std::is_constructible_v<T, const Options&>) {
    return make(Options(options));
  } else {
    static_assert(std::is_default_constructible_v<T>,
                  "a plugin is constructed from (const binade::Options&, const binade::Host&), "
                  "(const binade::Options&) or nothing");
    return make();
  }
}

template <class T>
std::int32_t create(const binade_host* host, const binade_options* options, void** self, binade_error* error) noexcept {
  return guard(error, [&] {
    // guard() catches. NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
    *self = construct<T>(options, host, [](const auto&... arguments) { return new T(arguments...); });
  });
}

template <class T>
void destroy(void* self) noexcept {
  delete static_cast<T*>(self);
}

}  // namespace binade::detail
#endif

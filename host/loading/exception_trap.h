// Holds an exception that a callback of the host threw.
#pragma once

#include <exception>
#include <utility>

namespace binade::host {

// Holds the exception until the plugin has returned, because exceptions must not cross a plugin.
class ExceptionTrap {
 public:
  // Calls body() and keeps what it throws. Does nothing when an exception was kept before.
  template <class Body>
  void keep(Body&& body) noexcept {
    if (failure_) return;
    try {
      std::forward<Body>(body)();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  // Rethrows the exception that was kept, if there is one.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
};

}  // namespace binade::host

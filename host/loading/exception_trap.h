// What a callback of the host's would throw.
#pragma once

#include <exception>
#include <utility>

namespace binade::host {

// Keeps it until the plugin has returned: no exception may cross a plugin.
class ExceptionTrap {
 public:
  // Calls body() unless something was kept already.
  template <class Body>
  void keep(Body&& body) noexcept {
    if (failure_) return;
    try {
      std::forward<Body>(body)();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  // Throws what was kept, if anything.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
};

}  // namespace binade::host

#include "host/loading/plugin_thread.h"

#include <unistd.h>

#include <csignal>
#include <new>

namespace binade::host {
namespace {

constexpr std::size_t signal_stack_bytes = std::size_t{1} << 16;  // the unwinder takes about 10 KiB

}  // namespace

PluginThread::PluginThread() noexcept : id(gettid()) {
  stack_t stack{};
  if (sigaltstack(nullptr, &stack) != 0 || (stack.ss_flags & SS_DISABLE) == 0) return;
  signal_stack_.reset(new (std::nothrow) char[signal_stack_bytes]);
  stack.ss_sp = signal_stack_.get();
  stack.ss_size = signal_stack_bytes;
  stack.ss_flags = 0;
  if (signal_stack_ && sigaltstack(&stack, nullptr) != 0) signal_stack_.reset();
}

PluginThread::~PluginThread() {
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  if (signal_stack_) sigaltstack(&none, nullptr);
}

}  // namespace binade::host

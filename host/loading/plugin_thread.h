// A thread that calls plugins.
#pragma once

#include <memory>

namespace binade::host {

// Lets a fatal signal in the thread be reported: records its number, and provides a stack for the handler, because a
// plugin may have used up the thread's own. A thread must have one while it lives.
class PluginThread {
 public:
  PluginThread() noexcept;
  ~PluginThread();
  PluginThread(const PluginThread&) = delete;
  PluginThread& operator=(const PluginThread&) = delete;

  const int id;  // gettid

 private:
  std::unique_ptr<char[]> signal_stack_;  // empty if the thread had one already
};

}  // namespace binade::host

// A thread that calls plugins.
#pragma once

#include <memory>

namespace binade::host {

// What such a thread needs so that its end by a signal can be reported: its number, and a stack for the handler, since
// a plugin may have used up the thread's own. One per thread, for as long as it lives.
class PluginThread {
 public:
  PluginThread() noexcept;
  ~PluginThread();
  PluginThread(const PluginThread&) = delete;
  PluginThread& operator=(const PluginThread&) = delete;

  const int id;  // gettid

 private:
  std::unique_ptr<char[]> signal_stack_;  // none where the thread had one already
};

}  // namespace binade::host

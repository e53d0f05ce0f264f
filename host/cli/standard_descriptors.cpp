#include "host/cli/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace binade::host {
namespace {

bool output_was_closed = false;  // written once, before there is a second thread

}  // namespace

void open_standard_descriptors() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;  // NOLINT(cppcoreguidelines-pro-type-vararg)
    if (descriptor == STDOUT_FILENO) output_was_closed = true;
    // open() returns this number, because all lower ones are open by now. Children inherit it.
    static_cast<void>(open("/dev/null", O_RDWR));  // NOLINT(cppcoreguidelines-pro-type-vararg,android-cloexec-open)
  }
}

bool standard_output_was_closed() noexcept { return output_was_closed; }

}  // namespace binade::host

// Checks a plugin in hosts that offer less than this one.
#include <fmt/format.h>

#include "host/conformance/checks.h"
#include "host/conformance/fake_host.h"
#include "host/loading/open_plugin.h"

namespace binade::host {

void works_in_older_hosts(const PluginUnderTest& subject, const Exercise& use) {
  const auto& needed = subject.file.manifest.needs_abi;
  for (std::uint32_t minor = needed ? needed->minor : 0; minor < BINADE_ABI_MINOR; ++minor) {
    const auto plugin = open_plugin(
        subject.file, [](std::int32_t, const std::string&, std::string_view) {}, minor);
    const FakeHost older(plugin.host(), minor);
    try {
      use(subject, plugin.with_host(older.host()));
    } catch (const std::exception& error) {
      throw Violation(fmt::format("in a host of ABI {}.{}: {}", BINADE_ABI_MAJOR, minor, error.what()));
    }
  }
}

void survives_failing_services(const PluginUnderTest& subject, const Exercise& use) {
  const auto plugin = open(subject);
  constexpr std::uint64_t most = 200;
  for (std::uint64_t failing = 0; failing < most; ++failing) {
    const FakeHost host(plugin.host(), BINADE_ABI_MINOR, failing);
    use(subject, plugin.with_host(host.host()));
    if (host.calls() <= failing) return;
  }
}

}  // namespace binade::host

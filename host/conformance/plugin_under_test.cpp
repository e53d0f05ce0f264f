#include "host/conformance/plugin_under_test.h"

#include <fmt/format.h>
#include <malloc.h>

#include <filesystem>
#include <iterator>

namespace binade::host {
namespace {

std::size_t bytes_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

Plugin open(const PluginUnderTest& subject) {
  return open_plugin(subject.file, [](std::int32_t, const std::string&, std::string_view) {});
}

Answer try_call(const std::string& name, const std::function<std::int32_t(binade_error*)>& call) {
  ErrorSink sink;
  std::int32_t status = BINADE_OK;
  try {
    status = call(sink.error());
  } catch (...) {
    throw Violation(fmt::format("an exception left {}()", name));
  }
  if (status != BINADE_OK && sink.message().empty()) {
    throw Violation(fmt::format("{}() failed with status {} and gave no reason", name, status));
  }
  return {status, sink.message()};
}

void must_succeed(const std::string& name, const std::function<std::int32_t(binade_error*)>& call) {
  const auto [status, message] = try_call(name, call);
  if (status != BINADE_OK) throw Violation(fmt::format("{}() failed: {} (status {})", name, message, status));
}

PluginInstance::PluginInstance(const Plugin& plugin, const binade_options* options)
    : table_(plugin.table<ObjectTable>()) {
  must_succeed("create", [&](binade_error* error) { return table_.create(plugin.host(), options, &self_, error); });
}

PluginInstance::~PluginInstance() { table_.destroy(self_); }

void require_no_leak(const PluginUnderTest& subject, const Exercise& use) {
  constexpr int warm_up = 20;
  const bool model = subject.model != nullptr;  // a use of which takes milliseconds
  const int repeats = model ? 50 : 200, rounds = model ? 20 : 5;
  const auto noise = 8 * static_cast<std::size_t>(repeats);  // the least that malloc gives is 24
  const auto plugin = open(subject);
  for (int i = 0; i < warm_up; ++i) use(subject, plugin);
  const auto files = open_files();
  // What malloc keeps for later counts as used, and for a while grows like a leak; a leak grows in each round.
  std::size_t grown = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto bytes = bytes_in_use();
    for (int i = 0; i < repeats; ++i) use(subject, plugin);
    if (open_files() > files)
      throw Violation(fmt::format("{} files stay open after {} uses", open_files() - files, repeats));
    const auto now = bytes_in_use();
    if (now <= bytes || now - bytes <= noise) return;
    grown = now - bytes;
  }
  throw Violation(fmt::format("{} bytes stay allocated after {} uses from create() to destroy()", grown, repeats));
}

}  // namespace binade::host

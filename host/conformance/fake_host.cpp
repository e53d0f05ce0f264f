#include "host/conformance/fake_host.h"

#include <cstring>

#include "host/loading/abi_history.h"

namespace binade::host {
namespace {

constexpr std::size_t pointer_bytes = sizeof(void*);  // to the object, before the table that the plugin gets

}  // namespace

FakeHost& FakeHost::of(const binade_host* host) {
  FakeHost* self = nullptr;
  std::memcpy(&self, reinterpret_cast<const char*>(host) - pointer_bytes, pointer_bytes);
  return *self;
}

FakeHost::FakeHost(const binade_host* real, std::uint32_t minor, std::uint64_t failing)
    : real_(real), failing_(failing), memory_(sizeof(void*) + host_size(minor), alignof(binade_host)) {
  binade_host table{};
  table.struct_size = host_size(minor);
  table.log = [](const binade_host* self, std::int32_t level, binade_string text) {
    of(self).real_->log(of(self).real_, level, text);
  };
  table.series = [](const binade_host* self, binade_string metric, const binade_label* labels, std::uint64_t count) {
    auto& own = of(self);
    return own.fails() ? nullptr : own.real_->series(own.real_, metric, labels, count);
  };
  table.add = [](const binade_host* self, binade_series* s, double amount) {
    of(self).real_->add(of(self).real_, s, amount);
  };
  table.set = [](const binade_host* self, binade_series* s, double value) {
    of(self).real_->set(of(self).real_, s, value);
  };
  table.observe = [](const binade_host* self, binade_series* s, double value) {
    of(self).real_->observe(of(self).real_, s, value);
  };
  table.cache_folder = [](const binade_host* self) {
    auto& own = of(self);
    return own.fails() ? binade_string{} : own.real_->cache_folder(own.real_);
  };
  const auto* const pointer = this;
  std::memcpy(memory_.data(), &pointer, pointer_bytes);
  std::memcpy(memory_.data() + pointer_bytes, &table, table.struct_size);
}

}  // namespace binade::host

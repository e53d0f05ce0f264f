// Thrown when a plugin file is refused.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace binade::host {

// what() is complete: the file, the host's value, the plugin's value, and what to do. The first line is a summary, the
// lines below it are details.
//
//   E0301 not a plugin          E0305 wrong kind             E0309 cannot be loaded
//   E0302 malformed note        E0306 other LibTorch         E0310 symbol and note disagree
//   E0303 checksum              E0307 built differently      E0311 not an ELF file of this machine
//   E0304 ABI version           E0308 two files, one id      E0312 manifest is wrong
//                                                            E0313 not as locked
class PluginRefused : public std::runtime_error {
 public:
  PluginRefused(std::string code, const std::string& message, std::string id = {})
      : std::runtime_error(message), code_(std::move(code)), id_(std::move(id)) {}
  const std::string& code() const { return code_; }
  const std::string& id() const { return id_; }  // the plugin's; empty if the file does not name it

 private:
  std::string code_, id_;
};

}  // namespace binade::host

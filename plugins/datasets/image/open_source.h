// Opens the images that the options name.
#pragma once

#include <memory>
#include <string>

#include "picture_files.h"
#include "raw_images.h"

namespace image_source {

struct Format {
  const char* name;
  std::vector<const char*> options;     // that tell the format, and that it needs
  std::vector<const char*> additional;  // that belong to it
};

inline const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"list", {"list"}, {"path", "validation_list", "on_bad_file"}},
      {"folder", {"path"}, {"on_bad_file"}},
      {"idx", {"images", "labels"}, {"validation_images", "validation_labels"}},
      {"cifar10", {"paths"}, {"validation_paths"}},
      {"cifar100", {"paths"}, {"validation_paths"}},
  };
  return all;
}

inline bool among(const std::vector<const char*>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

inline const Format& format_of(const binade::Options& options) {
  for (const auto& format : formats()) {
    const bool told =
        options.has("format") ? options.string("format") == format.name : options.has(format.options.front());
    if (told) return format;
  }
  throw std::invalid_argument(
      "no images are named: set `path` to a folder with a sub-folder for each class, `list` to a list of pictures, "
      "`images` and `labels` to IDX files, or `paths` to CIFAR files");
}

// Options of one format are not valid for the others.
inline void check(const binade::Options& options, const Format& format) {
  const auto quoted = std::string("format = \"") + format.name + "\"";
  for (const auto* name : format.options) {
    if (!options.has(name)) throw std::invalid_argument(quoted + " needs `" + name + "`");
  }
  for (const auto& other : formats()) {
    for (const auto& names : {other.options, other.additional}) {
      for (const auto* name : names) {
        if (!options.has(name) || among(format.options, name) || among(format.additional, name)) continue;
        throw std::invalid_argument("`" + std::string(name) + "` does not belong to " + quoted);
      }
    }
  }
}

}  // namespace image_source

// Throws std::invalid_argument for options that contradict each other, and binade::Failure for unusable files.
inline std::unique_ptr<Source> open_source(const binade::Options& options, const binade::Host& host) {
  const auto& format = image_source::format_of(options);
  image_source::check(options, format);
  const std::string name = format.name;
  if (name == "list" || name == "folder") return std::make_unique<PictureFiles>(options, host);
  const bool unknown = name == "cifar10" && !options.has("format");
  return std::make_unique<RawImages>(options, host, unknown ? "cifar" : name);
}

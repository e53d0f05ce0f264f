// Records what C++ code of the torch tier was compiled against. The engine and every model plugin include this header
// and carry such a block as an ELF note; the host compares the two before it loads the plugin.
#ifndef BINADE_BUILD_BLOCK_H
#define BINADE_BUILD_BLOCK_H

#include <torch/nn/module.h>
#include <torch/version.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "abi/note.h"

namespace binade::detail {

// FNV-1a over size and alignment of the types that cross the boundary. It does not cover the order of virtual
// functions; the version and the build-ids do.
template <class... Types>
constexpr std::uint32_t fingerprint() {
  std::uint32_t hash = 2166136261u;
  for (const std::size_t number : {sizeof(Types)..., alignof(Types)...}) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ ((number >> shift) & 0xFFu)) * 16777619u;
    }
  }
  return hash;
}

constexpr std::uint32_t layout_fingerprint() {
  return fingerprint<at::Tensor, c10::TensorImpl, c10::StorageImpl, c10::TensorOptions, c10::Device, c10::Scalar,
                     torch::nn::Module, std::string, std::vector<at::Tensor>, std::shared_ptr<torch::nn::Module>,
                     std::optional<at::Tensor>, std::function<void()>, std::unordered_map<std::string, at::Tensor>>();
}

template <std::size_t Size>
constexpr void copy_text(char (&target)[Size], const char* text) {
  std::size_t position = 0;
  for (; position + 1 < Size && text[position] != '\0'; ++position) target[position] = text[position];
}

constexpr std::uint32_t sanitizers() {
  std::uint32_t flags = 0;
#if defined(__SANITIZE_ADDRESS__)
  flags |= BINADE_SANITIZER_ADDRESS;
#endif
#if defined(__SANITIZE_THREAD__)
  flags |= BINADE_SANITIZER_THREAD;
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  flags |= BINADE_SANITIZER_ADDRESS;
#endif
#if __has_feature(thread_sanitizer)
  flags |= BINADE_SANITIZER_THREAD;
#endif
#endif
  return flags;
}

// The two build-ids are defined by the CMake target Binade::torch, which reads them from the libraries.
constexpr binade_build_block build_block() {
  binade_build_block block{};
  block.struct_size = sizeof(block);
#if defined(_GLIBCXX_USE_CXX11_ABI)
  block.cxx11_abi = _GLIBCXX_USE_CXX11_ABI;
#endif
#if defined(_GLIBCXX_DEBUG)
  block.debug_containers = 1;
#endif
  block.sanitizers = sanitizers();
#if defined(_LIBCPP_VERSION)
  block.standard_library = BINADE_STANDARD_LIBRARY_LIBCXX;
#else
  block.standard_library = BINADE_STANDARD_LIBRARY_LIBSTDCXX;
#endif
  block.layout_fingerprint = layout_fingerprint();
  copy_text(block.torch_version, TORCH_VERSION);
  copy_text(block.c10_build_id, BINADE_C10_BUILD_ID);
  copy_text(block.torch_cpu_build_id, BINADE_TORCH_CPU_BUILD_ID);
  return block;
}

struct BuildBlockNote {
  binade_note_header header{7, sizeof(binade_build_block), BINADE_NOTE_BUILD_BLOCK, BINADE_NOTE_OWNER};
  binade_build_block block = build_block();
};
static_assert(sizeof(BuildBlockNote) == sizeof(binade_note_header) + sizeof(binade_build_block),
              "no padding in a note");

// `used` must be on the definition: otherwise link-time optimisation drops the note.
__attribute__((section(BINADE_NOTE_SECTION), used, aligned(4))) static const BuildBlockNote build_block_note{};

}  // namespace binade::detail
#endif

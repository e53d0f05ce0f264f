/* The contents of a plugin's ELF section .note.binade, which the host reads before it loads the plugin: the manifest
 * (a small header followed by the author's TOML file) and, for plugins of the torch tier, a build block that records
 * what the C++ code was compiled against. binade_add_plugin() writes both. All numbers are little-endian. */
#ifndef BINADE_ABI_NOTE_H
#define BINADE_ABI_NOTE_H

#include <stdint.h>

#define BINADE_NOTE_SECTION ".note.binade"
#define BINADE_NOTE_OWNER "Binade" /* 7 bytes with its NUL, padded to 8 */
#define BINADE_NOTE_MANIFEST 1
#define BINADE_NOTE_BUILD_BLOCK 2

#define BINADE_NOTE_MAGIC "BINADE01"
#define BINADE_NOTE_VERSION 1

/* An ELF note is three words, the owner's name and the description, each padded to 4 bytes. */
typedef struct binade_note_header {
  uint32_t name_size; /* 7 */
  uint32_t desc_size;
  uint32_t type;
  char owner[8];
} binade_note_header;

/* Description of a BINADE_NOTE_MANIFEST: this header, followed by `length` bytes of TOML. */
typedef struct binade_manifest_header {
  char magic[8]; /* BINADE_NOTE_MAGIC, without a NUL */
  uint32_t note_version;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t length; /* bytes of TOML that follow, at most 1 MiB */
  uint32_t crc32;  /* of those bytes: the CRC of gzip and PNG (polynomial 0xEDB88320) */
} binade_manifest_header;

#define BINADE_STANDARD_LIBRARY_LIBSTDCXX 1
#define BINADE_STANDARD_LIBRARY_LIBCXX 2

#define BINADE_SANITIZER_ADDRESS 1u
#define BINADE_SANITIZER_THREAD 2u

/* Description of a BINADE_NOTE_BUILD_BLOCK. Every member must equal the engine's, or the host refuses the plugin.
 * Texts are NUL-terminated and zero-filled. */
typedef struct binade_build_block {
  uint32_t struct_size;
  uint32_t cxx11_abi;          /* _GLIBCXX_USE_CXX11_ABI */
  uint32_t debug_containers;   /* _GLIBCXX_DEBUG: 0 or 1 */
  uint32_t sanitizers;         /* BINADE_SANITIZER_*, or-ed */
  uint32_t standard_library;   /* BINADE_STANDARD_LIBRARY_* */
  uint32_t layout_fingerprint; /* binade::layout_fingerprint() of build_block.h */
  char torch_version[24];      /* "2.11.0" */
  char c10_build_id[48];       /* GNU build-id of libc10.so, hexadecimal */
  char torch_cpu_build_id[48]; /* GNU build-id of libtorch_cpu.so, hexadecimal */
} binade_build_block;

#endif

// Decodes JPEG with libjpeg-turbo, at full size and with its most exact transform, as PIL does.
#pragma once

// jpeglib.h needs the declarations of <cstdio>, and jerror.h those of jpeglib.h.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <new>
#include <string_view>

#include "exif.h"
#include "picture.h"

class JpegDecoder {
 public:
  // Reads the header. `bytes` must outlive the decoder. Throws BadPicture.
  explicit JpegDecoder(std::string_view bytes) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = stop;
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0) stop(info);  // a warning: the file is damaged
    };
    guarded([&] {
      jpeg_create_decompress(&info_);
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()),
                   static_cast<unsigned long>(bytes.size()));
      jpeg_save_markers(&info_, exif_marker, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
    check_extent(info_.image_width, info_.image_height);
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Extent extent() const { return {static_cast<int>(info_.image_height), static_cast<int>(info_.image_width)}; }
  int orientation() const {
    for (const auto* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (marker->marker == exif_marker && data.substr(0, 4) == "Exif") return exif::orientation(data);
    }
    return 1;
  }

  // Returns RGB. Must be called only once. Throws BadPicture.
  Picture decode() {
    Picture picture(3, extent());
    const bool inks = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_progress_mgr progress{};
    progress.progress_monitor = limit_scans;
    info_.progress = &progress;
    guarded([&] { jpeg_start_decompress(&info_); });
    std::vector<unsigned char> row(static_cast<std::size_t>(picture.width()) * (inks ? 4 : 3));
    unsigned char* rows = row.data();
    guarded([&] {
      for (int y = 0; y < picture.height(); ++y) {
        jpeg_read_scanlines(&info_, &rows, 1);
        if (inks) cmyk_to_rgb(rows, picture.width());
        picture.set_row(y, rows);
      }
      jpeg_finish_decompress(&info_);
    });
    return picture;
  }

 private:
  static constexpr int exif_marker = JPEG_APP0 + 1;

  // Also freed if the constructor throws.
  struct Decompression : jpeg_decompress_struct {
    Decompression() : jpeg_decompress_struct{} {}
    ~Decompression() { jpeg_destroy_decompress(this); }
    Decompression(const Decompression&) = delete;
    Decompression& operator=(const Decompression&) = delete;
  };
  struct Errors : jpeg_error_mgr {
    std::jmp_buf back;
    char message[JMSG_LENGTH_MAX];
  };

  // libjpeg must not return from its error handler, and C++ exceptions must not cross its frames: it jumps back here.
  // `steps` must therefore not own anything that needs a destructor.
  template <class Steps>
  void guarded(const Steps& steps) {
    if (setjmp(errors_.back) != 0) {
      if (errors_.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
      throw BadPicture(std::string("damaged JPEG: ") + errors_.message);
    }
    steps();
  }
  [[noreturn]] static void stop(j_common_ptr info) {
    auto& errors = *static_cast<Errors*>(info->err);
    errors.format_message(info, errors.message);
    std::longjmp(errors.back, 1);
  }

  // A progressive file of a few kilobytes can make the decoder pass over the picture thousands of times.
  static void limit_scans(j_common_ptr info) {
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= 500) return;
    auto& errors = *static_cast<Errors*>(info->err);
    std::snprintf(errors.message, sizeof(errors.message), "more than 500 scans");
    std::longjmp(errors.back, 1);
  }

  // Converts in place, as PIL does. Inks are stored inverted, by Adobe's convention.
  static void cmyk_to_rgb(unsigned char* row, int width) {
    const auto* from = row;
    for (int x = 0; x < width; ++x, from += 4, row += 3) {
      const int paper = from[3];
      for (int ink = 0; ink < 3; ++ink) {
        const int product = (255 - from[ink]) * paper + 128;
        row[ink] = static_cast<unsigned char>(paper - (((product >> 8) + product) >> 8));
      }
    }
  }

  Errors errors_{};
  Decompression info_;
};

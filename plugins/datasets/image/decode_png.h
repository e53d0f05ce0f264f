// Decodes PNG with libspng. Gamma and colour profiles are not applied, as PIL does not apply them.
#pragma once

#include <spng.h>

#include <memory>
#include <new>
#include <string_view>

#include "exif.h"
#include "picture.h"

class PngDecoder {
 public:
  // Reads the header. `bytes` must outlive the decoder. Throws BadPicture.
  explicit PngDecoder(std::string_view bytes) : context_(spng_ctx_new(0)) {
    if (!context_) throw std::bad_alloc();
    constexpr std::size_t most = std::size_t{64} << 20;  // of a chunk such as a colour profile, unpacked
    check(spng_set_chunk_limits(context_.get(), most, most));
    check(spng_set_png_buffer(context_.get(), bytes.data(), bytes.size()));
    check(spng_get_ihdr(context_.get(), &header_));
    check_extent(header_.width, header_.height);
    if (is_animated(bytes)) throw BadPicture("an animated PNG: replace it by one of its frames");
  }

  Extent extent() const { return {static_cast<int>(header_.height), static_cast<int>(header_.width)}; }
  int orientation() const {
    spng_exif data{};
    const int status = spng_get_exif(context_.get(), &data);
    if (status == SPNG_ECHUNKAVAIL) return 1;
    check(status);
    return exif::orientation({data.data, data.length});
  }

  // Returns RGB: grey repeated, palettes looked up, alpha dropped, and of 16 bits the upper 8. Must be called only
  // once. Throws BadPicture.
  Picture decode() {
    Picture picture(3, extent());
    std::vector<unsigned char> pixels(picture.size());
    check(spng_decode_image(context_.get(), pixels.data(), pixels.size(), SPNG_FMT_RGB8, 0));
    check(spng_decode_chunks(context_.get()));  // to the end of the file: it may be truncated
    for (int y = 0; y < picture.height(); ++y) {
      picture.set_row(y, pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width()) * 3);
    }
    return picture;
  }

 private:
  struct Free {
    void operator()(spng_ctx* context) const { spng_ctx_free(context); }
  };

  static void check(int status) {
    if (status == SPNG_EMEM) throw std::bad_alloc();
    if (status != 0) throw BadPicture(std::string("damaged PNG: ") + spng_strerror(status));
  }

  // Looks for the chunk acTL, which libspng skips. It precedes the pixels.
  static bool is_animated(std::string_view bytes) {
    for (std::size_t at = 8; at + 8 <= bytes.size();) {
      const auto type = bytes.substr(at + 4, 4);
      if (type == "acTL") return true;
      if (type == "IDAT") return false;
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i) length = length << 8u | static_cast<unsigned char>(bytes[at + i]);
      at += length + 12;
    }
    return false;
  }

  std::unique_ptr<spng_ctx, Free> context_;
  spng_ihdr header_{};
};

// Decodes WebP, lossy and lossless, with libwebp.
#pragma once

#include <webp/decode.h>

#include <new>
#include <string_view>

#include "exif.h"
#include "picture.h"

class WebpDecoder {
 public:
  // Reads the header. `bytes` must outlive the decoder. Throws BadPicture.
  explicit WebpDecoder(std::string_view bytes) : bytes_(bytes) {
    if (WebPInitDecoderConfig(&config_) == 0) throw std::runtime_error("libwebp is of another version than its header");
    check(WebPGetFeatures(data(), bytes_.size(), &config_.input));
    check_extent(static_cast<std::uint64_t>(config_.input.width), static_cast<std::uint64_t>(config_.input.height));
    if (config_.input.has_animation != 0) throw BadPicture("an animated WebP: replace it by one of its frames");
  }

  Extent extent() const { return {config_.input.height, config_.input.width}; }
  int orientation() const {
    for (std::size_t at = 12; at + 8 <= bytes_.size();) {
      std::size_t length = 0;
      for (std::size_t i = 4; i-- > 0;) length = length << 8u | static_cast<unsigned char>(bytes_[at + 4 + i]);
      if (bytes_.substr(at, 4) == "EXIF") return exif::orientation(bytes_.substr(at + 8, length));
      at += 8 + length + length % 2;
    }
    return 1;
  }

  // Returns RGB; alpha is dropped. Throws BadPicture.
  Picture decode() {
    Picture picture(3, extent());
    std::vector<unsigned char> pixels(picture.size());
    const auto stride = static_cast<std::size_t>(picture.width()) * 3;
    config_.output.colorspace = MODE_RGB;
    config_.output.is_external_memory = 1;
    config_.output.u.RGBA = {pixels.data(), static_cast<int>(stride), pixels.size()};
    check(WebPDecode(data(), bytes_.size(), &config_));
    for (int y = 0; y < picture.height(); ++y) picture.set_row(y, pixels.data() + static_cast<std::size_t>(y) * stride);
    return picture;
  }

 private:
  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes_.data()); }

  static void check(VP8StatusCode status) {
    if (status == VP8_STATUS_OK) return;
    if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
    const bool truncated = status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED;
    throw BadPicture(truncated                                  ? "damaged WebP: the file is truncated"
                     : status == VP8_STATUS_UNSUPPORTED_FEATURE ? "damaged WebP: it uses an unknown feature"
                                                                : "damaged WebP: it is invalid");
  }

  std::string_view bytes_;
  WebPDecoderConfig config_{};
};

// Decodes a picture file in any of the supported formats, which are recognized by their first bytes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "../known_format.h"
#include "decode_jpeg.h"
#include "decode_png.h"
#include "decode_webp.h"
#include "luma.h"

namespace decoding {

// Calls `use` with a decoder of the bytes. Throws BadPicture.
template <class Use>
auto with_decoder(std::string_view bytes, const Use& use) {
  if (bytes.substr(0, 3) == "\xFF\xD8\xFF") return use(JpegDecoder(bytes));
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1A\n") return use(PngDecoder(bytes));
  if (bytes.substr(0, 4) == "RIFF" && bytes.substr(std::min<std::size_t>(8, bytes.size()), 4) == "WEBP")
    return use(WebpDecoder(bytes));
  if (bytes.empty()) throw BadPicture("the file is empty (0 bytes)");
  const auto* const format = known_format::find(bytes, bytes.size());
  throw BadPicture((format != nullptr ? std::string("this is ") + format->name : "this is no picture that is known") +
                   "; JPEG, PNG and WebP are read: convert or remove it");
}

}  // namespace decoding

// The extent of the upright picture, from its header. Throws BadPicture.
inline Extent picture_extent(std::string_view bytes) {
  return decoding::with_decoder(bytes, [](auto&& decoder) {
    const auto [height, width] = decoder.extent();
    return exif::swaps_sides(decoder.orientation()) ? Extent{width, height} : Extent{height, width};
  });
}

// Returns the upright picture in RGB. Throws BadPicture, also for damage that leaves some of the pixels readable.
inline Picture decode_picture(std::string_view bytes) {
  return decoding::with_decoder(bytes, [](auto&& decoder) {
    const int orientation = decoder.orientation();
    return exif::upright(decoder.decode(), orientation);
  });
}

// Returns the picture with that many channels: 1, grey, or 3, RGB.
inline Picture with_channels(Picture picture, int channels) {
  if (picture.channels() == channels) return picture;
  Picture converted(channels, picture.extent());
  for (std::size_t i = 0; i < picture.plane_size(); ++i) {
    if (channels == 1) {
      converted.data()[i] = luma(picture.plane(0)[i], picture.plane(1)[i], picture.plane(2)[i]);
    } else {
      for (int channel = 0; channel < channels; ++channel) converted.plane(channel)[i] = picture.data()[i];
    }
  }
  return converted;
}

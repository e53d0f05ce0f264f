// Grey from colour.
#pragma once

// As PIL's convert("L"), with the weights of ITU-R BT.601.
inline unsigned char luma(int red, int green, int blue) {
  return static_cast<unsigned char>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

#!/usr/bin/env python3
"""Makes the pictures in this folder, and what PIL reads from them. Needs Pillow, which no build needs:

    python3 tests/plugins/pictures/make.py

decoded.ppm, resized.ppm and changed.ppm hold many pictures, one after the other, each with its name as a comment.
"""
import math
import pathlib
import struct
import zlib

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps  # made with Pillow 13.0.0

folder = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 23, 17


def pixel(x, y, channel):
    """A gradient with a disc and some texture."""
    disc = 90 if (x - 9) ** 2 + (y - 8) ** 2 < 30 else 0
    return (x * (7 + channel) + y * (11 - 4 * channel) + disc * (channel != 1) + (x * 31 + y * 17 + channel * 5) % 13) % 256


def picture(mode="RGB"):
    bands = len(Image.new(mode, (1, 1)).getbands())
    made = Image.new(mode, (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            values = tuple(pixel(x, y, channel) for channel in range(bands))
            made.putpixel((x, y), values if bands > 1 else values[0])
    return made


def png(name, colour, depth, rows, interlaced=False, chunks=()):
    """Writes what PIL cannot write."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, int(interlaced))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*one) for one in chunks)
    content += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b"")
    (folder / name).write_bytes(content)


def make_pictures():
    rgb, grey = picture(), picture("L")
    rgb.save(folder / "rgb.jpg", quality=90)
    rgb.save(folder / "full_chroma.jpg", quality=95, subsampling=0)
    rgb.save(folder / "progressive.jpg", quality=85, progressive=True)
    grey.save(folder / "gray.jpg", quality=90)
    picture("CMYK").save(folder / "cmyk.jpg", quality=90)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        rgb.save(folder / f"orientation_{orientation}.jpg", quality=90, exif=exif)
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb.save(folder / "orientation_6.png", exif=exif)
    rgb.save(folder / "orientation_6.webp", lossless=True, exif=exif)
    rgb.save(folder / "rgb.png")
    grey.save(folder / "gray.png")
    picture("RGBA").save(folder / "alpha.png")
    picture("LA").save(folder / "gray_alpha.png")
    palette = rgb.quantize(16)
    palette.save(folder / "palette.png")
    palette.save(folder / "palette_alpha.png", transparency=3)
    grey.point(lambda value: 255 * (value > 100)).convert("1").save(folder / "one_bit.png")
    values = [[pixel(x, y, 0) >> 4 for x in range(WIDTH + 1)] for y in range(HEIGHT)]
    png("four_bits.png", 0, 4, [bytes(row[x] << 4 | row[x + 1] for x in range(0, WIDTH + 1, 2)) for row in values])
    sixteen = [[[pixel(x, y, c) * 256 + 255 - pixel(x, y, c) for c in range(3)] for x in range(WIDTH)] for y in range(HEIGHT)]
    png("rgb_16_bits.png", 2, 16, [b"".join(struct.pack(">HHH", *p) for p in row) for row in sixteen])
    png("gray_16_bits.png", 0, 16, [b"".join(struct.pack(">H", p[0]) for p in row) for row in sixteen])
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [b"".join(bytes(rgb.getpixel((x, y))) for x in range(left, WIDTH, right))
            for left, top, right, down in passes for y in range(top, HEIGHT, down)]
    png("interlaced.png", 2, 8, rows, interlaced=True)
    rgb.save(folder / "lossy.webp", quality=80)
    rgb.save(folder / "lossless.webp", lossless=True)
    picture("RGBA").save(folder / "alpha.webp", lossless=True, exact=True)
    more = [rgb.rotate(angle) for angle in (90, 180)]
    rgb.save(folder / "animated.webp", save_all=True, append_images=more)
    rgb.save(folder / "animated.png", save_all=True, append_images=more)


def write(name, pictures):
    content = b""
    for label, one in pictures:
        kind = b"P6" if one.mode == "RGB" else b"P5"
        content += kind + f"\n# {label}\n{one.width} {one.height}\n255\n".encode() + one.tobytes()
    (folder / name).write_bytes(content)


def upright(path):
    read = Image.open(path)
    if read.mode.startswith("I"):  # PIL would set all that is above 255 to 255
        return read.point(lambda value: value / 256).convert("L") if read.mode == "I" else Image.frombytes(
            "L", read.size, read.tobytes()[1::2])
    return ImageOps.exif_transpose(read)


def resized():
    rgb = picture()
    for width, height in ((9, 7), (5, 17), (23, 6), (47, 31), (1, 1), (64, 3)):
        yield f"{width} {height}", rgb.resize((width, height), Image.Resampling.BILINEAR)


def transformed(one, matrix):
    return one.transform(one.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


def hue(one, factor):
    """torchvision.transforms.functional.adjust_hue."""
    h, s, v = one.convert("HSV").split()
    h = ImageChops.add_modulo(h, Image.new("L", h.size, int(factor * 255) % 256))
    return Image.merge("HSV", (h, s, v)).convert("RGB")


def changed():
    """The operations of torchvision's RandAugment in its order, with magnitude 9 of 30, and those of ColorJitter."""
    rgb, part = picture(), 9 / 30
    for sign in (1, -1):
        s = sign * part
        yield f"0 {sign}", rgb
        yield f"1 {sign}", transformed(rgb, (1, math.tan(math.atan(0.3 * s)), 0, 0, 1, 0))
        yield f"2 {sign}", transformed(rgb, (1, 0, 0, math.tan(math.atan(0.3 * s)), 1, 0))
        yield f"3 {sign}", transformed(rgb, (1, 0, -int(150 / 331 * WIDTH * s), 0, 1, 0))
        yield f"4 {sign}", transformed(rgb, (1, 0, 0, 0, 1, -int(150 / 331 * HEIGHT * s)))
        yield f"5 {sign}", rgb.rotate(30 * s)
        yield f"6 {sign}", ImageEnhance.Brightness(rgb).enhance(1 + 0.9 * s)
        yield f"7 {sign}", ImageEnhance.Color(rgb).enhance(1 + 0.9 * s)
        yield f"8 {sign}", ImageEnhance.Contrast(rgb).enhance(1 + 0.9 * s)
        yield f"9 {sign}", ImageEnhance.Sharpness(rgb).enhance(1 + 0.9 * s)
        yield f"10 {sign}", ImageOps.posterize(rgb, 8 - round(9 / 7.5))
        yield f"11 {sign}", ImageOps.solarize(rgb, 255 * (1 - part))
        yield f"12 {sign}", ImageOps.autocontrast(rgb.point(lambda value: value // 2 + 30))
        yield f"13 {sign}", ImageOps.equalize(rgb)
    for factor in (-0.5, -0.13, 0.07, 0.5):
        yield f"hue {factor}", hue(rgb, factor)
    for angle in (-170, -33.5, 45, 90, 123):
        yield f"rotate {angle}", rgb.rotate(angle)
    yield "gray contrast", ImageEnhance.Contrast(picture("L")).enhance(1.7)


def main():
    make_pictures()
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".webp"))
    names = [name for name in names if not name.startswith("animated")]
    write("decoded.ppm", [(f"{name} {mode}", upright(folder / name).convert(mode)) for name in names
                          for mode in ("RGB", "L")])
    write("resized.ppm", resized())
    write("changed.ppm", changed())


if __name__ == "__main__":
    main()

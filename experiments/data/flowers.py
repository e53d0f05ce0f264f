#!/usr/bin/env python3
"""Draws the pictures in flowers/: 36 of each of four kinds of flowers, as JPEG and PNG, of different sizes.

Needs Pillow:  python3 flowers.py
Petals and backgrounds have random colours: what tells the kinds apart is their shape.
"""
import math
import pathlib
import random

from PIL import Image, ImageDraw, ImageFilter

folder = pathlib.Path(__file__).parent / "flowers"
petal_colours = [(238, 232, 225), (225, 60, 70), (245, 190, 40), (200, 90, 190), (120, 100, 220), (250, 140, 60)]
SCALE = 4  # drawn larger and then reduced, for smooth edges


def varied(colour, by=25):
    return tuple(max(0, min(255, value + random.randint(-by, by))) for value in colour)


def petal(draw, centre, angle, length, width, colour):
    """An ellipse that begins at the centre."""
    points = []
    for step in range(24):
        turn = 2 * math.pi * step / 24
        along, across = length / 2 * (1 + math.cos(turn)), width / 2 * math.sin(turn)
        points.append((centre[0] + along * math.cos(angle) - across * math.sin(angle),
                       centre[1] + along * math.sin(angle) + across * math.cos(angle)))
    draw.polygon(points, fill=colour)


def disc(draw, centre, radius, colour):
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def blossom(draw, centre, radius, colour, petals, width, core, core_colour):
    turn = random.uniform(0, math.pi)
    for i in range(petals):
        angle = turn + 2 * math.pi * i / petals + random.uniform(-0.08, 0.08)
        petal(draw, centre, angle, radius * random.uniform(0.9, 1.05), radius * width, varied(colour, 12))
    disc(draw, centre, radius * core, core_colour)


def daisy(draw, centre, radius, colour):
    blossom(draw, centre, radius, colour, random.randint(12, 16), 0.25, 0.28, varied((235, 190, 50)))


def poppy(draw, centre, radius, colour):
    blossom(draw, centre, radius, colour, 4, 1.05, 0.18, varied((40, 30, 40), 15))


def sunflower(draw, centre, radius, colour):
    blossom(draw, centre, radius, colour, random.randint(16, 20), 0.25, 0.6, varied((90, 55, 30), 15))


def tulip(draw, centre, radius, colour):
    x, y = centre
    stem = varied((60, 130, 50))
    draw.line((x, y, x + random.uniform(-0.2, 0.2) * radius, y + 2 * radius), fill=stem, width=int(radius * 0.16))
    for lean in (-0.35, 0.35, 0):
        petal(draw, (x, y + radius * 0.7), -math.pi / 2 + lean, radius * 1.5, radius * 0.75, varied(colour, 12))


def picture(kind):
    width, height = random.randint(36, 48), random.randint(36, 48)
    size = (width * SCALE, height * SCALE)
    ground = random.choice([(80, 120, 60), (110, 150, 190), (150, 130, 100), (60, 80, 60)])
    drawn = Image.new("RGB", size, varied(ground))
    draw = ImageDraw.Draw(drawn)
    for _ in range(12):
        disc(draw, (random.uniform(0, size[0]), random.uniform(0, size[1])), random.uniform(5, 25), varied(ground, 40))
    radius = min(size) * random.uniform(0.3, 0.45)
    centre = (size[0] * random.uniform(0.42, 0.58), size[1] * random.uniform(0.42, 0.58))
    kind(draw, centre, radius, varied(random.choice(petal_colours)))
    return drawn.resize((width, height), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(0.3))


def main():
    random.seed(1337)
    for kind in (daisy, poppy, sunflower, tulip):
        of_kind = folder / kind.__name__
        of_kind.mkdir(parents=True, exist_ok=True)
        for number in range(36):
            if number % 12 == 0:
                picture(kind).quantize(32).save(of_kind / f"{number:02}.png")
            else:
                picture(kind).save(of_kind / f"{number:02}.jpg", quality=80)


if __name__ == "__main__":
    main()

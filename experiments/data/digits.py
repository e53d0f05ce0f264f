#!/usr/bin/env python3
"""Writes digits-images.idx.gz and digits-labels.idx.gz: 1000 digits of 16 x 16 pixels in the format of MNIST.

Python alone suffices:  python3 digits.py
Each digit is a few strokes, shifted, slanted and scaled at random.
"""
import gzip
import math
import pathlib
import random
import struct

SIZE, COUNT = 16, 1000
circle = [(math.sin(t * math.pi / 6), -math.cos(t * math.pi / 6)) for t in range(13)]


def ring(x, y, across, along, begin=0, end=12):
    return [(x + across * a, y + along * b) for a, b in circle[begin:end + 1]]


# Strokes as points; x and y lie between -1 and 1, y points down.
strokes = [
    [ring(0, 0, 0.6, 0.95)],
    [[(-0.4, -0.5), (0.1, -0.95), (0.1, 0.95)]],
    [ring(0, -0.4, 0.55, 0.55, 0, 4)[::1] + [(-0.6, 0.95), (0.65, 0.95)], ring(0, -0.4, 0.55, 0.55, 9, 12)],
    [ring(0, -0.48, 0.5, 0.47, 0, 6), ring(0, 0.48, 0.55, 0.47, 0, 8), ring(0, -0.48, 0.5, 0.47, 10, 12)],
    [[(0.3, 0.95), (0.3, -0.95), (-0.6, 0.4), (0.7, 0.4)]],
    [[(0.55, -0.95), (-0.45, -0.95), (-0.5, -0.1)], ring(-0.05, 0.35, 0.6, 0.58, 0, 8), [(-0.5, -0.1), (-0.05, -0.23)]],
    [ring(0, 0.4, 0.55, 0.55), [(-0.55, 0.4), (-0.35, -0.4), (0.35, -0.95)]],
    [[(-0.6, -0.95), (0.6, -0.95), (-0.15, 0.95)]],
    [ring(0, -0.47, 0.45, 0.46), ring(0, 0.47, 0.55, 0.48)],
    [ring(0, -0.4, 0.55, 0.55), [(0.55, -0.4), (0.35, 0.4), (-0.35, 0.95)]],
]


def distance(x, y, a, b):
    """From a point to the line between two others."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = max(0, min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy or 1)))
    return math.hypot(x - a[0] - along * dx, y - a[1] - along * dy)


def drawn(digit):
    angle, slant = random.gauss(0, 0.12), random.gauss(0.1, 0.15)
    across, along = random.uniform(3.2, 5.5), random.uniform(4.6, 6.4)
    left, top = random.uniform(6.5, 8.5), random.uniform(6.8, 8.2)
    pen = random.uniform(0.5, 1.1)
    lines = []
    for stroke in strokes[digit]:
        points = []
        for x, y in stroke:
            x, y = across * (x - slant * y), along * y
            points.append((left + x * math.cos(angle) - y * math.sin(angle) + random.gauss(0, 0.15),
                           top + x * math.sin(angle) + y * math.cos(angle) + random.gauss(0, 0.15)))
        lines += zip(points, points[1:])
    near = [min(distance(x, y, *line) for line in lines) for y in range(SIZE) for x in range(SIZE)]
    return bytes(int(16 * max(0, min(15, 15 * (pen + 0.5 - d)))) for d in near)


def main():
    random.seed(1337)
    labels = [i % 10 for i in range(COUNT)]
    random.shuffle(labels)
    folder = pathlib.Path(__file__).parent
    for name, content in (
            ("digits-images.idx.gz", struct.pack(">IIII", 0x803, COUNT, SIZE, SIZE) + b"".join(map(drawn, labels))),
            ("digits-labels.idx.gz", struct.pack(">II", 0x801, COUNT) + bytes(labels))):
        (folder / name).write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main()

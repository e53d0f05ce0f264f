"""The batches of input_benchmark.cpp from PyTorch's DataLoader. Called by input_speed.sh.

input_peer.py make FOLDER SOURCES   writes text.txt (of the files below SOURCES), tokens.bin and images.bin, the same
                                    each time
input_peer.py measure FOLDER        prints a JSON object per dataset, style and number of workers
input_peer.py table FOLDER          compares binade.* with dataloader.*, what several rounds of both have printed

Two styles: "sample", a __getitem__ as in PyTorch's tutorials, stacked by the default collate; "batch", a __getitems__
that gathers a whole batch at once, which is faster but seldom written.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

TEXT_BYTES, TOKENS, IMAGES = 4_000_000, 20_000_000, 10_000
WARM_UP = 20


def make(folder, sources):
    files = sorted(path for path in sources.rglob("*") if path.suffix in (".cpp", ".h"))
    text = "".join(path.read_text(encoding="utf-8") for path in files).encode()
    (folder / "text.txt").write_bytes((text * (TEXT_BYTES // len(text) + 1))[:TEXT_BYTES].rpartition(b"\n")[0] + b"\n")
    random = np.random.default_rng(1)
    random.integers(0, 50257, TOKENS, dtype=np.uint16).tofile(folder / "tokens.bin")
    records = random.integers(0, 256, (IMAGES, 3073), dtype=np.uint8)
    records[:, 0] %= 10
    records.tofile(folder / "images.bin")


def training_part(samples):
    return samples - samples // 5  # Binade holds a fifth back for validation


class Windows(Dataset):
    def __init__(self, tokens, length, stride):
        windows = np.lib.stride_tricks.sliding_window_view(tokens, length)[::stride]
        self.windows = windows[: training_part(len(windows))]

    def __len__(self):
        return len(self.windows)

    def __getitem__(self, index):
        return torch.from_numpy(self.windows[index].astype(np.int64))

    def __getitems__(self, indices):
        return torch.from_numpy(self.windows[indices].astype(np.int64))


def characters(path):
    text = np.frombuffer(path.read_text(encoding="utf-8").encode("utf-32-le"), dtype=np.uint32)
    return np.unique(text, return_inverse=True)[1].astype(np.uint16)


class Images(Dataset):
    PADDING = 4

    def __init__(self, path):
        records = np.memmap(path, dtype=np.uint8, mode="c").reshape(-1, 3073)
        self.records = torch.from_numpy(records[: training_part(len(records))])
        # (pixel / 255 - mean) / std, as one multiplication and one addition
        mean = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
        std = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)
        self.scale, self.shift = 1 / (255 * std), -mean / std

    def __len__(self):
        return len(self.records)

    def __getitem__(self, index):
        record = self.records[index]
        down, right, flip = torch.randint(2 * self.PADDING + 1, (3,)).tolist()
        image = torch.nn.functional.pad(record[1:].view(3, 32, 32), [self.PADDING] * 4)
        image = image[:, down : down + 32, right : right + 32]
        if flip % 2:
            image = image.flip(2)
        return image * self.scale + self.shift, int(record[0])

    def __getitems__(self, indices):
        records = self.records[indices]
        count = len(indices)
        padded = np.zeros((count, 3, 32 + 2 * self.PADDING, 32 + 2 * self.PADDING), np.uint8)
        padded[:, :, self.PADDING : -self.PADDING, self.PADDING : -self.PADDING] = records[:, 1:].view(count, 3, 32, 32)
        images = np.empty((count, 3, 32, 32), np.uint8)
        places = torch.randint(2 * self.PADDING + 1, (count, 2)).tolist()
        for image, source, (down, right) in zip(images, padded, places):
            image[...] = source[:, down : down + 32, right : right + 32]
        images = torch.from_numpy(images)
        flip = torch.rand(count) < 0.5
        images[flip] = images[flip].flip(3)
        return torch.addcmul(self.shift, images.float(), self.scale), records[:, 0].long()


class BySample(Dataset):
    """A dataset without its __getitems__."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


def as_is(batch):
    return batch


def endless(loader):
    while True:
        yield from loader


def measure(name, dataset, batch_size, count):
    for style in ("sample", "batch"):
        for workers in (0, 1, 2):
            loader = DataLoader(
                dataset if style == "batch" else BySample(dataset),
                batch_size,
                shuffle=True,
                drop_last=True,
                num_workers=workers,
                persistent_workers=workers > 0,
                prefetch_factor=4 if workers > 0 else None,
                collate_fn=as_is if style == "batch" else None,
            )
            batches = endless(loader)
            for _ in range(WARM_UP):
                batch = next(batches)
            start = time.perf_counter()
            for _ in range(count):
                batch = next(batches)
            seconds = time.perf_counter() - start
            fields = [batch] if isinstance(batch, torch.Tensor) else batch
            size = sum(field.nbytes for field in fields)
            result = {"dataset": name, "style": style, "workers": workers, "rate": count / seconds, "bytes": size}
            print(json.dumps(result), flush=True)


def binade_rates(folder):
    """Batches per second of each round, and bytes per batch, by (benchmark, argument)."""
    rates, size = {}, {}
    for path in sorted(folder.glob("binade.*")):
        for run in json.loads(path.read_text())["benchmarks"]:
            if run.get("error_occurred"):
                sys.exit(f"{run['name']}: {run['error_message']}")
            name, argument = run["name"].split("/")[:2]
            key = name, int(argument.partition(":")[2])
            rates.setdefault(key, []).append(run["batches_per_second"])
            size[key] = round(run["bytes_per_second"] / run["batches_per_second"])
    return rates, size


def dataloader_rates(folder):
    """Batches per second of each round, and bytes per batch, by (dataset, style, workers)."""
    rates, size = {}, {}
    for path in sorted(folder.glob("dataloader.*")):
        for run in map(json.loads, path.read_text().splitlines()):
            key = run["dataset"], run["style"], run["workers"]
            rates.setdefault(key, []).append(run["rate"])
            size[key] = run["bytes"]
    return rates, size


def cell(rates):
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


def table(folder):
    ours, our_size = binade_rates(folder)
    theirs, their_size = dataloader_rates(folder)
    median = statistics.median
    heads = "|Binade, 0 workers|Binade, 1 worker|DataLoader, 0 workers|DataLoader, 1 or 2 workers|0:0|1:n|0:best|memcpy"
    rows = [heads.split("|")]
    for name in ("text", "tokens", "images"):
        size = our_size[name, 0]
        for key, other in their_size.items():
            if key[0] == name and other != size:
                sys.exit(f"{name}: DataLoader's batches have {other} bytes, Binade's {size}")
        rate = {key: median(rates) for key, rates in theirs.items() if key[0] == name}
        here = max((key for key in rate if key[2] == 0), key=rate.get)
        there = max((key for key in rate if key[2] > 0), key=rate.get)
        rows.append((
            name,
            cell(ours[name, 0]),
            cell(ours[name, 1]),
            f"{cell(theirs[here])} by {here[1]}",
            f"{cell(theirs[there])} by {there[1]}, {there[2]}",
            f"{median(ours[name, 0]) / rate[here]:.1f}",
            f"{median(ours[name, 1]) / rate[there]:.1f}",
            f"{median(ours[name, 0]) / max(rate.values()):.1f}",
            f"{median(ours[name, 0]) * size / 1e9:.1f} of {median(ours['copy', size]) * size / 1e9:.0f} GB/s",
        ))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print(" | ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    print("Batches per second: median (smallest-largest). DataLoader: its best style and number of workers.")
    print("Ratios of medians: Binade's workers : DataLoader's, n for 1 or 2. memcpy: what 0 workers write, and what")
    print("memcpy does from one buffer into another, which stay in the cache; the datasets read at random and convert.")


def main():
    torch.set_num_threads(1)  # as in DataLoader's workers; with more, such small operations take longer
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "make":
        return make(folder, pathlib.Path(sys.argv[3]))
    if command == "table":
        return table(folder)
    shard = np.memmap(folder / "tokens.bin", dtype="<u2", mode="r")
    measure("text", Windows(characters(folder / "text.txt"), 65, 1), 64, 6000)
    measure("tokens", Windows(shard, 1025, 1024), 16, 2000)
    measure("images", Images(folder / "images.bin"), 128, 300)


if __name__ == "__main__":
    main()

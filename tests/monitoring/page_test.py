#!/usr/bin/env python3
"""The live page, opened in a real browser."""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import TREE, main, skip  # noqa: E402
from live import Run, get, until, workspace  # noqa: E402

SCALED = ["precision.plugin=fp16", "precision.cpu=allow", "precision.growth_interval=20", "train.evaluate_every=200"]


def browser(folder, address, *arguments):
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        skip("no Chromium was found: apt-get install chromium-headless-shell")
    return subprocess.run(
        [found, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/browser",
         "--virtual-time-budget=5000", "--window-size=1440,900", *arguments, address],
        capture_output=True, text=True, timeout=120, check=True).stdout


def shown(folder, address):
    """What the page has become, without its script."""
    document = browser(folder, address, "--dump-dom")
    return html.unescape(re.sub(r"(?s)<(script|style)>.*?</\1>", "", document))


def trained(run, steps=500):
    until(lambda: run.value("binade_step") > steps, f"{steps} steps")
    until(lambda: len(json.loads(get(run.address() + "/history"))["steps"]) > 100, "a history")
    return run.address()


def test_it_shows_the_run():
    with workspace() as folder, Run(folder, *SCALED) as run:
        page = shown(folder, trained(run))
        assert 'data-ready="yes"' in page, page
        assert ">points</h1>" in page and f">{run.run_id()}<" in page
        assert re.search(">(running|evaluating)</span>", page), page
        assert "mlp · csv · fp16 · adamw" in page
        for chart in ("Loss", "Loss scale", "Gradient norm", "Skipped steps", "Samples per second"):
            drawing = re.search(rf'(?s)aria-label="{chart}".*?</svg>', page)[0]
            assert len(re.findall(r"L[\d.]+ [\d.]+|H[\d.]+|<rect|<circle", drawing)) > 20, (chart, drawing)
            assert "NaN" not in drawing and "undefined" not in drawing, (chart, drawing)
        scale = re.search(r'(?s)aria-label="Loss scale".*?</svg>', page)[0]
        assert re.search(r">2[⁰¹²³⁴⁵⁶⁷⁸⁹]+</text>", scale), "powers of two"
        assert 'class="mark"' in scale, "backoffs"
        assert "validation" in page and "backoffs" in page


def test_a_run_that_needs_no_scaling_says_so():
    with workspace() as folder, Run(folder) as run:
        page = shown(folder, trained(run))
        assert "the loss is not scaled" in page and "no step was skipped" in page, page


def test_it_can_be_read_with_a_password():
    with workspace() as folder:
        (folder / "password").write_text("word")
        with Run(folder, 'metrics.password_file="password"') as run:
            address = run.address()
            page = shown(folder, address.replace("http://", "http://binade:word@"))
            assert 'data-ready="yes"' in page, page
            assert "data-ready" not in shown(folder, address)


def corner_of(png):
    """Red, green and blue of the first pixel, which no PNG filter changes: nothing lies left of it or above."""
    data = png.read_bytes()
    packed, at = b"", 8
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        packed += data[at + 8:at + 8 + size] if data[at + 4:at + 8] == b"IDAT" else b""
        at += size + 12
    return zlib.decompress(packed)[1:4]


def test_it_looks_different_in_the_dark():
    with workspace() as folder, Run(folder, *SCALED) as run:
        address = trained(run)
        for name, arguments in (("light", []), ("dark", ["--blink-settings=preferredColorScheme=0"])):
            browser(folder, address, f"--screenshot={folder / name}.png", *arguments)
            assert (folder / f"{name}.png").stat().st_size > 30_000, "something is drawn"
        assert min(corner_of(folder / "light.png")) > 200 and max(corner_of(folder / "dark.png")) < 60


def test_nothing_comes_from_elsewhere():
    text = (TREE / "host/telemetry/live_page.html").read_text()
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}, "only a namespace"
    assert not re.search(r"(?i)@import|src=|<link(?! rel=\"icon\")", text)


if __name__ == "__main__":
    main(globals())

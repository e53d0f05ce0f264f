#!/usr/bin/env python3
"""The live page, opened in a real browser."""
import html
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
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
        capture_output=True, text=True, timeout=900, check=True).stdout


def shown(folder, address):
    """The rendered page, without its script."""
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
        assert ">points</h1>" in page and f">{run.run_id()} on {socket.gethostname()}<" in page
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


def test_a_run_without_scaling_shows_no_scale():
    with workspace() as folder, Run(folder) as run:
        page = shown(folder, trained(run))
        assert re.search(r'<article class="chart wide" hidden="">\s*<h2>Loss scale<', page), page
        assert not re.search(r'<article class="chart (wide|full)" hidden="">\s*<h2>Loss<', page), page
        assert "<span>Loss scale</span>" not in page and "no step was skipped" in page, page


START, STEP_SECONDS = 1_700_000_000, 0.5


class StandIn:
    """Serves the page like a run's server, for a run of `steps` steps in `state` since `since`, seen at `now`, both in
    seconds after its start; each step is `late` by some seconds. What the page makes of it depends on nothing else.
    `more` goes to its end."""

    def __init__(self, now, steps=400, state="running", since=2, loss=lambda step: 2 / (1 + step / 50), late=lambda step: 0,
                 scaled=True, more=""):
        self.page = (TREE / "host/telemetry/exporter/live_page.html").read_text().replace("</body>", more + "</body>")
        self.steps = [{"step": step, "split": "train", "loss": loss(step), "grad_norm": 1 + 0.1 * (step % 7),
                       "time": START + STEP_SECONDS * step + late(step), "samples": 16, "next_loss_scale": 2.0 ** (8 + step // 100),
                       "skipped_steps": step // 50} for step in range(1, steps + 1)]
        self.history = {"run_id": "20231114T221320Z-00000000", "now": START + now, "evaluations": [], "steps": self.steps}
        newest = self.steps[-1]["time"] if steps else 0
        values = {'run_info{run_id="20231114T221320Z-00000000",run_name="points",host="node7",model="mlp",dataset="csv"}': 1,
                  f'run_state{{state="{state}"}}': 1, "run_state_timestamp_seconds": START + since,
                  "run_start_timestamp_seconds": START, "last_step_timestamp_seconds": newest, "step": steps,
                  "target_steps": 1000, "step_duration_seconds_sum": STEP_SECONDS * steps,
                  "step_duration_seconds_count": steps, "amp_enabled": int(scaled), "amp_loss_scale": 4096,
                  'amp_updates_total{action="backoff"}': 0, 'optimizer_steps_total{result="applied"}': steps,
                  'optimizer_steps_total{result="skipped"}': 0, 'samples_total{split="train"}': 16 * steps}
        self.metrics = "".join(f"binade_{name} {value}\n" for name, value in values.items())

    def __enter__(self):
        texts = {"/": self.page, "/metrics": self.metrics, "/history": json.dumps(self.history)}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = texts.get(self.path.partition("?")[0], "").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}/"


def stand_in(folder, **run):
    with StandIn(**run) as page:
        return shown(folder, page.address())


def tile(page, name):
    return re.search(rf"<span>{name}</span><b>(.*?)</b><small>(.*?)</small>", page).groups()


def badge(page):
    return re.search(r'<span id="state" class="(\w+)"[^>]*>(.*?)</span>', page).groups()


def test_a_run_that_hangs_is_shown_as_such():
    with workspace() as folder:
        healthy = stand_in(folder, now=201)
        assert badge(healthy) == ("running", "running")
        assert tile(healthy, "Samples per second")[0] == "32" and "5 min left" in healthy, healthy
        hung = stand_in(folder, now=500)
        assert badge(hung) == ("hangs", "no step for 5 min"), badge(hung)
        assert tile(hung, "Samples per second")[0] == "–" and " left" not in hung, hung
        assert re.search('<h2>Samples per second</h2><span class="legend"></span>', hung), "no speed there either"
        before_the_first = stand_in(folder, now=500, steps=0)
        assert badge(before_the_first) == ("hangs", "no step for 8 min 18 s"), badge(before_the_first)
        after_an_evaluation = stand_in(folder, now=505, since=500)
        assert badge(after_an_evaluation) == ("running", "running"), "the evaluation took the time"


def test_a_start_and_an_evaluation_say_how_long_they_take():
    with workspace() as folder:
        assert badge(stand_in(folder, now=230, since=200, state="evaluating")) == ("evaluating", "evaluating")
        assert badge(stand_in(folder, now=500, since=200, state="evaluating")) == ("evaluating", "evaluating for 5 min")
        assert badge(stand_in(folder, now=4000, since=200, state="evaluating"))[0] == "hangs"
        assert badge(stand_in(folder, now=122, steps=0, state="starting")) == ("starting", "starting for 2 min")
        assert badge(stand_in(folder, now=2000, steps=0, state="starting"))[0] == "hangs"
        finished = stand_in(folder, now=9000, since=200, state="finished")
        assert badge(finished) == ("finished", "finished")


def test_a_loss_over_decades_is_drawn_by_its_logarithm():
    def labels(page):
        drawing = re.search(r'(?s)aria-label="Loss".*?</svg>', page)[0]
        return re.findall(r'text-anchor="end">([^<]*)</text>', drawing)
    with workspace() as folder:
        assert "10⁻²" in labels(stand_in(folder, now=201, loss=lambda step: 10 / step ** 1.5))
        assert "1.5" in labels(stand_in(folder, now=201, loss=lambda step: 2 / step ** 0.5)), "a tick of a linear scale"
        assert not any("⁻" in label for label in labels(stand_in(folder, now=201, loss=lambda step: 10 / step ** 1.5 - 0.1)))


def test_tiles_and_curves_say_the_same():
    with workspace() as folder:
        page = stand_in(folder, now=201, loss=lambda step: 1 + (step * 37 % 101) / 10, late=lambda step: step % 3 / 10)
        for name, chart in (("Training loss", "Loss"), ("Gradient norm", "Gradient norm"),
                            ("Samples per second", "Samples per second")):
            legend = re.search(rf"<h2>{chart}</h2>.*?</i>(?:training|unscaled) <b>(.*?)</b>", page)[1]
            assert tile(page, name)[0] == legend != "–", (name, tile(page, name), legend)


def test_the_machine_is_named():
    with workspace() as folder:
        assert ">20231114T221320Z-00000000 on node7</span>" in stand_in(folder, now=201)


def test_tiles_leave_no_hole_on_a_narrow_screen():
    probe = """<script>addEventListener("load", () => setTimeout(() => {
      const boxes = [...document.querySelectorAll(".tile")].map(tile => tile.getBoundingClientRect());
      const edge = Math.max(...boxes.map(box => box.right));
      const rows = [...new Set(boxes.map(box => box.top))];
      const full = rows.every(top => Math.abs(Math.max(...boxes.filter(box => box.top === top).map(box => box.right)) - edge) < 1);
      document.body.dataset.tiles = `${boxes.length} full=${full} wide=${document.documentElement.scrollWidth > innerWidth}`;
    }, 1500));</script>"""
    with workspace() as folder:
        for scaled, count in ((True, 7), (False, 6)):
            with StandIn(now=201, scaled=scaled, more=probe) as page:
                document = browser(folder, page.address(), "--dump-dom", "--window-size=390,900")
                found = re.search(r'data-tiles="(.*?)"', document)[1]
                assert found == f"{count} full=true wide=false", found


def test_it_can_be_read_with_a_password():
    with workspace() as folder:
        (folder / "password").write_text("word")
        with Run(folder, 'metrics.password_file="password"') as run:
            address = run.address()
            page = shown(folder, address.replace("http://", "http://binade:word@"))
            assert 'data-ready="yes"' in page, page
            assert "data-ready" not in shown(folder, address)


def corner_of(png):
    """Red, green and blue of the first pixel, which no PNG filter changes, because nothing precedes it."""
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
    text = (TREE / "host/telemetry/exporter/live_page.html").read_text()
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}, "only a namespace"
    assert not re.search(r"(?i)@import|src=|<link(?! rel=\"icon\")", text)


if __name__ == "__main__":
    main(globals())

"""Real processes for tests: a `binade run`, and a Prometheus that scrapes it. They are polled until a deadline."""
import contextlib
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from checking import prometheus_tool, skip

BUILD = pathlib.Path(os.environ.get("BINADE_BUILD_DIR", "build")).resolve()
PATIENCE = 900  # seconds until a test gives up; never a measure of anything

EXPERIMENT = """[model]
plugin = "mlp"
units = 8
[dataset]
plugin = "csv"
path = "points.csv"
[precision]
plugin = "fp32"
[train]
steps = 1000000000
batch_size = 16
device = "cpu"
threads = 1
[[logger]]
plugin = "console"
"""


def until(probe, what):
    """Polls `probe` until its result is true, and returns it. Exceptions count as false."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError, urllib.error.URLError, KeyError, IndexError, ValueError):
            result = probe()
            if result:
                return result
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)


def get(url, timeout=PATIENCE, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=timeout) as answer:
        return answer.read().decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def workspace():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="binade-monitoring-"))
    try:
        rows = ((row * 37 % 101 - 50, row * 53 % 97 - 48) for row in range(200))
        text = "".join(f"{x},{y},{'above' if x + y > 0 else 'below'}\n" for x, y in rows)
        (folder / "points.csv").write_text("x,y,side\n" + text)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Run:
    """A `binade run` of `experiment` with `settings`, which is killed at the end of a `with` block."""

    def __init__(self, folder, *settings, name="points", experiment=EXPERIMENT, environment=None, flags=()):
        self.name, self.folder = name, folder
        self.log = folder / f"{name}.log"
        (folder / f"{name}.toml").write_text(experiment)
        command = [BUILD / "bin/binade", "run", f"{name}.toml", *flags]
        for setting in settings:
            command += ["--set", setting]
        variables = os.environ | {"BINADE_PLUGIN_PATH": str(BUILD / "tests/fixtures")} | (environment or {})
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=variables)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def output(self):
        return self.log.read_text()

    def found(self, pattern):
        def probe():
            found = re.search(pattern, self.output())
            assert found or self.process.poll() is None, f"{pattern} is not in\n{self.output()}"
            return found
        return until(probe, f"{pattern} in the output of {self.name}")

    def address(self):
        """http://127.0.0.1:PORT"""
        return self.found(r"(http://127\.0\.0\.1:\d+)/metrics")[1]

    def metrics(self):
        return get(self.address() + "/metrics")

    def value(self, series):
        """The value of `name` or `name{label="value"`, or None."""
        name, _, labels = series.rstrip("}").partition("{")
        for line in self.metrics().splitlines():
            wanted = labels.split(",") if labels else []
            if re.match(rf"{name}[{{ ]", line) and all(label in line for label in wanted):
                return float(line.rsplit(" ", 1)[1])
        return None

    def trains(self):
        until(lambda: (self.value("binade_step") or 0) > 0, f"steps of {self.name}")
        return self

    def directory(self):
        return next((self.folder / "runs" / self.name).iterdir())

    def run_id(self):
        return self.directory().name

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def wait(self):
        return self.process.wait(timeout=PATIENCE)


class Prometheus:
    """A Prometheus with the scrape configuration `scrape` and the tree's rules, which scrapes every half second."""

    def __init__(self, folder, scrape, rules=None):
        binary = prometheus_tool("prometheus")
        if binary is None:
            skip("prometheus was not found: `bash tests/run.sh` fetches it")
        self.folder = folder / "prometheus"
        self.folder.mkdir()
        config = "global: {scrape_interval: 500ms, evaluation_interval: 500ms}\n"
        config += f"rule_files: [{json.dumps(str(rules))}]\n" if rules else ""
        (self.folder / "prometheus.yml").write_text(config + ("scrape_configs:\n" + scrape if scrape else ""))
        self.binary = binary
        self.start()

    def start(self):
        self.address = f"http://127.0.0.1:{free_port()}"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address={self.address.removeprefix('http://')}"], stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        until(lambda: get(self.address + "/-/ready"), "Prometheus")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def again(self):
        """Starts it again with the same data."""
        self.start()
        return self

    def api(self, path, **arguments):
        return json.loads(get(f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"))["data"]

    def query(self, expression, **arguments):
        return self.api("query", query=expression, **arguments)["result"]

    def query_range(self, expression, seconds, step):
        now = time.time()
        return self.api("query_range", query=expression, start=now - seconds, end=now, step=step)["result"]

    def value(self, expression):
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else math.nan


def static(*addresses):
    """A scrape configuration for these addresses."""
    targets = json.dumps([address.removeprefix("http://") for address in addresses])
    return f"  - job_name: binade\n    honor_labels: true\n    static_configs: [{{targets: {targets}}}]\n"

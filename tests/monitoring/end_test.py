#!/usr/bin/env python3
"""How Prometheus discovers a run, and how a run ends: cleanly, by a crash, and with a Pushgateway."""
import http.server
import json
import pathlib
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import main  # noqa: E402
from live import Prometheus, Run, free_port, static, until, workspace  # noqa: E402

DISCOVERED = """  - job_name: binade
    honor_labels: true
    file_sd_configs: [{files: [../targets/*.json], refresh_interval: 1s}]
"""
TARGETS = 'metrics.targets="targets"'


def test_a_run_is_found_and_its_clean_end_is_seen():
    with workspace() as folder, Run(folder, TARGETS) as run:
        run.trains()
        target = folder / "targets" / f"{run.run_id()}.json"
        labels = {"run_id": run.run_id(), "run_name": "points", "host": socket.gethostname()}
        assert json.loads(target.read_text()) == [
            {"targets": [run.address().removeprefix("http://")], "labels": labels}]
        assert [file.name for file in target.parent.iterdir()] == [target.name], "nothing half-written lies there"
        with Prometheus(folder, DISCOVERED) as server:
            until(lambda: server.value(f'up{{job="binade", run_id="{run.run_id()}"}}') == 1, "the run to be found")
            until(lambda: server.value('binade_step{exported_run_id=""}') > 0, "its step, with a run_id of its own")
            until(lambda: server.value("count_over_time(binade_step[1m])") > 1, "two scrapes")
            run.interrupt()
            assert run.wait() == 130
            until(lambda: server.value('last_over_time(binade_run_state{state="interrupted"}[1m])') == 1,
                  "its last state")
            assert server.value("last_over_time(binade_run_end_timestamp_seconds[1m])") > time.time() - 60
            assert not target.exists()
            until(lambda: not server.query("up"), "the target to be forgotten")


def test_a_crash_leaves_the_target_behind():
    with workspace() as folder, Run(folder, TARGETS) as run, Prometheus(folder, DISCOVERED) as server:
        until(lambda: server.value("up") == 1, "the run to be found")
        run.process.send_signal(signal.SIGKILL)
        run.wait()
        until(lambda: server.value(f'up{{run_id="{run.run_id()}"}}') == 0, "up to be 0")
        assert (folder / "targets" / f"{run.run_id()}.json").exists()


def test_nobody_is_waited_for_who_never_scraped():
    with workspace() as folder, Run(folder, "train.steps=1", "metrics.wait_for_scrape=1h") as run:
        run.address()
        assert run.wait() == 0  # and not in an hour


def test_a_scraper_that_is_gone_is_not_waited_for_long():
    with workspace() as folder, Run(folder, "metrics.wait_for_scrape=1h") as run:
        run.trains()
        with Prometheus(folder, static(run.address())) as server:
            until(lambda: server.value("count_over_time(binade_step[1m])") > 1, "two scrapes")
        run.interrupt()
        assert run.wait() == 130


def test_the_last_values_stay_in_the_run_directory():
    with workspace() as folder, Run(folder, "train.steps=7") as run:
        assert run.wait() == 0
        text = (run.directory() / "metrics.prom").read_text()
        assert f'binade_run_state{{run_id="{run.run_id()}",state="finished"}} 1\n' in text, text
        assert f'binade_step{{run_id="{run.run_id()}"}} 7\n' in text, text


class Gateway:
    """Receives pushed metrics like a Pushgateway."""

    def __init__(self, status=200):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                requests.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.setting = f'metrics.push="http://127.0.0.1:{self.server.server_port}"'


def test_the_outcome_is_pushed():
    gateway = Gateway()
    with workspace() as folder, Run(folder, "train.steps=7", gateway.setting) as run:
        assert run.wait() == 0, run.output()
        (path, body), = gateway.requests
        assert path == f"/metrics/job/binade/run_id/{run.run_id()}"
        assert f'binade_run_state{{run_id="{run.run_id()}",state="finished"}} 1\n' in body
        assert "process_" not in body and "_bucket" not in body, "only the outcome: a gateway never forgets"


def test_a_dry_run_tells_nobody():
    gateway = Gateway()
    with workspace() as folder, Run(folder, TARGETS, gateway.setting, flags=["--dry-run"]) as run:
        assert run.wait() == 0, run.output()
        assert not gateway.requests and not (folder / "targets").exists()


def test_a_gateway_that_refuses_is_a_warning():
    gateway = Gateway(status=400)
    with workspace() as folder, Run(folder, "train.steps=7", gateway.setting) as run:
        assert run.wait() == 0
        assert "metrics.push" in run.output() and "400" in run.output(), run.output()


def test_a_gateway_that_is_not_there_is_a_warning():
    with workspace() as folder, Run(folder, "train.steps=7", f'metrics.push="http://127.0.0.1:{free_port()}"') as run:
        assert run.wait() == 0
        assert "Connection refused" in run.output(), run.output()


def test_a_gateway_that_says_nothing_does_not_keep_the_run():
    with workspace() as folder, socket.create_server(("127.0.0.1", 0)) as silent:
        with Run(folder, "train.steps=7", f'metrics.push="http://127.0.0.1:{silent.getsockname()[1]}"') as run:
            assert run.wait() == 0
            assert "no answer" in run.output(), run.output()


if __name__ == "__main__":
    main(globals())

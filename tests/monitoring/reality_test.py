#!/usr/bin/env python3
"""Runs every query of the dashboards against a Prometheus that scrapes real runs: each must return numbers."""
import json
import math
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import TREE, main  # noqa: E402
from dashboards_test import BOARDS  # noqa: E402
from grafana import metrics_in, panels, variables  # noqa: E402
from live import BUILD, EXPERIMENT, Prometheus, Run, static, until, workspace  # noqa: E402

OVERFLOWING = ["precision.plugin=fp16", "precision.cpu=allow", "precision.growth_interval=5", "train.evaluate_every=50",
               "checkpoint.every_steps=200"]
FAKE_GPUS = {"LD_LIBRARY_PATH": str(BUILD / "tests/fixtures/nvml")}  # what a driver says, where there is none
OWN_LOSS = (EXPERIMENT.replace('"mlp"', '"own_loss"').replace('"csv"\npath = "points.csv"', '"augmented"') +
            '[task]\nloss = "model"\n')


def filled(expression):
    for variable, value in (("$__rate_interval", "10s"), ("$__interval", "10s"), ("$__range", "2m")):
        expression = expression.replace(variable, value)
    return re.sub(r"\$(?:job|instance|run_name|host|run_id|device)\b", ".+", expression)


def needs_a_gpu(expression):
    """Asks for what LibTorch's allocator of a device tells; what the driver tells has a stand-in."""
    return any(re.match("binade_device_(allocator_retries|out_of_memory|memory_(allocated|reserved|peak))_", name)
               for name in metrics_in(expression))


def is_finite(result):
    samples = [sample for series in result for sample in series.get("values", [series.get("value")])]
    return any(math.isfinite(float(value)) for _, value in samples)


def asked(board):
    """(where, expression, ask) of every query."""
    for panel in panels(board):
        for target in panel["targets"]:
            expression, instant = filled(target["expr"]), target["instant"]
            yield (f"panel {panel['title']} {target['refId']}", expression,
                   lambda server, e=expression, i=instant: is_finite(server.query(e) if i else
                                                                     server.query_range(e, 60, 1)))
    for note in board["annotations"]["list"]:
        expression = filled(note["expr"])
        yield (f"annotation {note['name']}", expression,
               lambda server, e=expression: is_finite(server.query_range(e, 60, 1)))
    for name, label, selector in variables(board):
        yield (f"variable {name}", selector,
               lambda server, s=selector, l=label: server.api(f"label/{l}/values", **{"match[]": filled(s)}))


def test_every_query_finds_numbers():
    with workspace() as folder:
        with (Run(folder, *OVERFLOWING, name="scaled", environment=FAKE_GPUS) as scaled,
              Run(folder, name="own", experiment=OWN_LOSS) as own):
            targets = static(scaled.trains().address(), own.trains().address())
            with Prometheus(folder, targets, TREE / "monitoring/prometheus/binade.rules.yml") as server:
                until(lambda: server.value('count(binade_step > 0)') == 2, "two scraped runs")
                own.interrupt()
                own.wait()
                count, unanswered = 0, []
                for board in BOARDS.values():
                    for where, expression, ask in asked(board):
                        if needs_a_gpu(expression):
                            unanswered.append(where)
                            continue
                        until(lambda: ask(server), f"numbers for {board['title']}: {where}: {expression}")
                        count += 1
                print(f"{count} queries find numbers; {len(unanswered)} need a GPU")
                lines = scaled.metrics()
                series = [line for line in lines.splitlines() if not line.startswith("#")]
                print(f"a scrape: {len(series)} series, {len(lines)} bytes")
                faulty = [rule for group in server.api("rules")["groups"] for rule in group["rules"]
                          if rule["health"] != "ok"]
                assert not faulty, json.dumps(faulty)


if __name__ == "__main__":
    main(globals())

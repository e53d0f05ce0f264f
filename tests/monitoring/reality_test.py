#!/usr/bin/env python3
"""Every query of the dashboards, asked of a Prometheus that scrapes real runs: each must find numbers."""
import json
import math
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import TREE, main  # noqa: E402
from dashboards_test import BOARDS, NOT_YET_EXPORTED  # noqa: E402
from grafana import metrics_in, panels, variables  # noqa: E402
from live import BUILD, EXPERIMENT, Prometheus, Run, static, until, workspace  # noqa: E402

OVERFLOWING = ["precision.plugin=fp16", "precision.cpu=allow", "precision.growth_interval=5", "train.evaluate_every=50"]
FAKE_GPUS = {"LD_LIBRARY_PATH": str(BUILD / "tests/fixtures/nvml")}  # what a driver says, where there is none
OWN_LOSS = (EXPERIMENT.replace('"mlp"', '"own_loss"').replace('"csv"\npath = "points.csv"', '"augmented"') +
            '[task]\nloss = "model"\n')


def filled(expression):
    for variable, value in (("$__rate_interval", "10s"), ("$__interval", "10s"), ("$__range", "2m")):
        expression = expression.replace(variable, value)
    return re.sub(r"\$(?:job|instance|run_id|device)\b", ".+", expression)


def waits_for_exporter(expression):
    names = {re.sub(r"_bucket$", "", name) for name in metrics_in(expression)}
    return bool(names & NOT_YET_EXPORTED)


def is_finite(result):
    samples = [sample for series in result for sample in series.get("values", [series.get("value")])]
    return any(math.isfinite(float(value)) for _, value in samples)


def asked(board):
    """(where, ask) of every query that can be answered by now."""
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
                count, waiting = 0, []
                for board in BOARDS.values():
                    for where, expression, ask in asked(board):
                        if waits_for_exporter(expression):
                            waiting.append(where)
                            continue
                        until(lambda: ask(server), f"numbers for {board['title']}: {where}: {expression}")
                        count += 1
                print(f"{count} queries find numbers; {len(waiting)} wait for metrics that are not exported yet")
                lines = scaled.metrics()
                series = [line for line in lines.splitlines() if not line.startswith("#")]
                print(f"a scrape: {len(series)} series, {len(lines)} bytes")
                faulty = [rule for group in server.api("rules")["groups"] for rule in group["rules"]
                          if rule["health"] != "ok"]
                assert not faulty, json.dumps(faulty)


if __name__ == "__main__":
    main(globals())

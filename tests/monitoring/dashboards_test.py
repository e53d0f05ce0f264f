#!/usr/bin/env python3
"""The dashboards and the files that start Grafana with them."""
import copy
import json
import pathlib
import re
import sys

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[2] / "monitoring/grafana")]
from checking import TREE, main, skip  # noqa: E402
from grafana import faults, metrics_in, panels, queries, variables  # noqa: E402

import dashboards  # noqa: E402

FOLDER = TREE / "monitoring/grafana"
RULES = (TREE / "monitoring/prometheus/binade.rules.yml").read_text()
BOARDS = {file.name: json.loads(file.read_text()) for file in sorted((FOLDER / "dashboards").glob("*.json"))}


def test_files_are_what_the_script_writes():
    wanted = {name: dashboards.text_of(board) for name, board in dashboards.dashboards().items()}
    found = {file.name: file.read_text() for file in (FOLDER / "dashboards").iterdir()}
    assert wanted.keys() == found.keys(), found.keys()
    for name, text in wanted.items():
        assert text == found[name], f"{name} is old: run python3 monitoring/grafana/dashboards.py"


def test_dashboards_have_no_faults():
    for name, board in BOARDS.items():
        assert not list(faults(board)), (name, list(faults(board)))
    assert [board["title"] for board in BOARDS.values()] == ["Binade / Compare runs", "Binade / Run"]


def test_faults_are_found():
    """Breaks each rule of the linter once."""
    def expression(board, old, new):
        board["panels"][2]["targets"][0]["expr"] = board["panels"][2]["targets"][0]["expr"].replace(old, new)

    def graph(board):
        return next(panel for panel in board["panels"] if panel["type"] == "timeseries")

    def steps(board):
        return graph(board)["fieldConfig"]["defaults"]["thresholds"]["steps"]

    breaks = {
        "unknown key": lambda board: board.update(titel="x"),
        "schemaVersion is not of type int": lambda board: board.update(schemaVersion="38"),
        "it is editable": lambda board: board.update(editable=True),
        "two panels with one id": lambda board: board["panels"][1].update(id=3),
        "no current value": lambda board: board["templating"]["list"][2].update(current={}),
        "variable `datasource`": lambda board: board["templating"]["list"][0].update(label="Source"),
        "variable job: allValue": lambda board: board["templating"]["list"][1].update(allValue=".*"),
        "variable instance: refresh": lambda board: board["templating"]["list"][2].update(refresh=1),
        "needs a title": lambda board: graph(board).update(description=""),
        "unit": lambda board: graph(board)["fieldConfig"]["defaults"].update(unit="suffix:steps/s"),
        "no target": lambda board: graph(board).update(targets=[]),
        "another datasource": lambda board: graph(board).update(datasource={"type": "prometheus", "uid": "prometheus"}),
        "thresholds without a base": lambda board: steps(board).pop(0),
        'lacks job=~"$job"': lambda board: expression(board, 'job=~"$job", ', ""),
        'lacks instance=~"$instance"': lambda board: expression(board, "instance=~", "instance="),
        "selects all jobs": lambda board: board["annotations"]["list"][0].update(expr="binade_step"),
        "outside rate": lambda board: board["annotations"]["list"][0].update(
            expr='binade_samples_total{job=~"$job", instance=~"$instance"}'),
        "rate over [5m]": lambda board: board["annotations"]["list"][0].update(
            expr='rate(binade_samples_total{job=~"$job", instance=~"$instance"}[5m])'),
    }
    for fault, break_it in breaks.items():
        board = copy.deepcopy(BOARDS["run.json"])
        break_it(board)
        found = list(faults(board))
        assert any(fault in text for text in found), (fault, found)


def test_thresholds_are_the_alerts():
    coloured = {}
    for board in BOARDS.values():
        for panel in panels(board):
            alert = re.search(r"Coloured where (\w+) begins", panel["description"])
            steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
            assert bool(alert) == bool(steps) or panel["title"] == "Collectors", panel["title"]
            if alert:
                coloured.setdefault(alert[1], set()).add(steps[1]["value"])
    numbers = {"BinadeLossScaleCollapsed": 2, "BinadeOverflowStorm": 0.2, "BinadeLossNonFinite": 3,
               "BinadeGradientUnderflow": 0.05, "BinadeLossScaleAtFloor": 60, "BinadeDeviceMemoryHigh": 0.95,
               "BinadePluginErrors": 0, "BinadeDiskSpaceLow": 1073741824}
    assert coloured == {alert: {number} for alert, number in numbers.items()}, coloured
    for alert, number in numbers.items():
        body = RULES[RULES.index(f"- alert: {alert}\n") :]
        assert re.search(rf"[<>]=? {number}\b", body[: body.index("labels:")]), alert


def test_runs_are_chosen_by_experiment_and_machine():
    for name, board in BOARDS.items():
        listed = {variable["name"]: variable for variable in board["templating"]["list"]}
        asked = {variable: (label, selector) for variable, label, selector in variables(board)}
        for variable in ("run_name", "host"):
            assert asked[variable][0] == variable and variable in asked["run_id"][1], (name, asked)
            assert f'{variable}=~"${variable}"' in asked["run_id"][1], (name, asked)
        assert listed["run_id"]["allValue"] is None, f"{name}: All runs are those that are listed"


def exported():
    """The metrics of the catalogue, as monitoring/README.md prints it; histograms with their three suffixes."""
    names = set()
    for name, kind in re.findall(r"(?m)^\| `(\w+)` \| (\w+) \|", (TREE / "monitoring/README.md").read_text()):
        names |= {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def test_every_metric_named_is_exported():
    rules = re.findall(r"(?s)expr: (.*?)\n(?: {6}- |        \w+:)", RULES)
    recorded = set(re.findall(r"- record: (\S+)", RULES))
    asked = set().union(*(metrics_in(expression) for board in BOARDS.values() for _, expression in queries(board)),
                        *(metrics_in(selector) for board in BOARDS.values() for _, _, selector in variables(board)),
                        *(metrics_in(rule) for rule in rules))
    missing = {re.sub(r"_bucket$", "", name) for name in asked - exported() - recorded - {"up"}}
    assert not missing, missing


def test_start_up_files_fit_together():
    try:
        import yaml
    except ImportError:
        skip("python3-yaml is not installed: `bash tests/run.sh` installs it")
    compose = yaml.safe_load((TREE / "monitoring/compose.yaml").read_text())
    assert compose["services"].keys() == {"prometheus", "grafana"}
    mounts = {}
    for service in compose["services"].values():
        assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", service["image"]), "a fixed version"
        for volume in service["volumes"]:
            here, there = volume.split(":")[:2]
            if here.startswith("."):
                assert (TREE / "monitoring" / here).is_dir(), here
                mounts[there] = TREE / "monitoring" / here
            else:
                assert here in compose["volumes"]
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards/binade.yaml").read_text())["providers"][0]
    assert len(list(mounts[provider["options"]["path"]].glob("*.json"))) == 2
    source = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]
    assert source["uid"] == BOARDS["run.json"]["templating"]["list"][0]["current"]["value"]
    prometheus = compose["services"]["prometheus"]["command"]
    assert f"--web.listen-address={source['url'].removeprefix('http://')}" in prometheus
    config = yaml.safe_load((mounts["/etc/prometheus"] / "prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == config["global"]["scrape_interval"]
    assert config["scrape_configs"][0]["honor_labels"] is True
    assert config["scrape_configs"][0]["job_name"] == "binade", "the alert BinadeExporterDown goes by this name"
    assert "static_configs" not in config["scrape_configs"][0], "an address where no run listens is an alert for ever"


if __name__ == "__main__":
    main(globals())

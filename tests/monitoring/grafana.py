"""Reads Grafana dashboards: their queries, and what is wrong with them by dashboard-linter's rules and by the shapes
that Grafana's own dashboards have."""
import re

UNITS = {"none", "percentunit", "bytes", "s", "cps", "ops", "watt", "celsius"}
METRIC = re.compile(r"\b(?:binade_|process_|run:)[\w:]*|\b(?:up|ALERTS)\b(?=[{\s])")
COUNTER = re.compile(r"_(?:total|sum|count|bucket)$")
PANEL_KEYS = {"id", "type", "title", "description", "datasource", "gridPos", "targets", "fieldConfig", "options",
              "transformations", "repeat", "repeatDirection", "maxPerRow", "collapsed", "panels"}
BOARD_KEYS = {"uid": str, "title": str, "description": str, "tags": list, "editable": bool, "graphTooltip": int,
              "schemaVersion": int, "version": int, "timezone": str, "refresh": str, "time": dict, "timepicker": dict,
              "templating": dict, "annotations": dict, "links": list, "panels": list}
PANEL_TYPES = {"stat", "gauge", "bargauge", "timeseries", "heatmap", "table", "xychart"}


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board):
    """(where, expression) of every panel's targets and every annotation."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"panel {panel['title']} {target['refId']}", target["expr"]
    for note in board["annotations"]["list"]:
        yield f"annotation {note['name']}", note["expr"]


def variables(board):
    """(name, label, selector) of every query variable."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            yield variable["name"], label, selector


def metrics_in(expression):
    return {name[0] for name in METRIC.finditer(re.sub(r'"[^"]*"', '""', expression))}


def selector_faults(where, expression):
    for found in METRIC.finditer(expression):
        rest = expression[found.end() :]
        labels = re.match(r"\{([^}]*)\}(\[[^\]]*\])?", rest)
        if not labels:
            yield f"{where}: {found[0]} selects all jobs"
            continue
        for matcher in ('job=~"$job"', 'instance=~"$instance"'):
            if labels[1].split(", ").count(matcher) != 1:
                yield f"{where}: {found[0]} lacks {matcher}"
        call = re.search(r"(\w+)\($", expression[: found.start()])
        function = call[1] if call else ""
        if COUNTER.search(found[0]) and function not in ("rate", "irate", "increase"):
            yield f"{where}: counter {found[0]} outside rate and increase"
        if function in ("rate", "irate") and labels[2] != "[$__rate_interval]":
            yield f"{where}: {function} over {labels[2]}"


def panel_faults(panel):
    where = f"panel {panel.get('title')}"
    for key in panel.keys() - PANEL_KEYS:
        yield f"{where}: unknown key {key}"
    if panel["type"] not in PANEL_TYPES:
        yield f"{where}: unknown type {panel['type']}"
    if not panel.get("title") or not panel.get("description"):
        yield f"{where}: needs a title and a description"
    if panel["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
        yield f"{where}: another datasource"
    if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
        yield f"{where}: unit {panel['fieldConfig']['defaults'].get('unit')}"
    if not panel.get("targets"):
        yield f"{where}: no target"
    place = panel["gridPos"]
    if place.keys() != {"x", "y", "w", "h"} or place["x"] + place["w"] > 24:
        yield f"{where}: place {place}"
    thresholds = panel["fieldConfig"]["defaults"].get("thresholds")
    if thresholds and (thresholds["mode"] != "absolute" or thresholds["steps"][0]["value"] is not None):
        yield f"{where}: thresholds without a base"


def variable_faults(board):
    listed = {variable["name"]: variable for variable in board["templating"]["list"]}
    source = listed.get("datasource", {})
    if (source.get("type"), source.get("query"), source.get("label")) != ("datasource", "prometheus", "Data source"):
        yield "the variable `datasource`"
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = listed.get(name, {})
        wanted = {"type": "query", "label": label, "multi": True, "allValue": ".+", "refresh": 2,
                  "datasource": {"type": "prometheus", "uid": "$datasource"}}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"variable {name}: {key} is {variable.get(key)}"
    for name, variable in listed.items():
        if not variable.get("current"):
            yield f"variable {name}: no current value"


def faults(board):
    for key, kind in BOARD_KEYS.items():
        if not isinstance(board.get(key), kind):
            yield f"{key} is not of type {kind.__name__}"
    for key in board.keys() - BOARD_KEYS.keys():
        yield f"unknown key {key}"
    if board.get("editable") is not False:
        yield "it is editable"
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels with one id"
    yield from variable_faults(board)
    for panel in panels(board):
        yield from panel_faults(panel)
        known = {"datasource", "refId", "instant", "range", "expr", "legendFormat", "format"}
        for target in panel["targets"]:
            if target.keys() - known or not target.get("expr"):
                yield f"panel {panel['title']}: target {target}"
    for where, expression in queries(board):
        yield from selector_faults(where, expression)

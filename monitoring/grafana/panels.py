"""The building blocks of dashboards.py: panels, targets, variables, annotations."""
import pathlib
import re

RULES = (pathlib.Path(__file__).parents[1] / "prometheus/binade.rules.yml").read_text()
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RUNS = 'job=~"$job", instance=~"$instance", run_id=~"$run_id"'
REF_IDS = "ABCDEFGH"


def sel(metric, labels=""):
    """Selects a metric of the selected runs."""
    return f"{metric}{{{RUNS}{', ' + labels if labels else ''}}}"


def alert_threshold(alert):
    """The first number in a comparison of the alert's expression, used as the panel's threshold."""
    body = RULES[RULES.index(f"- alert: {alert}\n") :]
    return float(re.search(r"expr:.*?[<>]=? ([\d.]+)", body, re.S)[1])


def steps(alert, above=True, color="red"):
    """A single threshold, the alert's."""
    value = alert_threshold(alert)
    colors = ("green", color) if above else (color, "green")
    return {"mode": "absolute", "steps": [{"color": colors[0], "value": None}, {"color": colors[1], "value": value}]}


def target(expression, legend="", **more):
    return {"expr": expression, "legendFormat": legend or "{{run_id}}", **more}


def targets(items, instant):
    listed = [items] if isinstance(items, dict) else items
    return [
        {"datasource": DATASOURCE, "refId": ref, "instant": instant, "range": not instant, **item}
        for ref, item in zip(REF_IDS, listed)
    ]


def panel(kind, title, description, items, unit, *, width=8, height=8, thresholds=None, options=None, custom=None,
          instant=False, alert=None, **defaults):
    """One panel. `alert` names the alert whose threshold the panel uses."""
    if alert:
        description += f" Coloured where {alert} begins: see monitoring/README.md#{alert.lower()}."
    defaults = {"unit": unit, **({"custom": custom} if custom else {}), **defaults}
    if thresholds:
        defaults["thresholds"] = thresholds
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "targets": targets(items, instant),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options or {},
    }


def stat(title, description, items, unit, *, width=3, height=4, text_mode="value", **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "textMode": text_mode,
               "colorMode": "value" if "thresholds" in more else "none", "graphMode": "none", "justifyMode": "center",
               "orientation": "auto"}
    return panel("stat", title, description, items, unit, width=width, height=height, options=options, instant=True,
                 **more)


def graph(title, description, items, unit, *, scale="linear", stacked=False, fill=0, points=False, **more):
    distribution = {"type": "linear"} if scale == "linear" else {"type": "log", "log": scale}
    custom = {"drawStyle": "points" if points else "line", "lineWidth": 2, "fillOpacity": fill, "showPoints": "never",
              "spanNulls": False, "scaleDistribution": distribution,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
              "thresholdsStyle": {"mode": "line" if "thresholds" in more else "off"}}
    if points:
        custom |= {"showPoints": "always", "pointSize": 5}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, items, unit, custom=custom, options=options, **more)


def heatmap(title, description, expression, unit, **more):
    options = {"calculate": False, "yAxis": {"unit": unit}, "cellGap": 1, "legend": {"show": True},
               "color": {"mode": "scheme", "scheme": "Viridis", "steps": 64}}
    return panel("heatmap", title, description, target(expression, "{{le}}", format="heatmap"), unit, options=options,
                 **more)


def table(title, description, items, *, hidden=(), renamed=None, width=24, height=6, **more):
    drawn = panel("table", title, description, items, "none", width=width, height=height, instant=True,
                  options={"showHeader": True, "cellHeight": "sm"}, **more)
    for item in drawn["targets"]:
        item["format"] = "table"
    drawn["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {name: True for name in ("Time", *hidden)},
                                       "renameByName": renamed or {}}},
    ]
    return drawn


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "gridPos": {"w": 24, "h": 1}, "panels": []}


def laid_out(panels):
    """Numbers the panels and places them from left to right and top to bottom."""
    x = y = line = 0
    for number, one in enumerate(panels, 1):
        place = one["gridPos"]
        if x + place["w"] > 24:
            x, y, line = 0, y + line, 0
        one["id"] = number
        one["gridPos"] = {"x": x, "y": y, **place}
        x, line = x + place["w"], max(line, place["h"])
    return panels


def query_variable(name, label, query, **more):
    return {"name": name, "label": label, "type": "query", "datasource": {"type": "prometheus", "uid": "$datasource"},
            "query": {"query": query, "refId": f"Variable-{name}"}, "definition": query, "refresh": 2, "sort": 2,
            "multi": True, "includeAll": True, "allValue": ".+", "hide": 0, "skipUrlSync": False, "options": [],
            "regex": "", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, **more}


def annotation(name, color, expression, title, **more):
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color,
            "expr": expression, "titleFormat": title, "textFormat": "{{run_id}}", "step": "", **more}


def dashboard(uid, title, description, panels, variables, annotations, links):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["binade"],
        "editable": False,
        "graphTooltip": 1,
        "schemaVersion": 38,
        "version": 1,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timepicker": {},
        "templating": {"list": variables},
        "annotations": {"list": annotations},
        "links": links,
        "panels": laid_out(panels),
    }

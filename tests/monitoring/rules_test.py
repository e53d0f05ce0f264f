#!/usr/bin/env python3
"""Runs the alerts' own tests, and tests these: they must fail when any number in a rule is changed."""
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import TREE, main, prometheus_tool, skip  # noqa: E402

FOLDER = TREE / "monitoring/prometheus"
RULES = FOLDER / "binade.rules.yml"
TESTS = sorted(FOLDER.glob("*.tests.yml"))


def promtool(*arguments):
    done = subprocess.run([prometheus_tool("promtool"), *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def alerts(text):
    """Each alert's part of the rule file, by its name."""
    parts = re.split(r"(?m)^ +- alert: (\w+)\n", text)
    return dict(zip(parts[1::2], parts[2::2]))


def test_rules_pass_their_tests():
    assert promtool("check", "rules", RULES)[0] == 0
    assert len(TESTS) == 2, TESTS
    for tests in TESTS:
        code, output = promtool("test", "rules", tests)
        assert code == 0, output


def test_each_alert_has_a_case_in_which_it_fires():
    text = (FOLDER / "binade.tests.yml").read_text()
    for name in alerts(RULES.read_text()):
        assert re.search(rf"- alertname: {name}[ \n].*?exp_alerts:\n +- exp_labels", text, re.S), name


def test_each_alert_has_its_section_in_the_readme():
    readme = (TREE / "monitoring/README.md").read_text()
    for name, body in alerts(RULES.read_text()).items():
        assert f"runbook_url: monitoring/README.md#{name.lower()}\n" in body, name
        section = re.search(rf"(?m)^### {name}\n((?:(?!^#).*\n?)+)", readme)
        assert section, f"monitoring/README.md has no section ### {name}"
        assert len(section[1].split()) >= 30, f"{name}: says too little"


def test_each_alert_says_which_run_it_is_of():
    which = "{{ $labels.run_id }}{{ with $labels.host }} ({{ $labels.run_name }} on {{ . }}){{ end }}"
    for name, body in alerts(RULES.read_text()).items():
        assert which in body, name


def halved_and_more(number):
    value = float(number)
    return [f"{value * 1.5:g}", f"{value * 0.5:g}"] if value else ["-1"]


def mutations(text):
    """(what changed, the changed rule file), for each threshold, factor, state and waiting time of each alert."""
    for name, body in alerts(text).items():
        start = text.index(body, text.index(f"- alert: {name}\n"))
        expression = re.search(r"(?s)expr: (.*?)\n        (?:for|labels):", body)
        numbers = list(re.finditer(r"(?<=[<>=*] )(?:\d+\.)?\d+", body[: expression.end()]))
        assert numbers, f"no threshold was found in {name}"
        for number in numbers:
            for other in halved_and_more(number[0]):
                changed = body[: number.start()] + other + body[number.end() :]
                yield f"{name}: {number[0]} -> {other}", text[:start] + changed + text[start + len(body) :]
        for condition in re.finditer(r"\n +and on .*", expression[0]):
            changed = body.replace(condition[0], "")
            yield f"{name}: without{condition[0].strip()[3:]}", text[:start] + changed + text[start + len(body) :]
        wait = re.search(r"for: (\d+)m\n", body)
        for other in [f"{int(wait[1]) * 30}s", f"{int(wait[1]) * 90}s"] if wait else []:
            changed = body.replace(wait[0], f"for: {other}\n")
            yield f"{name}: for {wait[1]}m -> {other}", text[:start] + changed + text[start + len(body) :]


def own_case(name):
    """Only the alert's own case, which detects most changes and takes a tenth of the time."""
    text = (FOLDER / "binade.tests.yml").read_text()
    head, case = text[: text.index("  - name:")], re.search(rf"(?m)^  - name: {name}\n(?:(?!  - name:).*\n)*", text)
    return head + case[0]


def test_each_changed_threshold_is_noticed():
    changed = list(mutations(RULES.read_text()))
    assert len(changed) > 80, len(changed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for tests in TESTS:
            (folder / tests.name).write_text(tests.read_text())
        unnoticed = []
        for what, text in changed:
            (folder / RULES.name).write_text(text)
            (folder / "own.yml").write_text(own_case(what.split(":")[0]))
            files = [folder / "own.yml"] + [folder / tests.name for tests in TESTS]
            outcomes = (promtool("test", "rules", file) for file in files)
            failed = next((output for code, output in outcomes if code != 0), None)
            if failed is None:
                unnoticed.append(what)
            assert failed is None or "exp" in failed, f"{what}: {failed}"  # and not for a rule that cannot be read
    assert not unnoticed, unnoticed
    print(f"{len(changed)} changed thresholds, all noticed")


if __name__ == "__main__":
    if prometheus_tool("promtool") is None:
        skip("promtool was not found: `bash tests/run.sh` fetches it")
    main(globals())

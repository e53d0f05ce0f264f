#!/usr/bin/env python3
"""A plugin's own metrics, from its manifest to the scrape of a real run."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import main, prometheus_tool, skip  # noqa: E402
from live import BUILD, EXPERIMENT, Run, until, workspace  # noqa: E402

COUNTING = EXPERIMENT.replace('"csv"\npath = "points.csv"', '"counting"')
COUNTING = COUNTING.replace("[train]", "[train]\nevaluate_every = 50")


def test_a_plugin_counts_what_it_declares_and_nothing_else():
    with workspace() as folder, Run(folder, experiment=COUNTING) as run:
        run.trains()
        until(lambda: run.value('binade_plugin_counting_reads_total{split="validation"') > 0, "an evaluation")
        until(lambda: run.value('binade_plugin_counting_reads_total{split="train"') > 1000, "samples")
        text = run.metrics()
        assert "# HELP binade_plugin_counting_reads_total Samples read.\n" in text
        assert "# TYPE binade_plugin_counting_position histogram\n" in text
        assert 'le="0.5"}' in text and "undeclared" not in text
        assert run.value('binade_plugin_metrics_rejected_total{plugin="counting"') == 8, "each misuse of counting.cpp"
        assert run.value('binade_plugin_calls_total{plugin="counting",call="read"') > 10
        assert run.value('binade_plugin_call_seconds_total{plugin="counting",call="read"') > 0
        promtool = prometheus_tool("promtool") or skip("promtool was not found: `bash tests/run.sh` fetches it")
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True,
                                 check=False)
        assert checked.returncode == 0 and not checked.stderr, checked.stderr


def test_a_plugins_metrics_are_described():
    described = subprocess.run([BUILD / "bin/binade", "plugins", "describe", "counting"], capture_output=True,
                               env={"BINADE_PLUGIN_PATH": str(BUILD / "tests/fixtures")}, text=True, check=True).stdout
    assert "metric reads" in described and "counter, split: train validation" in described, described


if __name__ == "__main__":
    main(globals())

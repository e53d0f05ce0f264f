#!/usr/bin/env python3
"""Imports a run's history from metrics.jsonl into Prometheus with promtool: every step can be queried."""
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import main, prometheus_tool, skip  # noqa: E402
from live import BUILD, Prometheus, Run, until, workspace  # noqa: E402

STEPS = 3000
SETTINGS = [f"train.steps={STEPS}", "train.evaluate_every=1000", "precision.plugin=fp16", "precision.cpu=allow",
            "precision.growth_interval=100"]


def export(*arguments):
    return subprocess.run([BUILD / "bin/binade", "export", "openmetrics", *map(str, arguments)], capture_output=True,
                          text=True, check=False)


def test_every_step_can_be_asked_for():
    promtool = prometheus_tool("promtool") or skip("promtool was not found: `bash tests/run.sh` fetches it")
    with workspace() as folder, Run(folder, *SETTINGS) as run:
        assert run.wait() == 0, run.output()
        done = export(run.directory(), "--output", folder / "history.om")
        assert done.returncode == 0, done.stderr
        assert f"{STEPS} steps and 3 evaluations," in done.stderr, done.stderr
        assert "less than 3 hours old" in done.stderr, done.stderr
        data = folder / "prometheus/data"
        with Prometheus(folder, "") as server:  # makes its folder
            pass
        subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", folder / "history.om", data],
                       check=True, capture_output=True)
        with server.again():
            def samples(selector):
                # Each step gets its own millisecond, so shorter steps are dated later than they happened.
                found = server.query(f"{selector}[1d]", time=time.time() + 60)
                return [float(value) for _, value in found[0]["values"]] if found else []

            lines = [json.loads(line) for line in (run.directory() / "metrics.jsonl").read_text().splitlines()]
            steps = [line for line in lines if line["split"] == "train"]
            train = f'{{run_id="{run.run_id()}", split="train"}}'
            until(lambda: samples("binade_history_step" + train), "the blocks")
            assert samples("binade_history_step" + train) == list(range(1, STEPS + 1))
            assert samples("binade_history_loss" + train) == [step["loss"] for step in steps]
            assert samples("binade_history_amp_loss_scale" + train) == [step["loss_scale"] for step in steps]
            assert samples("binade_history_step_skipped" + train) == [float(step["skipped"]) for step in steps]
            validation = [line["loss"] for line in lines if line["split"] == "validation"]
            assert samples('binade_history_loss{split="validation"}') == validation and len(validation) == 3
            print(f"{STEPS} steps, all queryable")


def test_what_is_no_run_is_refused():
    with workspace() as folder:
        done = export(folder)
        assert done.returncode == 2 and "metrics.jsonl" in done.stderr, done
        (folder / "metrics.jsonl").write_text('{"step":1,"split":"train","time":1}\nnonsense\n{}\n')
        done = export(folder)
        assert done.returncode == 4 and "metrics.jsonl:2" in done.stderr, done


def test_a_line_that_a_crash_cut_short_is_passed_over():
    with workspace() as folder:
        (folder / "metrics.jsonl").write_text(
            '{"step":1,"split":"train","loss":null,"time":1700000000.0004,"scalars":{"a\\"b":2}}\n'
            '{"step":2,"split":"train","loss":0.5,"time":1700000000.0004}\n{"step":3,"spl')
        done = export(folder)
        assert done.returncode == 0, done.stderr
        labels = f'run_id="{folder.name}",split="train"'
        assert f"binade_history_step{{{labels}}} 1 1700000000.000\n" in done.stdout, done.stdout
        assert f"binade_history_step{{{labels}}} 2 1700000000.001\n" in done.stdout, "a millisecond later"
        assert done.stdout.count("binade_history_loss{") == 1, "what was not measured is left out"
        assert 'name="a\\"b"} 2 1700000000.000\n' in done.stdout
        assert done.stdout.endswith("# EOF\n") and "less than 3 hours old" not in done.stderr


def test_nan_and_infinities_are_told_apart():
    with workspace() as folder:
        (folder / "metrics.jsonl").write_text(
            '{"step":1,"split":"train","loss":null,"grad_norm":null,"accuracy":null,"scalars":{"kl":null},'
            '"nonfinite":{"loss":"inf","grad_norm":"nan","scalars.kl":"-inf"},"time":1700000000}\n')
        done = export(folder)
        assert done.returncode == 0, done.stderr
        labels = f'run_id="{folder.name}",split="train"'
        assert f"binade_history_loss{{{labels}}} +Inf 1700000000.000\n" in done.stdout, done.stdout
        assert f'binade_history_gradient_norm{{{labels},stage="unscaled"}} NaN 1700000000.000\n' in done.stdout
        assert f'binade_history_model_scalar{{{labels},name="kl"}} -Inf 1700000000.000\n' in done.stdout
        assert "binade_history_accuracy_ratio{" not in done.stdout, "it was not measured"


if __name__ == "__main__":
    main(globals())

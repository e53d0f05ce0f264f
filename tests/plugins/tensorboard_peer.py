# Reads the event files of a real run with TensorBoard itself, and compares them with the run's metrics.jsonl.
#
#     python3 -m venv VENV && VENV/bin/pip install tensorboard
#     BINADE_PEER_PYTHON=VENV/bin/python python3 tests/plugins/tensorboard_peer.py build/bin/binade
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

from peer_python import use_the_peers_python

EXPERIMENT = """
[experiment]
name = "peer"
[model]
plugin = "mlp"
[dataset]
plugin = "synthetic"
samples = 500
[precision]
plugin = "fp16"
cpu = "allow"
init_scale = 4294967296.0       # too large: the first steps are skipped
[optimizer]
name = "adamw"
[train]
steps = 60
batch_size = 16
evaluate_every = 20
threads = 1
[[logger]]
plugin = "tensorboard"
folder = "tb"
"""
NAMES = {"lr": "lr", "grad_norm": "grad_norm", "amp/loss_scale": "loss_scale", "amp/skipped_steps": "skipped_steps"}


def run(binade, folder):
    (folder / "peer.toml").write_text(EXPERIMENT)
    subprocess.run([binade, "run", folder / "peer.toml", "--runs", folder / "runs"], check=True,
                   stdout=subprocess.DEVNULL)
    (directory,) = (folder / "runs" / "peer").iterdir()
    return directory


def read_events(folder):
    from tensorboard.backend.event_processing import event_accumulator, event_file_loader
    for file in folder.iterdir():  # raises at the first wrong CRC; the accumulator below would stop there in silence
        assert list(event_file_loader.RawEventFileLoader(str(file)).Load()), file
    events = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: {e.step: e for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}


def as_written(value):
    return math.nan if value is None else float(value)


def same(seen, wanted):
    if not math.isfinite(wanted):
        return not math.isfinite(seen)
    return abs(seen - wanted) <= 1e-6 * abs(wanted)  # single precision


def compare(scalars, rows):
    count = 0
    for row in rows:
        split = row["split"]
        wanted = {f"loss/{split}": row["loss"], f"accuracy/{split}": row["accuracy"]}
        if split == "train":
            wanted |= {tag: row[name] for tag, name in NAMES.items()}
        for tag, value in wanted.items():
            event = scalars[tag][row["step"]]
            assert same(event.value, as_written(value)), (tag, row["step"], event.value, value)
            assert abs(event.wall_time - row["time"]) < 5, (tag, row["step"])
            count += 1
    assert count == sum(len(steps) for steps in scalars.values()), "TensorBoard has values that metrics.jsonl has not"
    return count


def main():
    use_the_peers_python("tensorboard")
    binade = sys.argv[1]
    try:
        import tensorboard
    except ImportError:
        sys.exit(f"BINADE_PEER_PYTHON={sys.executable} has no package tensorboard: install it with pip")
    with tempfile.TemporaryDirectory() as folder:
        directory = run(binade, Path(folder))
        rows = [json.loads(line) for line in (directory / "metrics.jsonl").open()]
        assert any(row.get("skipped") for row in rows), "no step was skipped: the peer should see some"
        count = compare(read_events(directory / "tb"), rows)
        print(f"TensorBoard {tensorboard.__version__} reads {count} values as metrics.jsonl has them")


main()

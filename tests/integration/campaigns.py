# Campaigns over whole runs: many cases of what tests/integration/resume_test.cpp shows once. As in
# tests/support/campaign.h, BINADE_CAMPAIGNS names the folder in which finished cases are kept, one a line, so that an
# interrupted campaign resumes, and BINADE_CAMPAIGN_SECONDS limits one call. Cases of another build do not count.
#
#     BINADE_CAMPAIGNS=build/campaigns python3 tests/integration/campaigns.py resume build/bin/binade --cases 1200
#
#   resume  a run that is resumed at step k, in a new process, ends exactly as the uninterrupted run: k in 1..200, three
#           seeds, one thread and two. Each fifth step ends an epoch, and is a short one.
#   kill    kill -9 at random instants: every checkpoint can be read, none is older than one seen before, and the run
#           ends as the uninterrupted run
#   soak    a long run in one process: memory, threads and descriptors do not grow (--cases: steps)
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = 200
EXPERIMENT = """
[experiment]
name = "{name}"
seed = {seed}
[model]
plugin = "mlp"
units = 8
dropout = 0.3
[dataset]
plugin = "augmented"
samples = 200
noise = 0.2
[precision]
plugin = "fp32"
[schedule]
name = "cosine"
warmup_steps = 15
[train]
steps = {steps}
batch_size = {batch_size}
accumulate = {accumulate}
device = "cpu"
threads = {threads}
ema_decay = 0.9
evaluate_every = {evaluate_every}
[checkpoint]
every_steps = {every_steps}
every_minutes = 0
keep = {keep}
[metrics]
enabled = false
sample_gradients_every = 50
"""
BEST = "best.safetensors"
UNLIKE = ("seconds", "phases", "time")  # between any two runs


def require(condition, *what):
    if not condition:
        print("FAILED:", *what, flush=True)
        sys.exit(1)


# The cases that are done, by their key.
class Record:
    def __init__(self, folder, campaign, binade):
        self.end = time.monotonic() + float(os.environ.get("BINADE_CAMPAIGN_SECONDS") or "inf")
        build = hashlib.sha256()
        libraries = sorted((binade.parent.parent / "lib").rglob("*.so"))
        for file in [binade, *libraries]:
            build.update(hashlib.sha256(file.read_bytes()).digest())
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{campaign}-{build.hexdigest()[:12]}.jsonl"
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.done = {line["case"]: line for line in map(json.loads, lines)}

    def add(self, case, **facts):
        self.done[case] = {"case": case, **facts}
        with self.path.open("a") as file:
            file.write(json.dumps(self.done[case]) + "\n")

    def is_over(self, cases):
        return len(self.done) >= cases or time.monotonic() >= self.end


class Binade:
    def __init__(self, executable, folder):
        self.executable, self.folder = executable, folder
        self.fixtures = executable.parent.parent / "tests" / "fixtures"

    def experiment(self, name, **keys):
        defaults = {"seed": 1, "steps": STEPS, "threads": 1, "evaluate_every": 7, "every_steps": 0, "keep": 2}
        defaults |= {"batch_size": 16, "accumulate": 1}
        file = self.folder / f"{name}.toml"
        file.write_text(EXPERIMENT.format(name=name, **{**defaults, **keys}))
        return file

    def start(self, *words, **environment):
        command = [str(self.executable), *map(str, words)]
        variables = {**os.environ, "BINADE_PLUGIN_PATH": str(self.fixtures), **environment}
        return subprocess.Popen(
            command, cwd=self.folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words, **environment):
        process = self.start(*words, **environment)
        _, err = process.communicate()
        require(process.returncode == 0, words, "ended with", process.returncode, err)
        return err

    # The only run of that name.
    def directory(self, name):
        return next((self.folder / "runs" / name).iterdir())


def summary_of(run):
    return json.loads((run / "summary.json").read_text())


def lines_of(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").open()]
    return [{key: value for key, value in line.items() if key not in UNLIKE} for line in lines]


def compare(straight, other, case):
    one, two = summary_of(straight), summary_of(other)
    for key in ("steps", "parameters_sha256", "samples_hash", "final_loss", "best_validation_loss", "epochs"):
        if key == "epochs":
            for epoch in one[key] + two[key]:
                epoch.pop("seconds", None)
        require(one[key] == two[key], case, key, one[key], two[key])
    require(lines_of(straight) == lines_of(other), case, "lines of metrics.jsonl differ")
    average = "average.safetensors"
    require((straight / average).read_bytes() == (other / average).read_bytes(), case, "the averages differ")


# A run, and the same one with a checkpoint at every step. The second waits `pace` microseconds at each sample, so that
# each checkpoint is written before the next one is due.
class Source:
    def __init__(self, binade, seed, threads):
        self.binade, self.keys = binade, {"seed": seed, "threads": threads}
        self.in_short_groups = {"batch_size": 9, "accumulate": 4}  # 160 samples: steps of 4, 4, 4, 4 and 2 batches
        self.straight = self.run("straight")
        self.pace = 600
        self.with_checkpoints = self.slow_run()

    def run(self, kind, pace=0, **more):
        name = f"{kind}-{self.keys['seed']}-{self.keys['threads']}"
        experiment = self.binade.experiment(name, **self.keys, **self.in_short_groups, **more)
        self.binade.run("run", experiment, BINADE_PACE=str(pace))
        return self.binade.directory(name)

    def slow_run(self):
        return self.run(f"source-{self.pace}", self.pace, every_steps=1, keep=1000)

    # On a slow disk the pace is not enough at first.
    def checkpoint(self, step):
        while not (folder := self.with_checkpoints / "checkpoints" / f"step-{step:08d}").exists():
            self.pace *= 2
            require(self.pace < 100_000, "no checkpoint of step", step, "in", self.with_checkpoints)
            self.with_checkpoints = self.slow_run()
        return folder


# Each case: a copy of a run's directory that has the one checkpoint of step k, as if it had been killed there.
def resume_campaign(binade, record, cases):
    # Any few cases that are next to each other have different steps as well as different sources. First: before the short
    # step that ends an epoch, and behind it.
    steps = [4, 5] + [k for k in spread(STEPS) if k not in (4, 5)]
    kinds = [(seed, threads) for seed in (1, 2, 3) for threads in (1, 2)]
    grid = [(*kind, steps[(i + j) % STEPS]) for i in range(STEPS) for j, kind in enumerate(kinds)]
    sources = {}
    for seed, threads, k in grid[:cases]:
        case = f"seed {seed}, {threads} threads, step {k}"
        if case in record.done:
            continue
        if record.is_over(cases):
            break
        if (seed, threads) not in sources:
            sources[seed, threads] = Source(binade, seed, threads)
        source = sources[seed, threads]
        checkpoint = source.checkpoint(k)
        run = source.with_checkpoints
        copy = binade.folder / "copy" / run.name
        (copy / "checkpoints").mkdir(parents=True)
        for file in ("experiment.toml", "experiment.lock", "metrics.jsonl"):
            shutil.copy(run / file, copy)
        shutil.copytree(checkpoint, copy / "checkpoints" / checkpoint.name)
        err = binade.run("resume", copy, "--set", "checkpoint.every_steps=0")
        require(f"resumed at step {k}: exact" in err, case, err)
        compare(source.straight, copy, case)
        shutil.rmtree(binade.folder / "copy")
        record.add(case)
    return f"{len(record.done)} resumed runs ended exactly as the uninterrupted ones"


# 1..n, each prefix of it evenly spread.
def spread(n):
    order, taken = [], set()
    for parts in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        for i in range(parts + 1):
            k = max(1, round(n * i / parts))
            if k not in taken:
                taken.add(k)
                order.append(k)
    return order + [k for k in range(1, n + 1) if k not in taken]


def checkpoints_of(run):
    steps = [re.fullmatch(r"step-(\d+)", entry.name) for entry in (run / "checkpoints").glob("*")]
    return sorted(int(step.group(1)) for step in steps if step)


# As any other program would check it.
def verify(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    require(len(manifest["files"]) >= 3, folder, "lists", manifest["files"])
    for name, file in manifest["files"].items():
        data = (folder / name).read_bytes()
        require(len(data) == file["bytes"], folder, name, "has another size")
        require(hashlib.sha256(data).hexdigest() == file["sha256"], folder, name, "has another hash")


def newest(run):
    steps = checkpoints_of(run) if (run / "checkpoints").exists() else []
    return steps[-1] if steps else 0


def kill_campaign(binade, record, cases):
    seed = random.SystemRandom().randrange(1 << 30)
    instants = random.Random(seed)
    keys = {"steps": 400, "every_steps": 1}
    straight = None
    number = 0
    while not record.is_over(cases):
        number += 1
        if straight is None:
            binade.run("run", binade.experiment("straight", **{**keys, "every_steps": 0}))
            straight = binade.directory("straight")
        name = f"killed-{number}"
        file = binade.experiment(name, **keys)
        run, ended = None, False
        while not ended:
            before = newest(run) if run else 0
            if record.is_over(cases):
                binade.run("run", file, "--resume", "auto")
                run = run or binade.directory(name)
                break
            process = binade.start("run", file, "--resume", "auto")
            # One in four: at any instant of its start. The others: soon after it has written something.
            starting = instants.random() < 0.25
            until = time.monotonic() + (instants.uniform(0, 1) if starting else 3600)
            seen = before
            while process.poll() is None and time.monotonic() < until:
                run = run or next(iter((binade.folder / "runs" / name).glob("*")), None)
                now = newest(run) if run else 0
                if seen == before < now and not starting:
                    until = time.monotonic() + instants.uniform(0, 0.05)
                seen = max(seen, now)
            process.send_signal(signal.SIGKILL)
            _, err = process.communicate()
            require(process.returncode in (0, -signal.SIGKILL), "seed", seed, process.returncode, err)
            run = run or next(iter((binade.folder / "runs" / name).glob("*")), None)
            # The kill may come when all is written, but before the process has ended.
            ended = run is not None and (run / "summary.json").exists() and summary_of(run)["state"] == "finished"
            for step in checkpoints_of(run) if run and (run / "checkpoints").exists() else []:
                verify(run / "checkpoints" / f"step-{step:08d}")
            now = newest(run) if run else 0
            require(now >= seen, "seed", seed, f"a checkpoint of step {seen} was there, and now the newest is of {now}")
            there = sorted(str(path) for path in (binade.folder / "runs" / name).glob("*/checkpoints/*"))
            said = before == 0 or f"resumed at step {before}: exact" in err or not err
            require(said, "seed", seed, f"step {before} was there", run, there, err)
            if not ended:
                record.add(f"kill {len(record.done)}", seed=seed, step=now, starting=starting)
            # A run that was killed before its first checkpoint cannot be resumed: another one begins.
            if run and now == 0:
                shutil.rmtree(run)
                run = None
        if process.returncode == -signal.SIGKILL:
            binade.run("resume", run)  # killed when all was done: the next process tidies up
        compare(straight, run, f"seed {seed}")
        require((straight / BEST).read_bytes() == (run / BEST).read_bytes(), "seed", seed, "the best weights differ")
        left = sorted(path.name for path in run.iterdir() if path.name.endswith(".tmp") or path.name.startswith("best-"))
        require(not left, "seed", seed, run, "still has", left)
        shutil.rmtree(run)
    return (
        f"{len(record.done)} kills: every checkpoint could be read, none was older than one seen before; "
        f"the resumed runs ended exactly as the uninterrupted one"
    )


def slope(points):
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def soak_campaign(binade, record, steps):
    case = f"{steps} steps"
    if case not in record.done:
        file = binade.experiment("soak", steps=steps, evaluate_every=steps // 20, every_steps=steps // 50)
        process = binade.start("run", file)
        points, threads, files = [], set(), set()
        while process.poll() is None:
            time.sleep(max(0.02, min(1.0, steps / 1e6)))
            run = next(iter((binade.folder / "runs" / "soak").glob("*")), None)
            sample = look_at(process.pid, run)
            if sample is None or sample[0] < steps // 5 or sample[0] > steps - steps // 50:
                continue  # warming up, or ending
            points.append(sample[:2])
            threads.add(sample[2])
            files.add(sample[3])
        require(process.returncode == 0, process.stderr.read())
        require(len(points) >= 10, "only", len(points), "looks at", steps, "steps")
        grown = slope(points) * 1000
        # A checkpoint is written by a thread of its own, to one file at a time.
        require(max(threads) - min(threads) <= 1 and max(files) - min(files) <= 2, case, threads, files)
        # Of a short run less can be told: a few pages come late, and the first 1,000 epochs are kept.
        limit = 1024.0 if steps >= 500_000 else (1 << 20) * 1000 / steps
        require(grown < limit, case, f"memory grows by {grown:.0f} bytes per 1,000 steps, {limit:.0f} are allowed")
        record.add(case, bytes_per_1000_steps=grown, looks=len(points), threads=sorted(threads), files=sorted(files))
    facts = record.done[case]
    return f"{case}: {facts['bytes_per_1000_steps']:.0f} bytes per 1,000 steps, threads {facts['threads']}, files {facts['files']}"


# Step, resident bytes, threads, open files of the process now.
def look_at(process, run):
    try:
        with (run / "metrics.jsonl").open("rb") as lines:
            lines.seek(max(0, os.path.getsize(run / "metrics.jsonl") - 65536))
            found = re.findall(rb'"step":(\d+),"split":"train"', lines.read())
        of = Path(f"/proc/{process}")
        resident = int((of / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        threads, files = len(list((of / "task").iterdir())), len(list((of / "fd").iterdir()))
        return (int(found[-1]), resident, threads, files) if found else None
    except (OSError, AttributeError, TypeError):
        return None  # not begun, or ended meanwhile


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("campaign", choices=["resume", "kill", "soak"])
    parser.add_argument("binade", type=Path)
    parser.add_argument("--cases", type=int, required=True)
    arguments = parser.parse_args()
    run = {"resume": resume_campaign, "kill": kill_campaign, "soak": soak_campaign}[arguments.campaign]
    with tempfile.TemporaryDirectory() as folder:
        executable = arguments.binade.resolve()
        kept = os.environ.get("BINADE_CAMPAIGNS")  # as in tests/support/campaign.h
        record = Record(Path(kept) if kept else Path(folder) / "record", arguments.campaign, executable)
        print(run(Binade(executable, Path(folder)), record, arguments.cases))


main()

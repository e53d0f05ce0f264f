#!/usr/bin/env bash
# slurm.sh TREE BINADE: experiments/slurm.sbatch under a stand-in for Slurm: each turn gets SIGTERM, until one is left
# to finish. The run of all turns must be the run without them.
set -euo pipefail
tree=$1 binade=$2
folder=$(mktemp -d)
job=
trap '[[ -z $job ]] || kill -KILL "$job" 2>/dev/null || true; rm -rf -- "$folder"' EXIT
cd "$folder"

mkdir bin
cat > bin/scontrol <<'SCONTROL'
#!/bin/bash
[[ $1 == requeue && $2 == 4711 ]] && touch "$REQUEUED"
SCONTROL
chmod +x bin/scontrol
export PATH=$folder/bin:$PATH BINADE=$binade SLURM_JOB_ID=4711 REQUEUED=$folder/requeued

cat > job.toml <<'TOML'
[model]
plugin = "mlp"
dropout = 0.3
[dataset]
plugin = "synthetic"
[precision]
plugin = "fp32"
[train]
steps = 3000
device = "cpu"
threads = 1
[metrics]
enabled = false
TOML

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  tail -n 40 log-* >&2
  exit 1
}
steps_done() { cat runs/job/*/metrics.jsonl 2>/dev/null | grep -c '"split":"train"' || true; }

# Signals at any instant of a start: nothing is lost, and the job is queued again.
for delay in 0 0 0.02 0.05 0.1 0.2 0.4; do
  rm -f -- "$REQUEUED"
  bash -x "$tree/experiments/slurm.sbatch" job.toml --set experiment.name=start --set train.steps=100000000 > log-start 2>&1 &
  job=$!
  until grep -qF -- ' run job.toml' log-start; do # traced behind the trap: the script listens, and forks
    kill -0 "$job" 2>/dev/null || fail "a start ended by itself"
  done
  sleep "$delay"
  for _ in 1 2 3; do kill -TERM "$job" 2>/dev/null || true; done
  status=0
  wait "$job" || status=$?
  [[ $status == 75 ]] || fail "a start that was told after $delay s ended with $status, not with 75"
  [[ -e $REQUEUED ]] || fail "a start that was told after $delay s did not queue the job again"
done

turns=0
while :; do
  turns=$((turns + 1))
  before=$(steps_done)
  rm -f -- "$REQUEUED"
  if ((turns <= 3)); then
    bash "$tree/experiments/slurm.sbatch" job.toml --set train.steps=100000000 > "log-$turns" 2>&1 &
    job=$!
    until (($(steps_done) > before + 50)); do
      kill -0 "$job" 2>/dev/null || fail "turn $turns ended by itself"
      sleep 0.05
    done
    for _ in 1 2 3; do kill -TERM "$job" 2>/dev/null || true; done
    status=0
    wait "$job" || status=$?
    [[ $status == 75 ]] || fail "turn $turns ended with $status, not with 75"
    [[ -e $REQUEUED ]] || fail "turn $turns did not queue the job again"
    continue
  fi
  steps=$(($(steps_done) + 100))
  bash "$tree/experiments/slurm.sbatch" job.toml --set "train.steps=$steps" > "log-$turns" 2>&1 || fail "the last turn failed"
  [[ ! -e $REQUEUED ]] || fail "a run that is finished was queued again"
  break
done
(($(ls runs/job | wc -l) == 1)) || fail "the turns were not one run"
grep -q 'exact' "log-$turns" || fail "the last turn did not resume exactly"
"$binade" run job.toml --set experiment.name=straight --set "train.steps=$steps" > log-straight 2>&1
hash_of() { grep -h '"parameters_sha256"' "runs/$1"/*/summary.json; }
[[ $(hash_of job) == "$(hash_of straight)" ]] || fail "the run of $turns turns is another one than the straight run"
echo "$turns turns, one run of $steps steps"

#!/usr/bin/env python3
"""Generates dashboards/run.json and dashboards/compare_runs.json. A test checks that they are up to date.

python3 monitoring/grafana/dashboards.py
"""
import json
import pathlib

from panels import (annotation, dashboard, graph, heatmap, panel, query_variable, row, sel, stat, steps, table,
                    target)

FOLDER = pathlib.Path(__file__).parent / "dashboards"
RATE = "[$__rate_interval]"
TRAIN, VALIDATION, UNSCALED = 'split="train"', 'split="validation"', 'stage="unscaled"'
BACKOFF, RESULT_SKIPPED = 'action="backoff"', 'result="skipped"'
SKIPPED = "run:binade_optimizer_steps_skipped_per_optimizer_steps:ratio_rate5m"
WHERE = 'job=~"$job", instance=~"$instance"'
STATE_COLORS = {"starting": "blue", "running": "green", "evaluating": "purple", "finished": "text",
                "interrupted": "orange", "preempted": "orange", "failed": "red"}

VARIABLES = [
    {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0, "refresh": 1,
     "multi": False, "includeAll": False, "regex": "", "options": [], "skipUrlSync": False,
     "current": {"selected": True, "text": "Prometheus", "value": "prometheus"}},
    query_variable("job", "Job", "label_values(binade_run_info, job)"),
    query_variable("instance", "Instance", 'label_values(binade_run_info{job=~"$job"}, instance)'),
    query_variable("run_name", "Experiment", f"label_values(binade_run_info{{{WHERE}}}, run_name)"),
    query_variable("host", "Host", f"label_values(binade_run_info{{{WHERE}}}, host)"),
    # Without an allValue, All means the listed runs of the selected experiments and hosts.
    query_variable("run_id", "Run",
                   f'label_values(binade_run_info{{{WHERE}, run_name=~"$run_name", host=~"$host"}}, run_id)', allValue=None),
]
DEVICE = query_variable("device", "Device",
                        'label_values(binade_device_info{job=~"$job", instance=~"$instance"}, device)')

ANNOTATIONS = [  # Grafana uses their values as times, in milliseconds
    annotation("Run starts", "green", f"1000 * ({sel('binade_run_start_timestamp_seconds')} > 0)", "Run starts",
               useValueForTime=True),
    annotation("Run ends", "text", f"1000 * ({sel('binade_run_end_timestamp_seconds')} > 0)", "Run ends",
               useValueForTime=True),
]
BACKOFFS = annotation("Backoffs", "orange",
                      f"increase({sel('binade_amp_updates_total', BACKOFF)}[$__interval]) > 0",
                      "The loss scale backs off")
LINKS = [
    {"title": "Binade dashboards", "type": "dashboards", "tags": ["binade"], "asDropdown": True, "includeVars": True,
     "keepTime": True, "icon": "external link", "tooltip": "", "url": "", "targetBlank": False},
    {"title": "NVIDIA DCGM", "type": "dashboards", "tags": ["dcgm"], "asDropdown": True, "includeVars": False,
     "keepTime": True, "icon": "external link", "tooltip": "Join binade_device_info by uuid", "url": "",
     "targetBlank": False},
]


def state_mappings():
    return [{"type": "value", "options": {name: {"text": name, "color": color, "index": index}
                                          for index, (name, color) in enumerate(STATE_COLORS.items())}}]


def rate(metric, labels=""):
    return f"rate({sel(metric, labels)}{RATE})"


def run_row():
    steps_left = f"({sel('binade_target_steps')} > 0) - {sel('binade_step')}"
    last_info = f"last_over_time({sel('binade_run_info')}[$__range])"
    return [
        row("Run"),
        stat("State", "What the run is doing now.", target(f"{sel('binade_run_state')} == 1", "{{state}}"), "none",
             text_mode="name", width=4, mappings=state_mappings()),
        stat("Step", "Optimizer steps attempted, including skipped ones.", target(sel("binade_step")), "none"),
        panel("gauge", "Progress", "Completed fraction of the planned steps; empty if only a time limit ends the run.",
              target(f"{sel('binade_step')} / ({sel('binade_target_steps')} > 0)"), "percentunit", width=3, height=4,
              instant=True, min=0, max=1, options={"showThresholdMarkers": False}),
        stat("Time left", "Remaining steps at the speed of the last 5 minutes.",
             target(f"({steps_left}) / {sel('run:binade_optimizer_steps:rate5m')}"), "s"),
        stat("Smoothed loss", "Moving average of the training loss.", target(sel("binade_loss_smoothed")), "none",
             decimals=4),
        stat("Loss scale", "Scale of the next step's loss; 1 without scaling.", target(sel("binade_amp_loss_scale")),
             "none", thresholds=steps("BinadeLossScaleCollapsed", above=False), alert="BinadeLossScaleCollapsed"),
        stat("Skipped steps", "Fraction of steps that were skipped in the last 5 minutes.", target(sel(SKIPPED)),
             "percentunit", thresholds=steps("BinadeOverflowStorm"), alert="BinadeOverflowStorm"),
        stat("Speed", "Training samples per second, over 5 minutes.", target(sel("run:binade_samples:rate5m")), "cps",
             width=2),
        table("Runs", "All runs in the selected time range, including finished ones.", target(last_info),
              hidden=("Value", "__name__", "config_sha256")),
    ]


def amp_row():
    return [
        row("Mixed precision"),
        graph("Loss scale", "Halves after an overflow, doubles after many steps without one.",
              target(sel("binade_amp_loss_scale")), "none", scale=2, width=12, alert="BinadeLossScaleCollapsed",
              thresholds=steps("BinadeLossScaleCollapsed", above=False)),
        graph("Skipped share", "Fraction of steps that were skipped because a gradient was not finite.",
              target(sel(SKIPPED)), "percentunit", width=12, min=0, thresholds=steps("BinadeOverflowStorm"),
              alert="BinadeOverflowStorm"),
        graph("Updates of the scale", "Backoffs, growths, and steps that did not change the scale.",
              target(rate("binade_amp_updates_total"), "{{action}}"), "ops"),
        graph("Steps until the scale grows", "Consecutive steps without overflow, and how many are needed.",
              [target(sel("binade_amp_growth_tracker_steps"), "so far"),
               target(sel("binade_amp_growth_interval_steps"), "needed")], "none"),
        graph("Losses that are not finite", "NaN and infinite losses in 5 minutes.",
              target(f"sum without (split) (increase({sel('binade_loss_nonfinite_total')}[5m]))"), "none",
              thresholds=steps("BinadeLossNonFinite"), min=0, alert="BinadeLossNonFinite"),
        graph("Steps with non-finite gradients by group", "Where overflows begin.",
              target(f"increase({sel('binade_nonfinite_gradient_steps_total')}{RATE})", "{{group}} {{kind}}"), "none"),
        graph("Gradients lost to underflow",
              "Fraction of each group's scaled gradients below the precision's normal numbers, at the last sample.",
              target(sel("binade_gradient_underflow_ratio"), "{{group}}"), "percentunit", min=0,
              thresholds=steps("BinadeGradientUnderflow", color="orange"), alert="BinadeGradientUnderflow"),
        graph("Gradients that overflow",
              "Fraction of each group's scaled gradients that are inf or NaN, at the last sample.",
              target(sel("binade_gradient_overflow_ratio"), "{{group}}"), "percentunit", min=0),
        heatmap("Magnitudes of scaled gradients", "Sampled gradients by powers of two.",
                f"sum without (group) (increase({sel('binade_gradient_magnitude_bucket')}{RATE}))", "none", width=12),
        graph("At the lower bound", "Lower bound of the loss scale (0: none), and seconds spent at it in 5 minutes.",
              [target(f"increase({sel('binade_amp_at_floor_seconds_total')}[5m])", "seconds at the bound"),
               target(sel("binade_amp_floor"), "lower bound"),
               target(f"increase({sel('binade_amp_refused_scales_total')}[5m])", "invalid scales rejected")],
              "none", width=6, thresholds=steps("BinadeLossScaleAtFloor", color="orange"),
              alert="BinadeLossScaleAtFloor"),
        table("Precision", "The effective precision, which may differ from the configured one.",
              [target(f"last_over_time({sel('binade_precision_info')}[$__range])"),
               target(f"{sel('binade_autocast_enabled')} == 1 or {sel('binade_autocast_enabled')}")],
              hidden=("__name__", "job", "instance"), width=6, height=8),
    ]


def training_row():
    norm = sel("binade_gradient_norm_bucket", UNSCALED)
    quantile = f"sum without (stage) (rate({norm}{RATE}))"
    phases = f"sum without (phase) ({rate('binade_phase_duration_seconds_sum')})"
    return [
        row("Training"),
        graph("Loss", "Each split's last loss, and the training loss smoothed over every step.",
              [target(sel("binade_loss_smoothed"), "{{split}}, smoothed"), target(sel("binade_loss"), "{{split}}")],
              "none", width=12),
        {**panel("xychart", "Loss over steps", "For a single run; step and loss are joined by time.",
                 [target(sel("binade_step"), "step"), target(sel("binade_loss_smoothed"), "loss")], "none", width=12,
                 options={"seriesMapping": "auto", "dims": {"x": "step"}}),
         "transformations": [{"id": "joinByField", "options": {"byField": "Time", "mode": "inner"}}]},
        graph("Accuracy", "Empty if the task has none.", target(sel("binade_accuracy_ratio"), "{{split}}"),
              "percentunit", min=0, max=1),
        graph("Learning rate", "Of each parameter group.", target(sel("binade_learning_rate"), "{{param_group}}"),
              "none"),
        graph("Gradient norm", "Of applied steps, unscaled and before clipping.",
              [target(f"histogram_quantile(0.5, {quantile})", "median"),
               target(f"histogram_quantile(0.99, {quantile})", "p99"),
               target(sel("binade_gradient_norm_last", UNSCALED), "last")], "none", scale=10),
        graph("Samples per second", "Training samples only.", target(rate("binade_samples_total", TRAIN)),
              "cps", min=0),
        graph("Tokens per second", "0 if samples are not sequences.", target(rate("binade_tokens_total")), "cps",
              min=0),
        graph("Time by phase", "How the duration of a step is divided among its phases.",
              target(f"{rate('binade_phase_duration_seconds_sum')} / ignoring (phase) group_left () ({phases} > 0)",
                     "{{phase}}"), "percentunit", stacked=True, fill=60, min=0, max=1),
        heatmap("Step duration", "Distribution over all steps.",
                f"increase({sel('binade_step_duration_seconds_bucket')}{RATE})", "s", width=12),
        graph("Step and epoch duration", "Mean step duration over 5 minutes; duration of the last complete epoch.",
              [target(sel("run:binade_step_duration_seconds:mean5m"), "step"),
               target(f"{sel('binade_epoch_duration_seconds')} >= 0", "epoch")], "s", width=6, scale=10),
        graph("Model scalars", "Values reported by the model's own loss.",
              target(sel("binade_model_scalar"), "{{name}} {{split}}"), "none", width=6),
    ]


def device_row():
    device = 'device=~"$device"'
    share = f"{sel('binade_device_memory_used_bytes', device)} / {sel('binade_device_memory_total_bytes', device)}"
    return [
        row("Process and device"),
        graph("CPU", "Processors that this process keeps busy.", target(rate("process_cpu_seconds_total")), "none",
              width=6, min=0),
        graph("Resident memory", "Of this process.", target(sel("process_resident_memory_bytes")), "bytes", width=6,
              min=0),
        graph("Open files", "Open file descriptors and their limit.",
              [target(sel("process_open_fds"), "open"), target(sel("process_max_fds"), "limit")], "none", width=6,
              scale=10),
        graph("Collectors", "1 if the last collection succeeded.",
              target(sel("binade_collector_success"), "{{collector}}"), "none", width=6, min=0, max=1,
              thresholds={"mode": "absolute", "steps": [
                  {"color": "red", "value": None}, {"color": "green", "value": 1}]}),
        graph("Device memory in use", "Fraction in use by all processes.", target(share, "{{device}}"), "percentunit",
              width=6, min=0, max=1, thresholds=steps("BinadeDeviceMemoryHigh", color="orange"),
              alert="BinadeDeviceMemoryHigh"),
        graph("Device utilization", "Fraction of time in which the device was computing.",
              target(sel("binade_device_utilization_ratio", device), "{{device}}"), "percentunit", width=6, min=0,
              max=1),
        graph("Device power", "Rate of the energy consumed.",
              target(f"rate({sel('binade_device_energy_joules_total', device)}{RATE})", "{{device}}"), "watt", width=6,
              min=0),
        graph("Device temperature", "As reported by the driver.",
              target(sel("binade_device_temperature_celsius", device), "{{device}}"), "celsius", width=6),
        graph("Memory of the run's tensors", "Allocated, reserved by LibTorch, and peak.",
              [target(sel(f"binade_device_memory_{what}_bytes", device), "{{device}} " + what)
               for what in ("allocated", "reserved", "peak")], "bytes", width=12, min=0),
        graph("Allocator pressure", "Allocations in 5 minutes that needed cached memory to be freed, and that failed.",
              [target(f"increase({sel('binade_device_allocator_retries_total', device)}[5m])", "{{device}} retries"),
               target(f"increase({sel('binade_device_out_of_memory_total', device)}[5m])", "{{device}} out of memory")],
              "none", width=12, min=0),
    ]


def plugin_row():
    return [
        row("Plugins, logging, checkpoints"),
        table("Plugins", "Loaded plugins, and whether they are enabled.",
              [target(f"last_over_time({sel('binade_plugin_info')}[$__range])"), target(sel("binade_plugin_enabled"))],
              hidden=("__name__", "job", "instance", "sha256"), width=12, height=8),
        graph("Plugin call duration", "Mean duration of each kind of call.",
              target(f"{rate('binade_plugin_call_seconds_total')} / ({rate('binade_plugin_calls_total')} > 0)",
                     "{{plugin}} {{call}}"), "s", width=12, scale=10),
        graph("Plugin errors", "Failed calls in 15 minutes.",
              target(f"sum without (stage) (increase({sel('binade_plugin_errors_total')}[15m]))", "{{plugin}}"), "none",
              min=0, width=12, thresholds=steps("BinadePluginErrors", color="orange"), alert="BinadePluginErrors"),
        graph("Age of the last checkpoint", "Work that a crash would lose now, and the configured interval.",
              [target(f"time() - {sel('binade_checkpoint_last_success_timestamp_seconds')}"),
               target(f"{sel('binade_checkpoint_every_seconds')} > 0", "due")], "s", width=12, min=0),
        graph("Checkpoint duration", "Mean time for which the training thread is blocked, and mean time of writing.",
              target(f"{rate('binade_checkpoint_duration_seconds_sum')} / "
                     f"({rate('binade_checkpoint_duration_seconds_count')} > 0)", "{{operation}}"), "s", width=8,
              scale=10),
        graph("Checkpoints", "Saved and failed checkpoints in 15 minutes.",
              target(f"increase({sel('binade_checkpoints_total')}[15m])", "{{result}}"), "none", width=8, min=0),
        graph("Free disk space", "Free space on the disk of the run's folder.",
              target(sel("binade_run_folder_free_bytes")), "bytes", width=8, min=0,
              thresholds=steps("BinadeDiskSpaceLow", above=False, color="orange"), alert="BinadeDiskSpaceLow"),
        graph("Logger events", "Written, dropped because the queue was full, failed.",
              target(rate("binade_logger_events_total"), "{{logger}} {{result}}"), "ops", width=12),
        graph("Logger queues", "Fill level of each logger's queue.",
              target(f"{sel('binade_logger_queue_length')} / {sel('binade_logger_queue_capacity')}", "{{logger}}"),
              "percentunit", width=12, min=0, max=1),
    ]


def compared():
    def last(expression):
        return f"last_over_time({expression}[$__range])"

    def bars(title, description, expression, unit, **more):
        return panel("bargauge", title, description, target(expression), unit, instant=True, width=8,
                     options={"displayMode": "basic", "orientation": "horizontal", "valueMode": "text"}, **more)

    end = sel("binade_run_end_timestamp_seconds")
    seconds = f"({last(end)} > 0 or {last(sel('binade_last_step_timestamp_seconds'))})"
    start = last(sel("binade_run_start_timestamp_seconds"))
    columns = [
        ("identity", target(last(sel("binade_run_info")))),
        ("Steps", target(last(sel("binade_step")))),
        ("Training loss", target(last(sel("binade_loss_smoothed", TRAIN)))),
        ("Skipped", target(f"increase({sel('binade_optimizer_steps_total', RESULT_SKIPPED)}[$__range])")),
        ("Seconds", target(f"{seconds} - {start}")),
    ]
    overlaid = "{{run_id}}"
    return [
        row("Runs"),
        table("Runs side by side", "All runs in the selected time range, including finished ones.",
              [item for _, item in columns], height=8,
              hidden=("__name__", "job", "instance", "config_sha256", "Value #A", "split", "result"),
              renamed={f"Value #{ref}": name for ref, (name, _) in zip("ABCDE", columns)}),
        row("Results"),
        bars("Smoothed training loss", "Last value of each run.", last(sel("binade_loss_smoothed")), "none"),
        bars("Validation accuracy", "Last value of each run; empty if the task has none.",
             f"{last(sel('binade_accuracy_ratio', VALIDATION))}", "percentunit", min=0, max=1),
        bars("Speed", "Samples per second, mean over the selected time range.",
             f"avg_over_time({sel('run:binade_samples:rate5m')}[$__range])", "cps", min=0),
        bars("Loss scale", "Last value of each run.", last(sel("binade_amp_loss_scale")), "none"),
        bars("Skipped steps", "Fraction of all steps in the selected time range.",
             f"sum without (result) (increase({sel('binade_optimizer_steps_total', RESULT_SKIPPED)}[$__range]))"
             f" / (sum without (result) (increase({sel('binade_optimizer_steps_total')}[$__range])) > 0)",
             "percentunit", min=0, thresholds=steps("BinadeOverflowStorm"), alert="BinadeOverflowStorm"),
        bars("Step duration", "Mean over 5 minutes, last value of each run.",
             last(sel("run:binade_step_duration_seconds:mean5m")), "s", min=0),
        row("Progress"),
        graph("Smoothed training loss over time", "All runs.", target(sel("binade_loss_smoothed"), overlaid), "none",
              width=12),
        graph("Validation loss over time", "At each evaluation.",
              target(sel("binade_loss", VALIDATION), overlaid), "none", width=12),
        graph("Loss scale over time", "All runs.", target(sel("binade_amp_loss_scale"), overlaid), "none",
              scale=2, thresholds=steps("BinadeLossScaleCollapsed", above=False), alert="BinadeLossScaleCollapsed"),
        graph("Gradient norm over time", "Median over applied steps, unscaled.",
              target("histogram_quantile(0.5, sum without (stage) (rate("
                     f"{sel('binade_gradient_norm_bucket', UNSCALED)}{RATE})))", overlaid),
              "none", scale=10),
        graph("Samples per second over time", "All runs.",
              target(rate("binade_samples_total", TRAIN), overlaid), "cps", min=0),
        {**panel("xychart", "Loss over steps", "One chart per run.",
                 [target(sel("binade_step"), "step"), target(sel("binade_loss_smoothed"), "loss")], "none", width=12,
                 options={"seriesMapping": "auto", "dims": {"x": "step"}}),
         "repeat": "run_id", "repeatDirection": "h", "maxPerRow": 4,
         "transformations": [{"id": "joinByField", "options": {"byField": "Time", "mode": "inner"}}]},
    ]


def dashboards():
    """Maps file names to dashboards."""
    return {
        "run.json": dashboard(
            "binade-run", "Binade / Run", "One training run: state, mixed precision, training, devices, plugins.",
            run_row() + amp_row() + training_row() + device_row() + plugin_row(), [*VARIABLES, DEVICE],
            [*ANNOTATIONS, BACKOFFS], LINKS),
        "compare_runs.json": dashboard(
            "binade-compare", "Binade / Compare runs", "Several runs side by side, including finished ones.",
            compared(), VARIABLES, ANNOTATIONS, LINKS[:1]),
    }


def text_of(board):
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, board in dashboards().items():
        (FOLDER / name).write_text(text_of(board))

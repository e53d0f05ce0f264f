#!/usr/bin/env python3
"""GPUs in the metrics, with a fake driver library that has two GPUs; the second one has no energy meter."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from checking import main, skip  # noqa: E402
from live import BUILD, Run, until, workspace  # noqa: E402

FAKE_GPUS = {"LD_LIBRARY_PATH": str(BUILD / "tests/fixtures/nvml")}


def test_gpus_are_exported():
    with workspace() as folder, Run(folder, environment=FAKE_GPUS) as run:
        run.trains()
        until(lambda: run.value('binade_collector_success{collector="nvml"') == 1, "a first round")
        text = run.metrics()
        assert 'device="1",driver="580.65.06",name="Fake GPU 1",uuid="GPU-00000001"} 1\n' in text, text
        assert run.value('binade_device_memory_used_bytes{device="1"') == 251
        assert run.value('binade_device_memory_total_bytes{device="0"') == 1000
        assert run.value('binade_device_utilization_ratio{device="0"') == 0.75
        assert run.value('binade_device_temperature_celsius{device="0"') == 61
        assert run.value('binade_device_energy_joules_total{device="0"') > 0
        assert run.value('binade_device_energy_joules_total{device="1"') is None
        assert run.value('binade_device_throttled{device="0",reason="power"') == 1
        assert run.value('binade_device_throttled{device="0",reason="heat"') == 0
        assert run.value('binade_device_throttled{device="1",reason="heat"') == 1
        run.interrupt()
        assert run.wait() == 130


def test_without_a_driver_there_is_nothing():
    if pathlib.Path("/proc/driver/nvidia").exists():
        skip("this machine has a driver")
    with workspace() as folder, Run(folder) as run:
        run.trains()
        assert "binade_device_" not in run.metrics() and 'collector="nvml"' not in run.metrics()


if __name__ == "__main__":
    main(globals())

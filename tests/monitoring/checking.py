"""Shared by these tests: the paths of the tree and of Prometheus, and running and skipping tests."""
import os
import pathlib
import shutil
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]


def prometheus_tool(name):
    """`prometheus` or `promtool`, from $BINADE_PROMETHEUS_BIN or $PATH; None if not found."""
    folder = os.environ.get("BINADE_PROMETHEUS_BIN")
    return shutil.which(name, path=folder) if folder else shutil.which(name)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def main(module):
    """Runs the tests named on the command line, or all functions of the module named test_..."""
    tests = {name: test for name, test in module.items() if name.startswith("test_")}
    for name in sys.argv[1:] or tests:
        tests[name]()
        print("passed:", name)

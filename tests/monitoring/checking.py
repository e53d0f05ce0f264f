"""What the tests here share: where the tree is, where Prometheus is, and how a test is run and skipped."""
import os
import pathlib
import shutil
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]


def prometheus_tool(name):
    """`prometheus` or `promtool`, from $BINADE_PROMETHEUS_BIN or $PATH; None when there is none."""
    folder = os.environ.get("BINADE_PROMETHEUS_BIN")
    return shutil.which(name, path=folder) if folder else shutil.which(name)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def main(module):
    """Runs the tests that the command line names, or all: the functions of the module called test_..."""
    tests = {name: test for name, test in module.items() if name.startswith("test_")}
    for name in sys.argv[1:] or tests:
        tests[name]()
        print("passed:", name)

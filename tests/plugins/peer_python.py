# What the peers have in common: they run under the Python that BINADE_PEER_PYTHON names.
import os
import sys


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


# Goes on in that Python; skips the test where none is named.
def use_the_peers_python(package):
    python = os.environ.get("BINADE_PEER_PYTHON")
    if not python:
        skip(f"BINADE_PEER_PYTHON names no Python that has the package {package}")
    if os.environ.get("BINADE_PEER_STARTED") != python:
        os.environ["BINADE_PEER_STARTED"] = python
        os.execv(python, [python, *sys.argv])

# Shared by the peer tests, which run with the Python in BINADE_PEER_PYTHON.
import os
import sys


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


# Restarts with that Python; skips the test if it is not set.
def use_the_peers_python(package):
    python = os.environ.get("BINADE_PEER_PYTHON")
    if not python:
        skip(f"BINADE_PEER_PYTHON names no Python that has the package {package}")
    if os.environ.get("BINADE_PEER_STARTED") != python:
        os.environ["BINADE_PEER_STARTED"] = python
        os.execv(python, [python, *sys.argv])

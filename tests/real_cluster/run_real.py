#!/usr/bin/env python3
"""Runs the tests of a lab with a real Kubernetes; its commands are those of the plain lab's tests."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cluster")]

import run as cluster_run  # noqa: E402

KIND = ("--kubernetes", "--nodes", "2", "--api-servers", "2", "--family", "dual")

if __name__ == "__main__":
    sys.exit(cluster_run.main(sys.argv[1:], HERE, KIND))

#!/usr/bin/env python3
"""Runs the tests of a lab with a real Kubernetes; its commands are those of the plain lab's tests.

Tests of the installation (test_install) make a lab of their own beside the one that the others share; they cannot be run
in one command with others.
"""

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

# Before anybody reads it.
if any(argument.startswith("test_install") for argument in sys.argv[1:]):
    os.environ["OVS_CNI_TEST_LAB"] = os.environ.get("OVS_CNI_TEST_LAB", "test")[:12] + "-install"

import run as cluster_run  # noqa: E402

KIND = ("--kubernetes", "--nodes", "3", "--api-servers", "2", "--family", "dual", "--network", "agent")
# Of the plain lab's tests, those of what the API's objects mean: they are the same in every cluster.
SHARED = (
    "test_open_connections",
    "test_policy_changes",
    "test_policy_nodes.HostNetwork",
    "test_policy_nodes.Nodes",
    "test_policy_peers",
    "test_policy_ports",
)

if __name__ == "__main__":
    sys.exit(cluster_run.main(sys.argv[1:], HERE, KIND, SHARED))

"""Programs that go on running after the command: starting them on record, and waiting until they serve.

The record is `processes.json` in the folder of the machine that they run on, as for a plain lab's switches and agents.
"""

import os
import socket
import subprocess
import time
from contextlib import nullcontext

from .. import namespaces, processes
from ..errors import LabError
from ..node import remember
from ..processes import Process

ASK_AGAIN_SECONDS = 0.05


class Daemon:
    def __init__(self, name, place, child, log):
        self.name, self.place, self.child, self.log = name, place, child, log

    def wait_until(self, ready, seconds):
        """Returns when `ready` says None; it says what is still missing otherwise."""
        deadline = time.monotonic() + seconds
        while (missing := ready()) is not None:
            died = self.child.poll() is not None
            if died or time.monotonic() > deadline:
                what = f"ended with exit code {self.child.returncode}" if died else f"after {seconds:g} s: {missing}"
                end = processes.tail(self.log)
                raise LabError(f"{self.name} of {self.place} {what}; the end of its log, {self.log}:\n{end}")
            time.sleep(ASK_AGAIN_SECONDS)


def start(lab, place, name, command, namespace=None, environment=None):
    """Starts a program of `place`, a node or the control plane: in the network namespace, with a log of its name."""
    folder = lab.node_folder(place)
    log_path = folder / f"{name}.log"
    with namespaces.inside(namespace) if namespace else nullcontext(), open(log_path, "a") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | (environment or {}),
            cwd="/",
        )
    remember(lab, place, name, Process.of(child.pid))
    return Daemon(name, place, child, log_path)


def not_listening(namespace, address, port):
    """None when somebody listens there, in the network namespace; else what is missing."""
    try:
        with namespaces.inside(namespace):
            socket.create_connection((address, port), timeout=1.0).close()
        return None
    except OSError as error:
        return f"{address} port {port}: {error}"


def not_a_socket(path):
    """The same for a socket in the file system."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
            return None
        except OSError as error:
            return f"{path}: {error}"

"""Programs that go on running after the command: starting them on record, and waiting until they serve.

The record is `processes.json` in the folder of the machine that they run on, as for a plain lab's switches and agents.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import namespaces, processes
from ..errors import LabError
from ..node import Node
from ..processes import Process

ASK_AGAIN_SECONDS = 0.05


class Daemon:
    def __init__(self, name: str, place: str, child: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.place, self.child, self.log = name, place, child, log

    def wait_until(self, ready: Callable[[], str | None], seconds: float) -> None:
        """Returns when `ready` says None; it says what is still missing otherwise."""
        deadline = time.monotonic() + seconds
        while (missing := ready()) is not None:
            died = self.child.poll() is not None
            if died or time.monotonic() > deadline:
                what = f"ended with exit code {self.child.returncode}" if died else f"after {seconds:g} s: {missing}"
                end = processes.tail(self.log)
                raise LabError(f"{self.name} of {self.place} {what}; the end of its log, {self.log}:\n{end}")
            time.sleep(ASK_AGAIN_SECONDS)


def start(node: Node, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Daemon:
    """Starts a program of a node or of the control plane: in its network namespace, with a log of its name."""
    with node.inside():
        return start_here(node, name, command, environment)


def start_here(node: Node, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Daemon:
    """The same in the network namespace that the calling thread is in, for a command that changes it by itself."""
    log_path = node.folder / f"{name}.log"
    with open(log_path, "a") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | (environment or {}),
            cwd="/",
        )
    node.remember(name, Process.of(child.pid))
    return Daemon(name, node.name, child, log_path)


def not_listening(namespace: str, address: str, port: int) -> str | None:
    """None when somebody listens there, in the network namespace; else what is missing."""
    try:
        with namespaces.inside(namespace):
            socket.create_connection((address, port), timeout=1.0).close()
        return None
    except OSError as error:
        return f"{address} port {port}: {error}"


def not_a_socket(path: Path) -> str | None:
    """The same for a socket in the file system."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
            return None
        except OSError as error:
            return f"{path}: {error}"

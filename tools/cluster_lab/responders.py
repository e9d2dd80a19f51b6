"""The programs that answer in the lab's pods, on its nodes and on the outside host."""

from collections.abc import Sequence

from . import processes
from .json_files import write_json
from .layout import Lab, network_namespace_path, program
from .processes import Process

PROGRAM = "ovs-cni-lab-responder"
# What a node answers on, as its daemons would; the outside host answers on the same.
HOST_PORTS = ("53/udp", "53/tcp", "80/tcp", "80/udp", "443/tcp", "443/udp", "8080/tcp", "8080/udp")


def start(namespace: str, name: str, ports: Sequence[str], shared: bool = False) -> Process | None:
    """Starts the program that answers; the ports answer when this returns. None where it has ended again."""
    command = [program(PROGRAM)] + (["--share"] if shared else [])
    printed = processes.run([*command, network_namespace_path(namespace), name, *ports])
    return Process.of(int(printed.split("pid ")[1]))


def start_outside(lab: Lab) -> None:
    """The outside host's, on record in the lab's folder."""
    started = start(lab.namespace("outside"), "outside", HOST_PORTS)
    write_json(lab.folder / "outside.json", started.record() if started else None)

"""One machine of a lab: a network namespace, a folder, and the processes that are on record there.

A node, with its switch (`switch`) and agent (`agent`); or the control plane of a real Kubernetes.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from . import namespaces, processes
from .errors import LabError
from .json_files import read_json, write_json
from .layout import Lab
from .parameters import Parameters
from .processes import Process


@dataclass(frozen=True)
class Node:
    lab: Lab
    name: str

    @property
    def number(self) -> int:
        """Of a node; the control plane has none."""
        return number_of(self.name)

    @property
    def folder(self) -> Path:
        return self.lab.node_folder(self.name)

    @property
    def namespace(self) -> str:
        """The name of its network namespace."""
        return self.lab.namespace(self.name)

    def inside(self) -> AbstractContextManager[None]:
        """Context: the calling thread is in the network namespace; a process that is started there begins there."""
        return namespaces.inside(self.namespace)

    def recorded(self) -> dict[str, Process]:
        """The node's processes by what they are."""
        path = self.folder / "processes.json"
        try:
            records = read_json(path, self.lab.removal())
        except FileNotFoundError:
            return {}
        if not isinstance(records, dict):
            raise LabError(f"{path}: not the record of a node's processes: {self.lab.removal()}")
        found = {part: Process.from_record(record) for part, record in records.items()}
        return {part: process for part, process in found.items() if process}

    def remember(self, part: str, process: Process | None) -> None:
        """Puts a process of the node on record, where `down` finds it; None where it has ended already."""
        known = self.recorded() | ({part: process} if process else {})
        if process is None:
            known.pop(part, None)
        write_json(self.folder / "processes.json", {key: value.record() for key, value in known.items()})

    def runs(self, part: str) -> bool:
        process = self.recorded().get(part)
        return process is not None and process.alive()

    def stop(self, part: str) -> None:
        """Ends a process of the node, if it runs."""
        process = self.recorded().get(part)
        processes.stop([process] if process else [])


def number_of(name: str) -> int:
    """Of the node of this name."""
    return int(name.removeprefix("node"))


def nodes_of(lab: Lab, parameters: Parameters) -> list[Node]:
    return [Node(lab, name) for name in parameters.node_names()]

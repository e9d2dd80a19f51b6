"""The network namespaces of real pods: found in containerd's own records, without asking it.

    NODE/run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json    whose sandbox it is, by annotations
                                                               /init.pid       the process that holds its namespaces
"""

import json
from dataclasses import dataclass
from pathlib import Path

from ..layout import Lab
from ..node import Node, nodes_of
from ..parameters import Parameters

TASKS = "run/containerd/io.containerd.runtime.v2.task/k8s.io"
ANNOTATION = "io.kubernetes.cri."


@dataclass(frozen=True)
class Sandbox:
    node: str
    pid: int

    @property
    def network_namespace(self) -> str:
        """A path, as `namespaces.inside` takes it in place of a name."""
        return f"/proc/{self.pid}/ns/net"


def of_lab(lab: Lab, parameters: Parameters) -> dict[str, Sandbox]:
    """The sandboxes that run, by the uid of their pod. A pod may have had another before: the younger one counts."""
    found = {}
    for node in nodes_of(lab, parameters):
        bundles = (node.folder / TASKS).glob("*/init.pid")
        for pid_file in sorted(bundles, key=_age):
            sandbox = _read(node.name, pid_file)
            if sandbox is not None:
                found[sandbox[0]] = sandbox[1]
    return found


def container_process(node: Node, container: str) -> int | None:
    """The id of the first process of a node's container of this name; None where there is none."""
    for path in (node.folder / TASKS).glob("*/config.json"):
        try:
            annotations = json.loads(path.read_text()).get("annotations") or {}
            if annotations.get(f"{ANNOTATION}container-name") == container:
                return int((path.parent / "init.pid").read_text())
        except FileNotFoundError:
            continue  # it is just going
    return None


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(name: str, pid_file: Path) -> tuple[str, Sandbox] | None:
    """(uid, sandbox), or None where the container is no sandbox or is just going."""
    try:
        annotations = json.loads((pid_file.parent / "config.json").read_text()).get("annotations") or {}
        if annotations.get(f"{ANNOTATION}container-type") != "sandbox":
            return None
        return annotations[f"{ANNOTATION}sandbox-uid"], Sandbox(name, int(pid_file.read_text()))
    except (FileNotFoundError, ValueError, KeyError):
        return None

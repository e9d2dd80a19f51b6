"""Where the kubelets of a lab put their pods: /ovs-cni-lab/NAME/NODE in every hierarchy of this machine.

Version 1 has a hierarchy for each controller, version 2 one for all; a kubelet wants its root to be there in all.
"""

import os
import signal
from pathlib import Path

from .. import processes
from ..errors import LabError
from ..layout import Lab
from ..node import Node
from ..processes import Process

MOUNT = Path("/sys/fs/cgroup")
TOP = "ovs-cni-lab"
CONTROLLERS = ("cpuset", "cpu", "memory", "pids", "io")


def root(node: Node) -> str:
    """As a kubelet's configuration names it."""
    return f"/{TOP}/{node.lab.name}/{node.name}"


def _is_unified() -> bool:
    return (MOUNT / "cgroup.controllers").exists()


def _hierarchies() -> list[Path]:
    if _is_unified():
        return [MOUNT]
    found = [path for path in MOUNT.iterdir() if not path.is_symlink() and (path / "cgroup.procs").exists()]
    if not found:
        raise LabError(f"{MOUNT} holds no control groups: a kubelet needs them; mount them as the distribution does")
    return sorted(found)


def create(node: Node) -> None:
    for hierarchy in _hierarchies():
        path = hierarchy
        for part in (TOP, node.lab.name, node.name):
            if _is_unified():
                has = (path / "cgroup.controllers").read_text().split()
                wanted = " ".join(f"+{each}" for each in CONTROLLERS if each in has)
                (path / "cgroup.subtree_control").write_text(wanted)
            parent, path = path, path / part
            path.mkdir(exist_ok=True)
            _inherit_cpus(parent, path)


def _inherit_cpus(parent: Path, child: Path) -> None:
    """In version 1 a group without processors and memory nodes of its own takes no process."""
    if _is_unified():
        return
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (parent / name).exists() and not (child / name).read_text().strip():
            (child / name).write_text((parent / name).read_text())


def _groups(lab: Lab) -> list[Path]:
    """All groups of the lab, children before their parents."""
    if not MOUNT.is_dir():
        return []
    tops = [hierarchy / TOP / lab.name for hierarchy in _hierarchies()]
    return [Path(folder) for top in tops for folder, _, _ in os.walk(top, topdown=False)]


def remove(lab: Lab) -> None:
    """Ends every process in the lab's groups, and removes the groups. To be called when nobody starts pods any more."""
    groups = _groups(lab)
    pids = {int(pid) for group in groups for pid in (group / "cgroup.procs").read_text().split()}
    # The first process of a pod ignores what it has no handler for: asking would only take time.
    processes.stop([found for found in map(Process.of, pids) if found], (signal.SIGKILL,))
    for group in groups:
        _remove_empty(group)
    for hierarchy in _hierarchies() if groups else []:
        remove_if_empty(hierarchy / TOP)


def _remove_empty(group: Path) -> None:
    try:
        group.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        reason = f"{error.strerror}; is a process left in it?"
        raise LabError(f"the control group {group} cannot be removed: {reason}") from None


def remove_if_empty(folder: Path) -> None:
    """Removes what labs share, unless another one has something in it."""
    try:
        folder.rmdir()
    except OSError:
        pass

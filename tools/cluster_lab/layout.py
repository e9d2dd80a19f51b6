"""Where everything of a lab is: its folder, its network namespaces, the programs it runs.

A lab's name is part of every namespace and path that it creates, so labs coexist and `down` finds all that is its own:

    /run/ovs-cni-lab/NAME/lab.json            parameters, and whether bringing it up was finished
                          objects/*.json      the cluster's objects, one a file; every node's agent watches this folder
                          sandboxes/*.json    the pods that run, one a file
                          nodes/NODE/         the node's switch, agent configuration, sockets and logs
    /var/lib/ovs-cni-lab/NAME/                what is too big for memory: only where the lab is a real Kubernetes
    network namespaces    NAME.NODE, NAME.underlay, NAME.outside, NAME.pod.NAMESPACE.POD
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from .errors import LabError, UsageError
from .json_files import read_json, write_json
from .parameters import Parameters, from_record

ROOT = Path("/run/ovs-cni-lab")
DISK_ROOT = Path("/var/lib/ovs-cni-lab")
NETWORK_NAMESPACES = Path("/run/netns")
CHECKOUT = Path(__file__).resolve().parents[2]
NAME_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


@dataclass(frozen=True)
class Record:
    """What lab.json says: how far `up` has come, and the lab's parameters, where they can be read."""

    state: str  # starting or up
    parameters: Parameters | None


class Lab:
    def __init__(self, name: str) -> None:
        if not NAME_PATTERN.fullmatch(name):
            raise UsageError(f"'{name}' cannot name a lab: use up to 20 of a-z, 0-9 and '-', which is not at an end")
        self.name = name
        self.folder = ROOT / name
        self.disk = DISK_ROOT / name
        self.objects = self.folder / "objects"
        self.sandboxes = self.folder / "sandboxes"

    def namespace(self, part: str) -> str:
        """The network namespace of a node, "underlay" or "outside"."""
        return f"{self.name}.{part}"

    def pod_namespace(self, namespace: str, pod: str) -> str:
        name = f"{self.name}.pod.{namespace}.{pod}"
        # A file name has 255 bytes at most; the two Kubernetes names may have more together.
        return name if len(name) <= 200 else f"{name[:150]}.{sha256(name.encode()).hexdigest()[:16]}"

    def namespaces(self) -> list[str]:
        """All network namespaces of this lab that exist."""
        if not NETWORK_NAMESPACES.is_dir():
            return []
        return sorted(p.name for p in NETWORK_NAMESPACES.iterdir() if p.name.startswith(self.name + "."))

    def node_folder(self, node: str) -> Path:
        return self.folder / "nodes" / node

    def record(self) -> Record | None:
        """What is known of the lab, or None when there is no such lab."""
        try:
            found = read_json(self.folder / "lab.json", "")
        except FileNotFoundError:
            return None
        except LabError:
            return Record("starting", None)
        return Record(str(found.get("state")) if isinstance(found, dict) else "starting", from_record(found))

    def write_parameters(self, parameters: Parameters, state: str) -> None:
        write_json(self.folder / "lab.json", parameters.record() | {"state": state})

    def require_up(self) -> Parameters:
        """The parameters of a lab that is up."""
        found = self.record()
        if found is None:
            raise LabError(f"there is no lab '{self.name}': bring it up with {self.command('up')}")
        if found.state != "up" or found.parameters is None:
            raise LabError(f"lab '{self.name}' is half-made: {self.removal()}")
        return found.parameters

    def removal(self) -> str:
        """What to do about a lab that cannot be used."""
        return f"remove it with {self.command('down')}"

    def command(self, verb: str) -> str:
        """The command line to name in a message."""
        return f"tools/lab {verb}" if self.name == "lab" else f"tools/lab {verb} --name {self.name}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Commands that change a lab come one after the other."""
        ROOT.mkdir(parents=True, exist_ok=True)
        while True:
            with open(self._lock_path(), "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # `down` removes the file: whoever waited for it meanwhile holds a lock that nobody else will see.
                if self._is_current(lock):
                    yield
                    return

    def _lock_path(self) -> Path:
        return ROOT / f".{self.name}.lock"

    def _is_current(self, lock: TextIO) -> bool:
        try:
            return os.path.samestat(os.fstat(lock.fileno()), os.stat(self._lock_path()))
        except FileNotFoundError:
            return False

    def forget_lock(self) -> None:
        """To be called last, with the lock held, when the lab is gone."""
        self._lock_path().unlink()


def network_namespace_path(name: str) -> str:
    """Of a named one; a path is taken as it is."""
    return str(NETWORK_NAMESPACES / name)


def program_folder() -> Path:
    """The folder of the built programs."""
    chosen = os.environ.get("OVS_CNI_BIN")
    folders = [Path(chosen)] if chosen else [CHECKOUT / "build" / preset / "bin" for preset in ("release", "dev")]
    for folder in folders:
        if (folder / "ovs-cni-lab-responder").exists():
            return folder
    raise LabError(
        f"the programs are not in {' or '.join(str(f) for f in folders)}: "
        f"run tools/setup, cmake --preset release && cmake --build --preset release, or set OVS_CNI_BIN"
    )


def program(name: str) -> str:
    path = program_folder() / name
    if not path.exists():
        raise LabError(f"{path} is missing: build it with cmake --build --preset release, or set OVS_CNI_BIN")
    return str(path)

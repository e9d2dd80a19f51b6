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
import json
import os
import re
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from .errors import LabError, UsageError

ROOT = Path("/run/ovs-cni-lab")
DISK_ROOT = Path("/var/lib/ovs-cni-lab")
NETWORK_NAMESPACES = Path("/run/netns")
CHECKOUT = Path(__file__).resolve().parents[2]
NAME_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


def write_json(path, value):
    """Writes a file whole or not at all; a name that starts with a dot is one that nobody watches."""
    scratch = path.with_name("." + path.name)
    scratch.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    scratch.rename(path)


class Lab:
    def __init__(self, name):
        if not NAME_PATTERN.fullmatch(name):
            raise UsageError(f"'{name}' cannot name a lab: use up to 20 of a-z, 0-9 and '-', which is not at an end")
        self.name = name
        self.folder = ROOT / name
        self.disk = DISK_ROOT / name
        self.objects = self.folder / "objects"
        self.sandboxes = self.folder / "sandboxes"

    def namespace(self, part):
        """The network namespace of a node, "underlay" or "outside"."""
        return f"{self.name}.{part}"

    def pod_namespace(self, namespace, pod):
        name = f"{self.name}.pod.{namespace}.{pod}"
        # A file name has 255 bytes at most; the two Kubernetes names may have more together.
        return name if len(name) <= 200 else f"{name[:150]}.{sha256(name.encode()).hexdigest()[:16]}"

    def namespaces(self):
        """All network namespaces of this lab that exist."""
        if not NETWORK_NAMESPACES.is_dir():
            return []
        return sorted(p.name for p in NETWORK_NAMESPACES.iterdir() if p.name.startswith(self.name + "."))

    def node_folder(self, node):
        return self.folder / "nodes" / node

    def parameters(self):
        """What `up` was asked for, or None when there is no such lab."""
        try:
            return json.loads((self.folder / "lab.json").read_text())
        except FileNotFoundError:
            return None
        except json.JSONDecodeError:
            return {"state": "broken"}

    def write_parameters(self, parameters):
        write_json(self.folder / "lab.json", parameters)

    def require_up(self):
        """The parameters of a lab that is up."""
        parameters = self.parameters()
        if parameters is None:
            raise LabError(f"there is no lab '{self.name}': bring it up with {self.command('up')}")
        if parameters.get("state") != "up":
            raise LabError(f"lab '{self.name}' is half-made: remove it with {self.command('down')}")
        return parameters

    def command(self, verb):
        """The command line to name in a message."""
        return f"tools/lab {verb}" if self.name == "lab" else f"tools/lab {verb} --name {self.name}"

    @contextmanager
    def locked(self):
        """Commands that change a lab come one after the other."""
        ROOT.mkdir(parents=True, exist_ok=True)
        while True:
            with open(self._lock_path(), "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # `down` removes the file: whoever waited for it meanwhile holds a lock that nobody else will see.
                if self._is_current(lock):
                    yield
                    return

    def _lock_path(self):
        return ROOT / f".{self.name}.lock"

    def _is_current(self, lock):
        try:
            return os.path.samestat(os.fstat(lock.fileno()), os.stat(self._lock_path()))
        except FileNotFoundError:
            return False

    def forget_lock(self):
        """To be called last, with the lock held, when the lab is gone."""
        self._lock_path().unlink()


def network_namespace_path(name):
    """Of a named one; a path is taken as it is."""
    return str(NETWORK_NAMESPACES / name)


def program_folder():
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


def program(name):
    path = program_folder() / name
    if not path.exists():
        raise LabError(f"{path} is missing: build it with cmake --build --preset release, or set OVS_CNI_BIN")
    return str(path)

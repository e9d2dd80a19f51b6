"""containerd of a node: its configuration, its start, the images that it is given."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import processes
from ..node import Node
from ..parameters import KubernetesParameters
from . import daemons, machine
from .programs import containerd_folder, image_files, image_name

PART = "containerd"
SOCKET = "/run/containerd/containerd.sock"
START_SECONDS = 60.0
# Of containerd 2 and of 1.7.
CONFIGURATION = """version = 3
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "{socket}"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "{pause}"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
"""
OLDER_CONFIGURATION = """version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
"""


def start(node: Node, parameters: KubernetesParameters) -> None:
    """Starts containerd; it answers when this returns. It finds its shim and runc by PATH."""
    path = node.folder / "containerd.toml"
    configuration = OLDER_CONFIGURATION if parameters.containerd.startswith("1.") else CONFIGURATION
    path.write_text(configuration.format(socket=SOCKET, pause=image_name("pause")))
    command = machine.enter_command(node) + [_program(parameters, "containerd"), "--config", str(path)]
    started = daemons.start_here(node, PART, command, environment(parameters))
    started.wait_until(lambda: daemons.not_a_socket(host_socket(node)), START_SECONDS)


def _program(parameters: KubernetesParameters, name: str) -> str:
    return str(containerd_folder(parameters.containerd) / name)


def environment(parameters: KubernetesParameters) -> dict[str, str]:
    """That of a node's programs, with the lab's containerd before any other."""
    found = machine.environment()
    return found | {"PATH": f"{containerd_folder(parameters.containerd)}:{found['PATH']}"}


def host_socket(node: Node) -> Path:
    """The node's socket as this machine sees it."""
    return node.folder / SOCKET.lstrip("/")


def load_images(node: Node, parameters: KubernetesParameters) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda path: load_image(node, parameters, path), image_files()))


def load_image(node: Node, parameters: KubernetesParameters, path: Path) -> None:
    """Gives the node an image, a docker-archive tar."""
    command = [_program(parameters, "ctr"), "--address", str(host_socket(node)), "--namespace", "k8s.io"]
    processes.run([*command, "images", "import", str(path)])

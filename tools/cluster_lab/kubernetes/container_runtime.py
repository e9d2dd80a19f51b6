"""containerd of a node: its configuration, its start, the images that it is given."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import processes
from ..node import Node
from . import daemons, machine
from .programs import image_files, image_name, program

PART = "containerd"
SOCKET = "/run/containerd/containerd.sock"
START_SECONDS = 60.0
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


def start(node: Node) -> None:
    """Starts containerd; it answers when this returns. It finds its shim and runc by PATH."""
    path = node.folder / "containerd.toml"
    path.write_text(CONFIGURATION.format(socket=SOCKET, pause=image_name("pause")))
    command = machine.enter_command(node) + [program("containerd"), "--config", str(path)]
    started = daemons.start_here(node, PART, command, machine.environment())
    started.wait_until(lambda: daemons.not_a_socket(host_socket(node)), START_SECONDS)


def host_socket(node: Node) -> Path:
    """The node's socket as this machine sees it."""
    return node.folder / SOCKET.lstrip("/")


def load_images(node: Node) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda path: load_image(node, path), image_files()))


def load_image(node: Node, path: Path) -> None:
    """Gives the node an image, a docker-archive tar."""
    command = [program("ctr"), "--address", str(host_socket(node)), "--namespace", "k8s.io"]
    processes.run([*command, "images", "import", str(path)])

"""What tools/setup-kubernetes built: the programs, and the images that every node is given."""

import re
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

from ..errors import LabError
from ..layout import CHECKOUT
from ..processes import run

# Images of other tools that upstream tests ask for, and that ours has as well.
ALIASES = {"agnhost": ("busybox", "jessie-dnsutils")}
SETUP = CHECKOUT / "tools" / "setup-kubernetes"


@cache
def folder() -> Path:
    """The folder of the built programs, whether it is there or not."""
    return Path(subprocess.run([SETUP, "--print"], check=True, capture_output=True, text=True).stdout.strip())


def require() -> None:
    """Refuses to go on without the programs and the images."""
    for needed in (folder() / "built", image_folder() / "built", plugin_folder()):
        if not needed.exists():
            raise LabError(f"Kubernetes is not built: {needed} is missing: run tools/setup-kubernetes")


def containerd_version() -> str:
    """Of the containerd that is built with the rest."""
    version = re.search(r"containerd-v([0-9.]+)", folder().name)
    assert version is not None, folder()
    return version[1]


def containerd_folder(version: str) -> Path:
    """The folder of a containerd with its shim and its ctr, whether it is there or not."""
    return folder() if version in ("", containerd_version()) else folder().parent / f"containerd-v{version}"


def require_containerd(version: str) -> None:
    """Builds this containerd where it is missing. Errors: there is no such release, or building it failed."""
    if not (containerd_folder(version) / "containerd").exists():
        run([SETUP, "--containerd", version])


def program(name: str) -> str:
    return str(folder() / name)


def plugin_folder() -> Path:
    """The CNI plugins that are on every node before a network is; there is one version of them."""
    return next(folder().glob("cni-plugins-*"), folder() / "cni-plugins")


def image_folder() -> Path:
    """The images' folder: another one whenever the way they are made changes."""
    recipe = sha256((Path(__file__).parent / "images.py").read_bytes() + repr(ALIASES).encode()).hexdigest()[:12]
    return folder() / f"images-{recipe}"


def image_files() -> list[Path]:
    return sorted(image_folder().glob("*.tar"))


@cache
def image_name(part: str) -> str:
    """The name under which "agnhost", one of its aliases, "pause" or "coredns" is asked for."""
    if part == "coredns":
        version = re.search(r"coredns-(v[0-9.]+)", folder().name)
        assert version is not None, folder()
        return f"registry.k8s.io/coredns/coredns:{version[1]}"
    found = re.search(rf'= Config{{list\.(\w+), "{part}", "([^"]+)"}}', _manifest())
    if found is None:
        raise LabError(f"{folder() / 'manifest.go'} names no image '{part}': its form has changed in Kubernetes")
    return f"registry.k8s.io/{'e2e-test-images/' if found[1] == 'PromoterE2eRegistry' else ''}{part}:{found[2]}"


def image_names() -> list[str]:
    parts = ("agnhost", "coredns", "pause")
    return [image_name(part) for part in (*parts, *(other for part in parts for other in ALIASES.get(part, ())))]


def _manifest() -> str:
    return (folder() / "manifest.go").read_text()

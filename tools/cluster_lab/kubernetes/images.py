"""Makes the container images of the lab, without a registry and without a container engine.

    built programs, Debian's programs with their libraries ──► one layer ──► docker-archive tar, one an image

    pause      holds a pod's namespaces
    agnhost    the upstream tests' program, under the name that they ask for, with a shell and network tools; it also
               stands for images of other tools
    coredns    the cluster's DNS server
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ..errors import LabError
from ..processes import run
from . import programs

PAUSE_SOURCE = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void quit(int number) { _exit(0); }
static void reap(int number) { while (waitpid(-1, NULL, WNOHANG) > 0) { } }
int main(void) {
  struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  sigaction(SIGCHLD, &on_child, NULL);
  signal(SIGINT, quit);
  signal(SIGTERM, quit);
  for (;;) pause();
}
"""
# The shell and the tools that the upstream image has, and that tests call in it. What looks up names is not busybox's:
# a static program that loads the C library's name services crashes where these are of another build.
TOOLS = ("bash", "curl", "dash", "dig", "getent", "ip", "nc.openbsd", "nslookup", "wget")
TLS_NAMES = "DNS:localhost,DNS:example.com,IP:127.0.0.1,IP:::1"
# Tests of supplemental groups look for the second half.
USERS = """root:x:0:0:root:/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
user-defined-in-image:x:1000:1000::/:/bin/sh
"""
GROUPS = """root:x:0:
nogroup:x:65534:
user-defined-in-image:x:1000:
group-defined-in-image:x:50000:user-defined-in-image
"""


class Layer:
    """One file system as a tar, the same bytes whenever the same is added."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w")
        self.names: set[str] = set()

    def _add(self, name: str, kind: bytes, mode: int, content: bytes = b"", target: str = "") -> None:
        if name in self.names:
            return
        self.names.add(name)
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname, member.size = kind, mode, target, len(content)
        self.tar.addfile(member, io.BytesIO(content))

    def folder(self, name: str, mode: int = 0o755) -> None:
        self._add(name, tarfile.DIRTYPE, mode)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self._add(name, tarfile.REGTYPE, mode, content)

    def link(self, name: str, target: str) -> None:
        self._add(name, tarfile.SYMTYPE, 0o777, target=target)

    def program(self, path: str, name: str) -> None:
        """A program of this machine with the libraries that it is linked with, where its loader looks for them."""
        self.file(name, Path(path).read_bytes(), 0o755)
        listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        for library in re.findall(r"(/\S+) \(0x", listed):
            self.file(library.lstrip("/"), Path(library).read_bytes(), 0o755)

    def finish(self) -> bytes:
        self.tar.close()
        return self.bytes.getvalue()


Recipe = tuple[Layer, list[str], list[str]]  # file system, entry point, command


def _busybox(layer: Layer) -> None:
    layer.file("bin/busybox", Path(_installed("busybox", "busybox-static")).read_bytes(), 0o755)
    for applet in subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet not in ("busybox", "nc", "sh", *TOOLS):
            layer.link(f"bin/{applet}", "busybox")


def _installed(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise LabError(f"the program {name} is missing: install the package {package}")
    return found


def _certificate(layer: Layer) -> None:
    """What agnhost shows where it serves TLS and is given no certificate: for the names that upstream's has."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key", Path(folder) / "certificate"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "36500", "-subj", "/CN=localhost", "-addext", f"subjectAltName={TLS_NAMES}"]
        run([*command, "-keyout", key, "-out", certificate])
        layer.file("localhost.crt", certificate.read_bytes())
        layer.file("localhost.key", key.read_bytes())


def _agnhost() -> Recipe:
    layer = Layer()
    layer.file("agnhost", Path(programs.program("agnhost")).read_bytes(), 0o755)
    layer.link("agnhost-2", "agnhost")
    _certificate(layer)
    layer.file("coredns", Path(programs.program("coredns")).read_bytes(), 0o755)  # upstream's has one too
    for tool in TOOLS:
        layer.program(_installed(tool, f"that has it (see {programs.SETUP})"), f"usr/bin/{tool}")
    layer.link("bin/bash", "../usr/bin/bash")
    layer.link("bin/nc", "../usr/bin/nc.openbsd")
    layer.link("bin/ip", "../usr/bin/ip")
    # The shell of busybox prefers its own tools to those above.
    layer.link("bin/sh", "../usr/bin/dash")
    _busybox(layer)
    layer.folder("tmp", 0o1777)
    layer.folder("uploads")
    layer.file("etc/passwd", USERS.encode())
    layer.file("etc/group", GROUPS.encode())
    layer.file("etc/nsswitch.conf", b"hosts: files dns\n")
    return layer, ["/agnhost"], ["pause"]


def _coredns() -> Recipe:
    layer = Layer()
    layer.file("coredns", Path(programs.program("coredns")).read_bytes(), 0o755)
    return layer, ["/coredns"], []


def _pause() -> Recipe:
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "pause.c", Path(folder) / "pause"
        source.write_text(PAUSE_SOURCE)
        subprocess.run(["gcc", "-Os", "-static", "-s", "-o", built, source], check=True)
        layer = Layer()
        layer.file("pause", built.read_bytes(), 0o755)
    return layer, ["/pause"], []


def _write(path: Path, names: list[str], layer: Layer, entrypoint: list[str], command: list[str]) -> None:
    """A docker-archive: manifest, configuration, one layer; under each of the names."""
    content = layer.finish()
    digest = sha256(content).hexdigest()
    configuration = json.dumps(
        {
            "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
            "os": "linux",
            "config": {
                "Entrypoint": entrypoint,
                "Cmd": command,
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            "history": [{"created_by": "the lab"}],
        }
    ).encode()
    config_name = sha256(configuration).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": names, "Layers": [f"{digest}/layer.tar"]}]
    with tarfile.open(path, "w") as archive:
        for member, body in (
            ("manifest.json", json.dumps(manifest).encode()),
            (config_name, configuration),
            (f"{digest}/layer.tar", content),
        ):
            entry = tarfile.TarInfo(member)
            entry.size, entry.mode = len(body), 0o644
            archive.addfile(entry, io.BytesIO(body))


def make() -> None:
    """Makes the images, unless they are there; in place whole or not at all."""
    target = programs.image_folder()
    if (target / "built").exists():
        return
    print("tools/setup-kubernetes: making the container images")
    for old in programs.folder().glob("images-*"):
        shutil.rmtree(old)
    scratch = Path(tempfile.mkdtemp(dir=programs.folder(), prefix="making."))
    try:
        recipes: dict[str, Callable[[], Recipe]] = {"agnhost": _agnhost, "coredns": _coredns, "pause": _pause}
        for part, recipe in recipes.items():
            also = [programs.image_name(other) for other in programs.ALIASES.get(part, ())]
            _write(scratch / f"{part}.tar", [programs.image_name(part), *also], *recipe())
        (scratch / "built").touch()
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch)
        raise


if __name__ == "__main__":
    try:
        make()
    except (LabError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"tools/setup-kubernetes: {error}")

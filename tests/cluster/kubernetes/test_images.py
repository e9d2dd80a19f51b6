"""The lab's own images, without a cluster: what is in them runs."""

import io
import json
import os
import signal
import socket
import ssl
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from cluster_lab.kubernetes import control_plane, programs
from lab_under_test import eventually


def unpack(image, folder):
    """The image's file system, in the folder."""
    with tarfile.open(image) as archive:
        member = archive.extractfile("manifest.json")
        assert member is not None
        for name in json.load(member)[0]["Layers"]:
            layer = archive.extractfile(name)
            assert layer is not None
            with tarfile.open(fileobj=io.BytesIO(layer.read())) as files:
                files.extractall(folder)


class Agnhost(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="agnhost-image.")
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        unpack(programs.image_folder() / "agnhost.tar", self.root)

    def run_porter(self, **ports):
        """`agnhost porter` as a container of the image; what it says is in the file that this returns."""
        log_path = self.root / "porter.log"
        with open(log_path, "w") as log:
            command = ["chroot", str(self.root), "/agnhost", "porter"]
            child = subprocess.Popen(command, env=os.environ | ports, stdout=log, stderr=log)
        self.addCleanup(child.wait)
        self.addCleanup(child.send_signal, signal.SIGKILL)
        return log_path

    def test_porter_serves_TLS_with_the_images_certificate(self):
        port = control_plane.free_port()
        log = self.run_porter(**{f"SERVE_TLS_PORT_{port}": "from within"})

        def connected():
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=5.0)
            except ConnectionRefusedError:
                return None

        plain = eventually(connected, "porter listens")
        trusted = ssl.create_default_context(cafile=str(self.root / "localhost.crt"))
        with trusted.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: secured.recv(4096), b""))
        self.assertTrue(answer.endswith(b"\r\n\r\nfrom within"), (answer, log.read_text()))

"""The Kubernetes API: what the lab reads by itself, and kubectl for what it changes."""

import http.client
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from .. import namespaces
from ..errors import LabError
from ..json_files import Json
from ..layout import Lab
from ..parameters import KubernetesParameters
from .plan import PORT, ClusterPlan
from .programs import program

TIMEOUT_SECONDS = 10.0


class AdminApi:
    """One API server, or the balancer before them, asked with the administrator's certificate."""

    def __init__(self, lab: Lab, address: str, port: int, namespace: str | None = None) -> None:
        self.lab, self.address, self.port, self.namespace = lab, address, port, namespace
        pki = lab.node_folder("control-plane") / "pki"
        self.context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self.context.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    @staticmethod
    def of(lab: Lab, parameters: KubernetesParameters) -> "AdminApi":
        """Whichever server lives, from within the lab: it works in whatever network namespace the command is run."""
        plan = ClusterPlan.of(parameters)
        return AdminApi(lab, plan.entry()[plan.families[0]], PORT, lab.namespace("control-plane"))

    def _request(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=TIMEOUT_SECONDS)
        try:
            with namespaces.inside(self.namespace) if self.namespace else nullcontext():
                plain = socket.create_connection((self.address, self.port), timeout=TIMEOUT_SECONDS)
            connection.sock = self.context.wrap_socket(plain, server_hostname=self.address)
            connection.request("GET", path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()

    def not_ready(self) -> str | None:
        """None when it serves; else why not."""
        try:
            status, body = self._request("/readyz")
        except (OSError, http.client.HTTPException) as error:
            return f"GET https://{self.address}:{self.port}/readyz: {error}"
        return None if status == 200 else f"/readyz says {status}: {' '.join(body.split())[-300:]}"

    def get(self, path: str) -> Json:
        """The object or list at this path."""
        try:
            status, body = self._request(path)
        except (OSError, http.client.HTTPException) as error:
            raise LabError(
                f"the API of lab '{self.lab.name}' does not answer: GET {path}: {error}; "
                f"the logs are in {self.lab.node_folder('control-plane')}"
            ) from None
        if status != 200:
            raise LabError(f"GET {path}: the API says {status}: {body.strip()[:300]}")
        found: Json = json.loads(body)
        return found

    def items(self, path: str) -> list[Json]:
        """The objects of the list at this path, each with its kind, which a list leaves out."""
        found = self.get(path)
        kind = found["kind"].removesuffix("List")
        return [each | {"kind": kind} for each in found["items"]]


def kubectl(lab: Lab, arguments: Sequence[str | Path], manifest: Json | None = None) -> str:
    """Runs kubectl as the administrator, from within the lab; returns what it printed."""
    kubeconfig = lab.node_folder("control-plane") / "admin.kubeconfig"
    with namespaces.inside(lab.namespace("control-plane")):
        child = subprocess.Popen(
            [program("kubectl"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"KUBECONFIG": str(kubeconfig)},
        )
    printed, complaint = child.communicate(json.dumps(manifest) if manifest is not None else "")
    if child.returncode != 0:
        raise LabError(complaint.strip() or f"kubectl {' '.join(map(str, arguments))}: exit code {child.returncode}")
    return printed

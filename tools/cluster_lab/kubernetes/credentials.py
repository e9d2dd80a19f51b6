"""The cluster's certificates and kubeconfigs, as kubeadm would make them: one authority, a client certificate each.

    pki/ca.{crt,key}              the authority, of clients too
    pki/apiserver.{crt,key}       what every API server shows
    pki/NAME.{crt,key}            a client; its name and groups are the certificate's CN and O
    pki/service-accounts.{key,pub}
"""

import json
import os
from base64 import b64encode
from pathlib import Path

from .. import processes
from . import plan as planned
from .plan import ClusterPlan

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
DAYS = "3650"


class Credentials:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def create(self, plan: ClusterPlan) -> None:
        """The authority, the API servers' certificate, the service accounts' key."""
        self.folder.mkdir(parents=True, mode=0o700)
        processes.run(
            ["openssl", "req", "-x509", *KEY, "-days", DAYS, "-subj", "/CN=ovs-cni-lab", "-keyout", self.path("ca.key")]
            + ["-out", self.path("ca.crt"), "-addext", "keyUsage=critical,keyCertSign,digitalSignature"]
        )
        self._sign("apiserver", "/CN=kube-apiserver", f"subjectAltName={_names(plan)}\nextendedKeyUsage=serverAuth\n")
        key, public = self.path("service-accounts.key"), self.path("service-accounts.pub")
        processes.run(["openssl", "genrsa", "-out", key, "2048"])
        processes.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public])

    def client(self, name: str, user: str, group: str | None = None) -> None:
        """A client's key and certificate."""
        subject = (f"/O={group}" if group else "") + f"/CN={user}"
        self._sign(name, subject, "extendedKeyUsage=clientAuth\n")

    def _sign(self, name: str, subject: str, extensions: str) -> None:
        certificate = self.path(f"{name}.crt")
        request = processes.run(
            ["openssl", "req", "-new", *KEY, "-subj", subject, "-keyout", self.path(f"{name}.key")]
        )
        signer = ["-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAserial", self.path(f"{name}.serial")]
        extension_file = self.folder / f"{name}.extensions"
        extension_file.write_text(extensions)
        command = ["openssl", "x509", "-req", *signer, "-CAcreateserial", "-days", DAYS, "-out", certificate]
        processes.run([*command, "-extfile", str(extension_file)], input=request)

    def kubeconfig(self, path: Path, name: str, server: str) -> None:
        """Writes a kubeconfig, complete in itself, for a client that has a certificate."""
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "lab", "cluster": {"server": server, "certificate-authority-data": self._encoded("ca.crt")}}
            ],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": self._encoded(f"{name}.crt"),
                        "client-key-data": self._encoded(f"{name}.key"),
                    },
                }
            ],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
            "current-context": "lab",
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as file:
            json.dump(configuration, file, indent=1)

    def _encoded(self, name: str) -> str:
        return b64encode((self.folder / name).read_bytes()).decode()


def _names(plan: ClusterPlan) -> str:
    """Every name and address under which an API server is asked."""
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    names.append(f"kubernetes.default.svc.{planned.CLUSTER_DOMAIN}")
    addresses = ["127.0.0.1", "::1"]
    for each in (plan.entry(), *(plan.api_server(number) for number in range(1, plan.api_servers + 1))):
        addresses += each.values()
    addresses += [planned.API_SERVICE_ADDRESSES[family] for family in plan.families]
    return ",".join([f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses])

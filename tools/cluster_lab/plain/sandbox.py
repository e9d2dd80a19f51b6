"""What the lab remembers of a pod that runs: one file in sandboxes/, written before the first step, so that whatever is
interrupted can be undone."""

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import LabError
from ..json_files import Json, read_json, write_json
from ..layout import Lab
from ..processes import Process
from .object_kinds import PodName


@dataclass
class Sandbox:
    pod: PodName
    uid: str
    node: str
    host_network: bool
    container_id: str
    network_namespace: str
    state: str = "starting"  # or running
    network: Json | None = None  # the configuration that its plugins were run with, once they were
    port_mappings: list[Json] = field(default_factory=list)
    result: Json | None = None  # of ADD
    ports: list[str] | None = None  # that its responder was started for
    responder: Process | None = None
    addresses: list[str] = field(default_factory=list)

    def record(self) -> Json:
        record: Json = {
            "namespace": self.pod.namespace,
            "name": self.pod.name,
            "uid": self.uid,
            "node": self.node,
            "host_network": self.host_network,
            "container_id": self.container_id,
            "network_namespace": self.network_namespace,
            "state": self.state,
        }
        if self.network is not None:
            record |= {"network": self.network, "port_mappings": self.port_mappings}
        if self.result is not None:
            record["result"] = self.result
        if self.ports is not None:
            record |= {"ports": self.ports, "responder": self.responder.record() if self.responder else None}
        if self.state == "running":
            record["addresses"] = self.addresses
        return record

    @staticmethod
    def from_record(record: Json) -> "Sandbox":
        return Sandbox(
            PodName(record["namespace"], record["name"]),
            record["uid"],
            record["node"],
            record["host_network"],
            record["container_id"],
            record["network_namespace"],
            record["state"],
            record.get("network"),
            record.get("port_mappings", []),
            record.get("result"),
            record.get("ports"),
            Process.from_record(record.get("responder")),
            record.get("addresses", []),
        )

    def runs(self) -> bool:
        """Whether it runs, and what answers in it does."""
        return self.state == "running" and (self.responder is None or self.responder.alive())

    def write(self, lab: Lab) -> None:
        write_json(self._path(lab), self.record())

    def forget(self, lab: Lab) -> None:
        self._path(lab).unlink()

    def _path(self, lab: Lab) -> Path:
        return lab.sandboxes / f"{self.container_id}.json"


def sandboxes(lab: Lab) -> dict[PodName, Sandbox]:
    """Every sandbox, by its pod."""
    found = {}
    for path in lab.sandboxes.glob("[!.]*.json"):
        try:
            sandbox = Sandbox.from_record(read_json(path, lab.removal()))
        except FileNotFoundError:
            continue  # its pod has just gone
        except (KeyError, TypeError, AttributeError):
            raise LabError(f"{path}: not the record of a pod that runs: {lab.removal()}") from None
        found[sandbox.pod] = sandbox
    return found

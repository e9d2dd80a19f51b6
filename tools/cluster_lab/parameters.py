"""What a lab is: what `up` was asked for and decided, as lab.json keeps it."""

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from .address_plan import FAMILIES
from .json_files import Json


@dataclass(frozen=True)
class Wanted:
    """What a command line says of a lab to be; None where it says nothing."""

    kubernetes: bool = False
    nodes: int | None = None
    family: str | None = None
    datapath: str | None = None
    api_servers: int | None = None
    kube_proxy: str | None = None
    containerd: str | None = None
    network: str | None = None

    def given(self) -> dict[str, Any]:
        """What it says, by the names that it has in Parameters."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        del said["kubernetes"]
        return said


@dataclass(frozen=True)
class Parameters:
    nodes: int
    family: str  # a key of FAMILIES
    datapath: str  # netdev or system

    def node_names(self) -> list[str]:
        return [f"node{number}" for number in range(1, self.nodes + 1)]

    def record(self) -> Json:
        return asdict(self)


@dataclass(frozen=True)
class KubernetesParameters(Parameters):
    api_servers: int
    kube_proxy: str  # its mode, or none
    network: str  # install, agent or none
    port: int  # of this machine, where the API is reached
    containerd: str = ""  # its release; of a lab that does not say it, the one that is built with Kubernetes

    def record(self) -> Json:
        return super().record() | {"kubernetes": True}


def from_record(record: object) -> Parameters | None:
    """What `record` gave; None for anything else."""
    if not isinstance(record, dict):
        return None
    kind: type[Parameters] = KubernetesParameters if record.get("kubernetes") is True else Parameters
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = record.get(field.name, None if field.default is MISSING else field.default)
        if type(value) is not field.type:
            return None
        values[field.name] = value
    return kind(**values) if values["family"] in FAMILIES else None

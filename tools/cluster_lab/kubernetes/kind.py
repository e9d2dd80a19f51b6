"""A lab with a real Kubernetes as the commands see it: `kinds.Kind`, each answer by the module whose business it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .. import switch
from ..layout import Lab
from ..node import Node
from ..parameters import KubernetesParameters
from ..probing.endpoints import Endpoints
from . import bring_up, container_runtime, control_plane, machine, objects, restart, status
from .endpoints import endpoints


@dataclass(frozen=True)
class Kubernetes:
    lab: Lab
    parameters: KubernetesParameters

    def require(self) -> None:
        bring_up.require(self.parameters)

    def create(self) -> None:
        bring_up.create(self.lab, self.parameters)

    def describe(self) -> str:
        return bring_up.describe(self.parameters)

    def faults(self) -> list[str]:
        return status.faults(self.lab, self.parameters)

    def apply(self, paths: Sequence[str]) -> Iterable[str]:
        return objects.apply(self.lab, self.parameters, paths)

    def delete_files(self, paths: Sequence[str]) -> Iterable[str]:
        return objects.delete_files(self.lab, paths)

    def delete_one(self, kind: str, name: str) -> Iterable[str]:
        return objects.delete_one(self.lab, kind, name)

    def scale(self, kind: str, name: str, count: int) -> Iterable[str]:
        return objects.scale(self.lab, self.parameters, kind, name, count)

    def label(self, kind: str, name: str, changes: Mapping[str, str | None]) -> Iterable[str]:
        return objects.label(self.lab, kind, name, changes)

    def pods(self, as_json: bool) -> str:
        return status.pods(self.lab, self.parameters, as_json)

    def wait(self, seconds: float) -> None:
        status.wait(self.lab, self.parameters, seconds)

    def endpoints(self) -> Endpoints:
        return endpoints(self.lab, self.parameters)

    def restartable(self) -> Sequence[str]:
        return restart.RESTARTABLE

    def places(self) -> Sequence[str]:
        return [*self.parameters.node_names(), control_plane.NAME]

    def restart(self, part: str, place: str) -> None:
        restart.restart(Node(self.lab, place), self.parameters, part)

    def shell(self, node: str, command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        there = Node(self.lab, node)
        variables = container_runtime.environment(self.parameters) | switch.environment(there)
        return [*machine.enter_command(there), *command], variables

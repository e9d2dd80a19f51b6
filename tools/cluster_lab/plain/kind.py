"""The plain lab as the commands see it: `kinds.Kind`, each answer by the module whose business it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .. import agent, switch
from ..address_plan import AddressPlan
from ..layout import Lab
from ..node import Node
from ..parameters import Parameters
from ..probing.endpoints import Endpoints
from . import apply, bring_up, status
from .endpoints import endpoints

RESTARTABLE = ("agent", "switch")


@dataclass(frozen=True)
class Plain:
    lab: Lab
    parameters: Parameters

    def require(self) -> None:
        bring_up.require()

    def create(self) -> None:
        bring_up.create(self.lab, self.parameters)

    def describe(self) -> str:
        return bring_up.describe(self.parameters)

    def faults(self) -> list[str]:
        return status.faults(self.lab, self.parameters)

    def apply(self, paths: Sequence[str]) -> Iterable[str]:
        return apply.apply(self.lab, paths)

    def delete_files(self, paths: Sequence[str]) -> Iterable[str]:
        return apply.delete_files(self.lab, paths)

    def delete_one(self, kind: str, name: str) -> Iterable[str]:
        return apply.delete_one(self.lab, kind, name)

    def scale(self, kind: str, name: str, count: int) -> Iterable[str]:
        return apply.scale(self.lab, kind, name, count)

    def label(self, kind: str, name: str, changes: Mapping[str, str | None]) -> Iterable[str]:
        return apply.label(self.lab, kind, name, changes)

    def pods(self, as_json: bool) -> str:
        return status.pods(self.lab, as_json)

    def wait(self, seconds: float) -> None:
        status.wait(self.lab, seconds)

    def endpoints(self) -> Endpoints:
        return endpoints(self.lab, self.parameters)

    def restartable(self) -> Sequence[str]:
        return RESTARTABLE

    def places(self) -> Sequence[str]:
        return self.parameters.node_names()

    def restart(self, part: str, place: str) -> None:
        node = Node(self.lab, place)
        if part == "agent":
            agent.restart(node)
        else:
            switch.restart(node, AddressPlan.of(self.parameters.family), self.parameters.datapath)

    def shell(self, node: str, command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        there = Node(self.lab, node)
        # `ip netns exec` gives the command a /sys of the namespace too.
        return ["ip", "netns", "exec", there.namespace, *command], switch.environment(there)

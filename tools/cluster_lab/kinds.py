"""The two kinds of lab: the lab's own small cluster, and a real Kubernetes. What the commands ask of either.

    command_line, life ──► Kind ─┬─► Plain         plain/
                                 └─► Kubernetes    kubernetes/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from .kubernetes import bring_up as kubernetes_bring_up
from .kubernetes.kind import Kubernetes
from .layout import Lab
from .parameters import KubernetesParameters, Parameters, Wanted
from .plain import bring_up as plain_bring_up
from .plain.kind import Plain
from .probing.endpoints import Endpoints


class Kind(Protocol):
    """A lab of one kind, with its parameters. All but the first three need a lab that is up."""

    def require(self) -> None:
        """Refuses to begin without the programs that it will need."""

    def create(self) -> None:
        """Makes the lab; what was made stays where it fails."""

    def describe(self) -> str:
        """Its parameters, in words."""

    def faults(self) -> list[str]:
        """What a lab that was brought up lacks now: a line each."""

    def apply(self, paths: Sequence[str]) -> Iterable[str]:
        """Creates or changes the objects of these files and folders. It and the next four yield what to print."""

    def delete_files(self, paths: Sequence[str]) -> Iterable[str]: ...

    def delete_one(self, kind: str, name: str) -> Iterable[str]: ...

    def scale(self, kind: str, name: str, count: int) -> Iterable[str]: ...

    def label(self, kind: str, name: str, changes: Mapping[str, str | None]) -> Iterable[str]:
        """`changes` maps a key to its new value, or to None for a label to be removed."""

    def pods(self, as_json: bool) -> str:
        """The pods, as `tools/lab pods` prints them."""

    def wait(self, seconds: float) -> None:
        """Returns when every pod runs and every node's switch has confirmed the newest state."""

    def endpoints(self) -> Endpoints:
        """Who can be probed now."""

    def restartable(self) -> Sequence[str]:
        """What `restart` takes; N stands for a digit."""

    def places(self) -> Sequence[str]:
        """Where something can be restarted."""

    def restart(self, part: str, place: str) -> None: ...

    def shell(self, node: str, command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """The command line that runs a command on a node, and the variables that it needs beside."""


def of(lab: Lab, parameters: Parameters) -> Kind:
    return Kubernetes(lab, parameters) if isinstance(parameters, KubernetesParameters) else Plain(lab, parameters)


def of_lab(lab: Lab) -> Kind:
    """Of a lab that is up."""
    return of(lab, lab.require_up())


def planned(lab: Lab, wanted: Wanted) -> Kind:
    """Of a lab that is to be brought up."""
    bring_up = kubernetes_bring_up if wanted.kubernetes else plain_bring_up
    return of(lab, bring_up.parameters_of(wanted))


def remove(lab: Lab) -> None:
    """Removes a lab in whatever state it was left: only a real Kubernetes has a folder on disk."""
    (kubernetes_bring_up if lab.disk.exists() else plain_bring_up).down(lab)

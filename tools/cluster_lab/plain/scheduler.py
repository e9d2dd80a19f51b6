"""Which node a pod runs on: round-robin, going on where the last command stopped."""

from collections.abc import Sequence

from ..json_files import Json, field, mapping, read_json, write_json
from ..layout import Lab
from .object_kinds import Key, key_of
from ..errors import LabError


class Scheduler:
    def __init__(self, lab: Lab, nodes: Sequence[str]) -> None:
        self.path = lab.folder / "scheduler.json"
        self.nodes = nodes
        self.next = 0
        if self.path.exists():
            found = field(read_json(self.path, lab.removal()), "next")
            self.next = found if isinstance(found, int) else 0

    def place(self, pod: Json) -> Json:
        """The pod with its node: the one that it asks for, or the next."""
        chosen = field(pod, "spec", "nodeName")
        if not chosen:
            chosen = self.nodes[self.next % len(self.nodes)]
            self.next += 1
            write_json(self.path, {"next": self.next % len(self.nodes)})
        require_node(key_of(pod), chosen, self.nodes)
        return pod | {"spec": mapping(pod, "spec") | {"nodeName": chosen}}


def require_node(key: Key, chosen: object, nodes: Sequence[str]) -> None:
    """Refuses an object that asks for a node which the lab does not have."""
    if chosen and chosen not in nodes:
        has = ", ".join(nodes)
        raise LabError(f"{key} asks for node '{chosen}', which this lab does not have: it has {has}")

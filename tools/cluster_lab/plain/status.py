"""What runs and whether the network follows: the commands `pods` and `wait`."""

import json
import time

from .. import agent
from ..errors import LabError
from ..layout import Lab
from ..node import nodes_of
from ..parameters import Parameters
from ..pods import brief, is_finished, table
from . import worker
from .convergence import converge
from .object_store import ObjectStore
from .sandbox import sandboxes
from .workloads import desired_pods

RETRY_SECONDS = 0.1


def pods(lab: Lab, as_json: bool) -> str:
    found = ObjectStore(lab.objects).of_kind("Pod")
    if as_json:
        # A finished pod is no part of the network any more.
        return json.dumps([brief(pod) for pod in found if not is_finished(pod)], indent=1)
    return table(found) if found else "no pods"


def faults(lab: Lab, parameters: Parameters) -> list[str]:
    """What a lab that was brought up lacks now."""
    nodes = nodes_of(lab, parameters)
    wanted = {lab.namespace("underlay"), lab.namespace("outside")} | {node.namespace for node in nodes}
    lacks = [f"the network namespace {name} is gone" for name in sorted(wanted - set(lab.namespaces()))]
    return lacks + [f"{part} of {node.name} does not run" for node in nodes for part in worker.missing_parts(node)]


def wait(lab: Lab, seconds: float) -> None:
    """Returns when every pod runs and every node's switch has confirmed the newest state."""
    deadline = time.monotonic() + seconds
    while True:
        missing = _missing(lab, deadline)
        if not missing:
            return
        if time.monotonic() >= deadline:
            raise LabError(f"after {seconds:g} s: " + "; ".join(missing))
        time.sleep(min(RETRY_SECONDS, max(0.0, deadline - time.monotonic())))


def _missing(lab: Lab, deadline: float) -> list[str]:
    """What still lacks: processes, pods, nodes that have not installed the newest state. Pods that do not run are
    tried again."""
    with lab.locked():
        parameters = lab.require_up()
        lacks = faults(lab, parameters)
        if lacks:
            return lacks
        store = ObjectStore(lab.objects)
        if not _all_run(lab, parameters, store):
            lacks += converge(lab, parameters, store)
    return lacks + agent.unsynchronised(nodes_of(lab, parameters), deadline)


def _all_run(lab: Lab, parameters: Parameters, store: ObjectStore) -> bool:
    desired = desired_pods(store, parameters.node_names())
    wanted = {name for name, pod in desired.items() if not is_finished(pod)}
    found = sandboxes(lab)
    return wanted == set(found) and all(sandbox.runs() for sandbox in found.values())

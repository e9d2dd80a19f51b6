"""What runs in a real cluster, and whether the network follows: the commands `pods` and `wait`."""

import json
import time
from collections.abc import Callable, Collection, Sequence

from .. import agent
from ..errors import LabError
from ..json_files import Json, mapping, objects
from ..layout import Lab
from ..node import nodes_of
from ..parameters import KubernetesParameters
from ..pods import brief, is_finished, table
from . import control_plane, worker
from .api import AdminApi

ASK_AGAIN_SECONDS = 0.2
# Kind, where its objects are, how many pods they want, how many they say are ready.
WORKLOADS: tuple[tuple[str, str, Callable[[Json], int | None], str], ...] = (
    ("Deployment", "/apis/apps/v1/deployments", lambda each: each["spec"].get("replicas", 1), "readyReplicas"),
    ("StatefulSet", "/apis/apps/v1/statefulsets", lambda each: each["spec"].get("replicas", 1), "readyReplicas"),
    ("DaemonSet", "/apis/apps/v1/daemonsets", lambda each: each["status"].get("desiredNumberScheduled"), "numberReady"),
)


def pods(lab: Lab, parameters: KubernetesParameters, as_json: bool) -> str:
    found = AdminApi.of(lab, parameters).items("/api/v1/pods")
    if as_json:
        return json.dumps([brief(pod) for pod in found if not is_finished(pod)], indent=1)
    return table(found) if found else "no pods"


def faults(lab: Lab, parameters: KubernetesParameters) -> list[str]:
    """The processes and network namespaces that a lab which was brought up lacks now."""
    machines = {node: worker.parts(parameters) for node in nodes_of(lab, parameters)}
    machines[control_plane.node_of(lab)] = control_plane.parts(parameters)
    there = set(lab.namespaces())
    names = [lab.namespace("underlay"), lab.namespace("outside"), *(node.namespace for node in machines)]
    lacks = [f"the network namespace {name} is gone" for name in names if name not in there]
    for node, parts in machines.items():
        lacks += [f"{part} of {node.name} does not run" for part in parts if not node.runs(part)]
    return lacks


def wait(lab: Lab, parameters: KubernetesParameters, seconds: float) -> None:
    """Returns when the nodes are Ready, every pod runs and every node's switch has confirmed the newest state."""

    def missing(deadline: float) -> list[str]:
        api = AdminApi.of(lab, parameters)
        lacks = faults(lab, parameters)
        if parameters.network != "none":
            lacks += nodes_not_ready(api)
        lacks += pods_not_running(api)
        if lacks or parameters.network == "none":
            return lacks
        return agent.unsynchronised(nodes_of(lab, parameters), deadline)

    until_none(missing, seconds)


def wait_for_pods(
    lab: Lab, parameters: KubernetesParameters, namespaces: Collection[str], seconds: float
) -> None:
    """Returns when the pods of these namespaces run."""
    api = AdminApi.of(lab, parameters)
    until_none(lambda _: pods_not_running(api, namespaces), seconds)


def wait_for_nodes(lab: Lab, parameters: KubernetesParameters, seconds: float) -> None:
    """Returns when every node is Ready."""
    api = AdminApi.of(lab, parameters)
    until_none(lambda _: nodes_not_ready(api), seconds)


def until_none(missing: Callable[[float], Sequence[str]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while lacks := missing(deadline):
        if time.monotonic() >= deadline:
            raise LabError(f"after {seconds:g} s: " + "; ".join(lacks))
        time.sleep(min(ASK_AGAIN_SECONDS, max(0.0, deadline - time.monotonic())))


def nodes_not_ready(api: AdminApi) -> list[str]:
    lacks = []
    for each in api.items("/api/v1/nodes"):
        condition = _condition(each, "Ready")
        if condition.get("status") != "True":
            reason = condition.get("message") or "it has not said anything yet"
            lacks.append(f"{each['metadata']['name']} is not Ready: {reason}")
    return lacks


def _condition(thing: Json, kind: str) -> Json:
    return next((one for one in objects(thing, "status", "conditions") if one["type"] == kind), {})


def pods_not_running(api: AdminApi, namespaces: Collection[str] | None = None) -> list[str]:
    """What keeps pods, all or those of some namespaces, from running; workloads whose pods are not there yet, too."""

    def counts(thing: Json) -> bool:
        return namespaces is None or thing["metadata"].get("namespace") in namespaces

    lacks = []
    for kind, path, wanted_of, field in WORKLOADS:
        for each in filter(counts, api.items(path)):
            wanted, ready = wanted_of(each), each["status"].get(field, 0)
            seen = each["status"].get("observedGeneration", 0) >= each["metadata"].get("generation", 0)
            if not seen or wanted is None or ready < wanted:
                lacks.append(f"{kind} {_name(each)} has {ready} of {wanted} pods ready")
    for pod in filter(counts, api.items("/api/v1/pods")):
        if "deletionTimestamp" in pod["metadata"]:
            lacks.append(f"pod {_name(pod)} is being removed")
        elif not is_finished(pod) and _condition(pod, "Ready").get("status") != "True":
            lacks.append(f"pod {_name(pod)} is not ready: {_reason(pod)}")
    return lacks


def _name(thing: Json) -> str:
    return f"{thing['metadata']['namespace']}/{thing['metadata']['name']}"


def _reason(pod: Json) -> str:
    for each in objects(pod, "status", "containerStatuses"):
        waiting = mapping(each, "state", "waiting")
        if waiting:
            return ": ".join(text for text in (waiting.get("reason"), waiting.get("message")) if text)
    for kind in ("PodScheduled", "Ready"):
        condition = _condition(pod, kind)
        if condition.get("status") == "False" and condition.get("message"):
            return str(condition["message"])
    return str(pod["status"].get("phase", "Pending"))

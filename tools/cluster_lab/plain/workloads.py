"""Which pods the cluster should run, and where: what controllers and the scheduler do.

    Deployment, ReplicaSet, StatefulSet, Job    NAME-0 .. NAME-(n-1)
    DaemonSet                                   NAME-NODE on every node
    CronJob                                     none: it only says that such pods will exist
"""

import json
from collections.abc import Sequence
from hashlib import sha256

from ..errors import LabError
from ..json_files import Json, field, mapping, objects
from .object_kinds import WORKLOADS, PodName, key_of
from .object_store import ObjectStore

TEMPLATE_ANNOTATION = "lab.ovs-cni/template"


def replicas_of(workload: Json) -> int:
    name = "parallelism" if workload["kind"] == "Job" else "replicas"
    count = field(workload, "spec", name)
    if count is None:
        return 1
    if not isinstance(count, int):
        raise LabError(f"{key_of(workload)}: spec.{name} is {json.dumps(count)}: a number belongs there")
    return count


def generated_pods(workload: Json, nodes: Sequence[str]) -> list[Json]:
    """The pods of one workload, as manifests."""
    if any(owner.get("controller") for owner in objects(workload, "metadata", "ownerReferences")):
        return []  # its controller makes the pods
    if workload["kind"] == "DaemonSet":
        return [_generated_pod(workload, node, {"nodeName": node}) for node in nodes]
    return [_generated_pod(workload, str(number), {}) for number in range(replicas_of(workload))]


def _generated_pod(workload: Json, suffix: str, placed: Json) -> Json:
    template = mapping(workload, "spec", "template")
    digest = sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{workload['metadata']['name']}-{suffix}",
            "namespace": workload["metadata"]["namespace"],
            "labels": mapping(template, "metadata", "labels"),
            "annotations": mapping(template, "metadata", "annotations") | {TEMPLATE_ANNOTATION: digest},
            "ownerReferences": [
                {
                    "apiVersion": workload["apiVersion"],
                    "kind": workload["kind"],
                    "name": workload["metadata"]["name"],
                    "uid": workload["metadata"]["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": mapping(template, "spec") | placed,
    }


def template_of(pod: Json) -> str | None:
    """The digest of the template that a generated pod was made from; None for a pod that a manifest declares."""
    digest = field(pod, "metadata", "annotations", TEMPLATE_ANNOTATION)
    return digest if isinstance(digest, str) else None


def desired_pods(store: ObjectStore, nodes: Sequence[str]) -> dict[PodName, Json]:
    """All pods that should exist, finished ones included."""
    desired = {}
    for pod in store.of_kind("Pod"):
        if template_of(pod) is None:
            desired[key_of(pod).pod] = pod
    for workload in store.of_kind(*WORKLOADS):
        for pod in generated_pods(workload, nodes):
            name = key_of(pod).pod
            if name in desired:
                raise LabError(f"{key_of(workload)} would make a pod {name}, which exists already: rename one of them")
            desired[name] = pod
    return desired


def scheduling_order(pod: PodName) -> tuple[str, str, int]:
    """Sorts by namespace and name, NAME-2 before NAME-10."""
    stem, dash, number = pod.name.rpartition("-")
    return (pod.namespace, stem, int(number)) if dash and number.isdecimal() else (pod.namespace, pod.name, -1)

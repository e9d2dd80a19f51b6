"""Which pods the cluster should run, and where: what controllers and the scheduler do.

    Deployment, ReplicaSet, StatefulSet, Job    NAME-0 .. NAME-(n-1)
    DaemonSet                                   NAME-NODE on every node
    CronJob                                     none: it only says that such pods will exist
"""

import json
from hashlib import sha256

from ..errors import LabError
from .object_store import WORKLOADS, key_of

TEMPLATE_ANNOTATION = "lab.ovs-cni/template"
FINISHED = ("Succeeded", "Failed")


def replicas_of(workload):
    spec = workload.get("spec") or {}
    count = spec.get("parallelism" if workload["kind"] == "Job" else "replicas")
    return 1 if count is None else count


def generated_pods(workload, nodes):
    """The pods of one workload, as manifests."""
    if any(owner.get("controller") for owner in workload["metadata"].get("ownerReferences") or []):
        return []  # its controller makes the pods
    names = nodes if workload["kind"] == "DaemonSet" else range(replicas_of(workload))
    return [_generated_pod(workload, suffix, workload["kind"] == "DaemonSet") for suffix in names]


def _generated_pod(workload, suffix, pinned):
    template = (workload.get("spec") or {}).get("template") or {}
    metadata = template.get("metadata") or {}
    digest = sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]
    spec = dict(template.get("spec") or {})
    if pinned:
        spec["nodeName"] = suffix
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{workload['metadata']['name']}-{suffix}",
            "namespace": workload["metadata"]["namespace"],
            "labels": metadata.get("labels") or {},
            "annotations": (metadata.get("annotations") or {}) | {TEMPLATE_ANNOTATION: digest},
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
        "spec": spec,
    }


def template_of(pod):
    """The digest of the template that a generated pod was made from; None for a pod that a manifest declares."""
    return (pod["metadata"].get("annotations") or {}).get(TEMPLATE_ANNOTATION)


def is_finished(pod):
    return (pod.get("status") or {}).get("phase") in FINISHED


def is_host_network(pod):
    return bool((pod.get("spec") or {}).get("hostNetwork"))


def declared_ports(pod):
    """The ports of the pod's containers, sidecars included, as "8080/tcp", in the order of the manifest, each once."""
    spec = pod.get("spec") or {}
    containers = list(spec.get("containers") or [])
    containers += [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    ports = {}
    for container in containers:
        for port in container.get("ports") or []:
            ports[f"{port['containerPort']}/{(port.get('protocol') or 'TCP').lower()}"] = None
    return list(ports)


def desired_pods(store, nodes):
    """All pods that should exist, finished ones included, by (namespace, name)."""
    desired = {}
    for pod in store.of_kind("Pod"):
        if template_of(pod) is None:
            desired[key_of(pod)[1:]] = pod
    for workload in store.of_kind(*WORKLOADS):
        for pod in generated_pods(workload, nodes):
            key = key_of(pod)[1:]
            if key in desired:
                owner = f"{workload['kind']} {key[0]}/{workload['metadata']['name']}"
                raise LabError(f"{owner} would make a pod {key[0]}/{key[1]}, which exists already: rename one of them")
            desired[key] = pod
    return desired


def scheduling_order(key):
    """Sorts by namespace and name, NAME-2 before NAME-10."""
    namespace, name = key
    stem, dash, number = name.rpartition("-")
    return (namespace, stem, int(number)) if dash and number.isdigit() else (namespace, name, -1)

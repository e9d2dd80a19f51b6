"""Makes what runs equal to what the objects ask for.

    desired_pods(objects) ─┬─► gone or replaced: stop
    sandboxes ─────────────┴─► kept: take over labels and ports      new: schedule, start
"""

import json

from .. import node
from .bring_up import in_parallel, progress
from ..errors import LabError
from ..layout import write_json
from .object_store import key_of, text_of
from .pod_runtime import PodRuntime
from .workloads import desired_pods, is_finished, is_host_network, scheduling_order, template_of


class Scheduler:
    """Round-robin over the nodes, going on where the last command stopped."""

    def __init__(self, lab, nodes):
        self.path = lab.folder / "scheduler.json"
        self.nodes = nodes
        self.next = json.loads(self.path.read_text())["next"] if self.path.exists() else 0

    def place(self, pod):
        chosen = (pod.get("spec") or {}).get("nodeName")
        if not chosen:
            chosen = self.nodes[self.next % len(self.nodes)]
            self.next += 1
            write_json(self.path, {"next": self.next % len(self.nodes)})
        return pod | {"spec": (pod.get("spec") or {}) | {"nodeName": chosen}}


def keep_what_runs(manifest, existing):
    """A pod's manifest with what belongs to the running pod, not to the manifest: its node and its status."""
    if is_finished(manifest):
        return manifest
    status = (existing or {}).get("status") or {"phase": "Pending"}
    if is_finished({"status": status}):
        status = {"phase": "Pending"}
    spec = dict(manifest.get("spec") or {})
    placed = ((existing or {}).get("spec") or {}).get("nodeName")
    if placed and not spec.get("nodeName"):
        spec["nodeName"] = placed
    if existing and status["phase"] == "Running":
        for field in ("nodeName", "hostNetwork"):
            if (spec.get(field) or None) != (existing["spec"].get(field) or None):
                raise LabError(
                    f"{text_of(key_of(manifest))} runs: its {field} cannot change; delete the pod first"
                )
    return manifest | {"spec": spec, "status": status}


def converge(lab, parameters, store):
    """Returns one line for each pod that could not be stopped or started."""
    nodes = node.names(parameters)
    runtime = PodRuntime(lab, parameters, store)
    desired = desired_pods(store, nodes)
    wanted = {key: pod for key, pod in desired.items() if not is_finished(pod)}
    running = runtime.sandboxes()
    stale = [key for key, record in running.items() if _is_stale(record, wanted.get(key), store.get(("Pod",) + key))]
    failures = []
    _stop(runtime, store, [running.pop(key) for key in stale], desired, failures)
    for pod in store.of_kind("Pod"):
        key = key_of(pod)
        if template_of(pod) is not None and (key[1:] not in desired or key[1:] in stale):
            store.remove(key)
    for key, record in running.items():
        runtime.refresh(record, store.get(("Pod",) + key))
    still_there = set(runtime.sandboxes())
    fresh = [wanted[key] for key in sorted(wanted, key=scheduling_order) if key not in still_there]
    _start(runtime, Scheduler(lab, nodes), fresh, failures)
    return failures


def _is_stale(record, pod, existing):
    """Whether a sandbox must go: its pod is no longer wanted, was replaced, or never came to run."""
    if pod is None or existing is None or record["state"] != "running":
        return True
    return (
        existing["metadata"]["uid"] != record["uid"]
        or template_of(existing) != template_of(pod)
        or record["host_network"] != is_host_network(pod)
    )


def _stop(runtime, store, records, desired, failures):
    def stop(record):
        try:
            runtime.stop(record)
        except LabError as error:
            failures.append(f"stopping pod {record['namespace']}/{record['name']}: {error}")

    if records:
        progress(f"stopping {len(records)} pod{'s' if len(records) > 1 else ''}")
        in_parallel(stop, records)


def _start(runtime, scheduler, pods, failures):
    def start(pod):
        try:
            runtime.start(pod)
        except LabError as error:
            failures.append(f"starting pod {'/'.join(key_of(pod)[1:])}: {error}")

    if pods:
        placed = [scheduler.place(pod) for pod in pods]
        where = len({pod["spec"]["nodeName"] for pod in placed})
        progress(f"starting {len(pods)} pod{'s' if len(pods) > 1 else ''} on {where} node{'s' if where > 1 else ''}")
        in_parallel(start, placed)

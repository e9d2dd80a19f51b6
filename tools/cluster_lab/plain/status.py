"""What runs and whether the network follows: the commands `pods` and `wait`."""

import json
import time

from .. import node
from .bring_up import faults, in_parallel
from .convergence import converge
from ..errors import LabError
from .object_store import ObjectStore, key_of
from .pod_runtime import PodRuntime
from ..processes import Process
from .workloads import desired_pods, is_finished

RETRY_SECONDS = 0.1


def pods(lab, as_json):
    lab.require_up()
    found = ObjectStore(lab.objects).of_kind("Pod")
    if as_json:
        # A finished pod is no part of the network any more.
        return json.dumps([brief(pod) for pod in found if not is_finished(pod)], indent=1)
    return table(found) if found else "no pods"


def brief(pod):
    """What --json says of a pod."""
    status = pod.get("status") or {}
    return {
        "name": "/".join(key_of(pod)[1:]),
        "node": pod["spec"].get("nodeName"),
        "addresses": [each["ip"] for each in status.get("podIPs") or []],
        "labels": pod["metadata"].get("labels") or {},
    }


def table(found):
    rows = [("POD", "NODE", "PHASE", "ADDRESSES", "LABELS")]
    for pod in found:
        row = brief(pod)
        labels = ",".join(f"{key}={value}" for key, value in sorted(row["labels"].items()))
        phase = (pod.get("status") or {}).get("phase") or "Pending"
        rows.append((row["name"], row["node"] or "-", phase, ",".join(row["addresses"]) or "-", labels))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def wait(lab, seconds):
    """Returns when every pod runs and every node's switch has confirmed the newest state."""
    deadline = time.monotonic() + seconds
    while True:
        missing = _missing(lab, deadline)
        if not missing:
            return
        if time.monotonic() >= deadline:
            raise LabError(f"after {seconds:g} s: " + "; ".join(missing))
        time.sleep(min(RETRY_SECONDS, max(0.0, deadline - time.monotonic())))


def _missing(lab, deadline):
    """What still lacks: processes, pods, nodes that have not installed the newest state. Pods that do not run are
    tried again."""
    with lab.locked():
        parameters = lab.require_up()
        lacks = faults(lab, parameters)
        if lacks:
            return lacks
        nodes = node.names(parameters)
        store = ObjectStore(lab.objects)
        if not _all_run(lab, parameters, store, nodes):
            lacks += converge(lab, parameters, store)
    return lacks + unsynchronised(lab, nodes, deadline)


def _all_run(lab, parameters, store, nodes):
    wanted = {key for key, pod in desired_pods(store, nodes).items() if not is_finished(pod)}
    records = PodRuntime(lab, parameters, store).sandboxes()
    return wanted == set(records) and all(_runs(record) for record in records.values())


def _runs(record):
    responder = Process.from_record(record.get("responder"))
    return record["state"] == "running" and (responder is None or responder.alive())


def unsynchronised(lab, nodes, deadline):
    """What keeps the nodes' switches from the newest state."""
    answers = {}

    def ask(name):
        answers[name] = node.request(lab, name, "/debug/sync", timeout=max(0.5, min(10.0, deadline - time.monotonic())))

    in_parallel(ask, nodes)
    return [f"{name}: {body or status}" for name, (status, body) in sorted(answers.items()) if status != 200]

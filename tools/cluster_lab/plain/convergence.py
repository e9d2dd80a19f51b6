"""Makes what runs equal to what the objects ask for.

    desired_pods(objects) ─┬─► gone or replaced: stop
    sandboxes ─────────────┴─► kept: take over labels and ports      new: schedule, start
"""

from collections.abc import Callable, Sequence

from ..errors import LabError
from ..json_files import Json, field, mapping
from ..layout import Lab
from ..parameters import Parameters
from ..pods import is_finished, is_host_network
from ..progress import in_parallel, progress
from .object_kinds import PodName, key_of, pod_key
from .object_store import ObjectStore
from .pod_runtime import PodRuntime
from .sandbox import Sandbox, sandboxes
from .scheduler import Scheduler
from .workloads import desired_pods, scheduling_order, template_of


def keep_what_runs(manifest: Json, existing: Json | None) -> Json:
    """A pod's manifest with what belongs to the running pod, not to the manifest: its node and its status."""
    if is_finished(manifest):
        return manifest
    status = mapping(existing, "status") or {"phase": "Pending"}
    if is_finished({"status": status}):
        status = {"phase": "Pending"}
    spec = dict(mapping(manifest, "spec"))
    placed = field(existing, "spec", "nodeName")
    if placed and not spec.get("nodeName"):
        spec["nodeName"] = placed
    if existing and status.get("phase") == "Running":
        for name in ("nodeName", "hostNetwork"):
            if (spec.get(name) or None) != (field(existing, "spec", name) or None):
                raise LabError(f"{key_of(manifest)} runs: its {name} cannot change; delete the pod first")
    return manifest | {"spec": spec, "status": status}


def converge(lab: Lab, parameters: Parameters, store: ObjectStore) -> list[str]:
    """Returns one line for each pod that could not be stopped or started."""
    nodes = parameters.node_names()
    runtime = PodRuntime(lab, parameters, store)
    desired = desired_pods(store, nodes)
    wanted = {name: pod for name, pod in desired.items() if not is_finished(pod)}
    running = sandboxes(lab)
    stale = [name for name, each in running.items() if _is_stale(each, wanted.get(name), store.get(pod_key(name)))]
    failures: list[str] = []
    _stop(runtime, [running.pop(name) for name in stale], failures)
    for pod in store.of_kind("Pod"):
        name = key_of(pod).pod
        if template_of(pod) is not None and (name not in desired or name in stale):
            store.remove(key_of(pod))
    for name, sandbox in running.items():
        runtime.refresh(sandbox, store[pod_key(name)])
    still_there = set(sandboxes(lab))
    fresh = [wanted[name] for name in sorted(wanted, key=scheduling_order) if name not in still_there]
    _start(runtime, Scheduler(lab, nodes), fresh, failures)
    return failures


def _is_stale(sandbox: Sandbox, pod: Json | None, existing: Json | None) -> bool:
    """Whether a sandbox must go: its pod is no longer wanted, was replaced, or never came to run."""
    if pod is None or existing is None or sandbox.state != "running":
        return True
    return (
        existing["metadata"]["uid"] != sandbox.uid
        or template_of(existing) != template_of(pod)
        or sandbox.host_network != is_host_network(pod)
    )


def _stop(runtime: PodRuntime, found: Sequence[Sandbox], failures: list[str]) -> None:
    def stop(sandbox: Sandbox) -> None:
        _noting(failures, f"stopping pod {sandbox.pod}", lambda: runtime.stop(sandbox))

    if found:
        progress(f"stopping {len(found)} pod{'s' if len(found) > 1 else ''}")
        in_parallel(stop, found)


def _start(runtime: PodRuntime, scheduler: Scheduler, pods: Sequence[Json], failures: list[str]) -> None:
    def start(pod: Json) -> None:
        _noting(failures, f"starting pod {_name(pod)}", lambda: runtime.start(pod))

    placed: list[Json] = []

    def place(pod: Json) -> None:
        _noting(failures, f"starting pod {_name(pod)}", lambda: placed.append(scheduler.place(pod)))

    for pod in pods:
        place(pod)
    if placed:
        where = len({pod["spec"]["nodeName"] for pod in placed})
        progress(
            f"starting {len(placed)} pod{'s' if len(placed) > 1 else ''} on {where} node{'s' if where > 1 else ''}"
        )
        in_parallel(start, placed)


def _name(pod: Json) -> PodName:
    return key_of(pod).pod


def _noting(failures: list[str], what: str, action: Callable[[], object]) -> None:
    """A pod that fails is on the list of failures, and the others go on."""
    try:
        action()
    except LabError as error:
        failures.append(f"{what}: {error}")

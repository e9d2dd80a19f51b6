"""Runs manifests whose images nobody here can pull: agnhost answers in their place, on the ports that they declare.

A lab has no registry and no way to one. What a pod would compute is not the lab's business, only who reaches it; so a
container whose image the nodes do not have becomes agnhost, one server for each declared port.
"""

from collections.abc import Collection

from ..json_files import Json, mapping, objects
from ..pods import declared_ports
from .programs import image_name

WORKLOAD_KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
KEPT = ("name", "ports")


def replace_images(manifest: Json, known: Collection[str]) -> tuple[Json, list[str]]:
    """The manifest with its unknown images replaced, and the names of those images, each once."""
    if manifest["kind"] == "Pod":
        spec, replaced = _pod_spec(mapping(manifest, "spec"), known, ends=False)
        return manifest | {"spec": spec}, replaced
    if manifest["kind"] not in WORKLOAD_KINDS:
        return manifest, []
    workload = mapping(manifest, "spec")
    template = mapping(workload, "template")
    spec, replaced = _pod_spec(mapping(template, "spec"), known, ends=manifest["kind"] == "Job")
    return manifest | {"spec": workload | {"template": template | {"spec": spec}}}, replaced


def _pod_spec(spec: Json, known: Collection[str], ends: bool) -> tuple[Json, list[str]]:
    replaced: list[str] = []
    changed = dict(spec)
    for field in ("initContainers", "containers"):
        containers = []
        for container in objects(spec, field):
            if container.get("image") not in known:
                replaced.append(str(container.get("image") or "none"))
                goes_on = (field == "containers" and not ends) or container.get("restartPolicy") == "Always"
                container = _stand_in(container, goes_on)
            containers.append(container)
        if containers:
            changed[field] = containers
    return changed, list(dict.fromkeys(replaced))


def _stand_in(container: Json, goes_on: bool) -> Json:
    """`goes_on`: the container is expected to run; one that initialises or does a job ends at once."""
    kept = {key: container[key] for key in (*KEPT, "restartPolicy") if key in container}
    script = "exit 0"
    if goes_on:
        ports = declared_ports({"spec": {"containers": [container]}})
        script = " ".join(f"{_server(port)} &" for port in ports) + " exec /agnhost pause"
    return kept | {"image": image_name("agnhost"), "command": ["/bin/sh", "-c", script]}


def _server(text: str) -> str:
    port, _, protocol = text.partition("/")
    # netexec always serves HTTP: where only datagrams are asked for, on a port that the kernel chooses.
    options = {
        "tcp": f"--http-port={port} --udp-port=-1",
        "udp": f"--http-port=0 --udp-port={port}",
        "sctp": f"--http-port=0 --udp-port=-1 --sctp-port={port}",
    }
    return f"/agnhost netexec {options[protocol]}"

"""Runs manifests whose images nobody here can pull: agnhost answers in their place, on the ports that they declare.

A lab has no registry and no way to one. What a pod would compute is not the lab's business, only who reaches it; so a
container whose image the nodes do not have becomes agnhost, one server for each declared port.
"""

from ..plain.workloads import declared_ports
from .programs import image_name

WORKLOAD_KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
KEPT = ("name", "ports")


def replace_images(manifest, known):
    """The manifest with its unknown images replaced, and the names of those images, each once."""
    if manifest["kind"] == "Pod":
        spec, replaced = _pod_spec(manifest.get("spec") or {}, known, ends=False)
        return manifest | {"spec": spec}, replaced
    if manifest["kind"] not in WORKLOAD_KINDS:
        return manifest, []
    workload = manifest.get("spec") or {}
    template = workload.get("template") or {}
    spec, replaced = _pod_spec(template.get("spec") or {}, known, ends=manifest["kind"] == "Job")
    return manifest | {"spec": workload | {"template": template | {"spec": spec}}}, replaced


def _pod_spec(spec, known, ends):
    replaced, changed = [], dict(spec)
    for field in ("initContainers", "containers"):
        containers = []
        for container in spec.get(field) or []:
            if container.get("image") not in known:
                replaced.append(container.get("image") or "none")
                goes_on = (field == "containers" and not ends) or container.get("restartPolicy") == "Always"
                container = _stand_in(container, goes_on)
            containers.append(container)
        if containers:
            changed[field] = containers
    return changed, list(dict.fromkeys(replaced))


def _stand_in(container, goes_on):
    """`goes_on`: the container is expected to run; one that initialises or does a job ends at once."""
    kept = {key: container[key] for key in (*KEPT, "restartPolicy") if key in container}
    script = "exit 0"
    if goes_on:
        ports = declared_ports({"spec": {"containers": [container]}})
        script = " ".join(f"{_server(port)} &" for port in ports) + " exec /agnhost pause"
    return kept | {"image": image_name("agnhost"), "command": ["/bin/sh", "-c", script]}


def _server(text):
    port, _, protocol = text.partition("/")
    # netexec always serves HTTP: where only datagrams are asked for, on a port that the kernel chooses.
    options = {
        "tcp": f"--http-port={port} --udp-port=-1",
        "udp": f"--http-port=0 --udp-port={port}",
        "sctp": f"--http-port=0 --udp-port=-1 --sctp-port={port}",
    }
    return f"/agnhost netexec {options[protocol]}"

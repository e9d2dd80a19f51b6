"""What an object of kind Pod says, whichever kind of lab it is from."""

from collections.abc import Sequence

from .errors import LabError
from .json_files import Json, field, mapping, objects

FINISHED = ("Succeeded", "Failed")


def name_of(pod: Json) -> str:
    """NAMESPACE/NAME."""
    return f"{field(pod, 'metadata', 'namespace') or 'default'}/{field(pod, 'metadata', 'name')}"


def is_finished(pod: Json) -> bool:
    return field(pod, "status", "phase") in FINISHED


def is_host_network(pod: Json) -> bool:
    return bool(field(pod, "spec", "hostNetwork"))


def labels_of(pod: Json) -> dict[str, str]:
    return mapping(pod, "metadata", "labels")


def addresses_of(pod: Json) -> list[str]:
    return [each["ip"] for each in objects(pod, "status", "podIPs") if "ip" in each]


def declared_ports(pod: Json) -> list[str]:
    """The ports of the pod's containers, sidecars included, as "8080/tcp", in the order of the manifest, each once."""
    containers = objects(pod, "spec", "containers")
    containers += [one for one in objects(pod, "spec", "initContainers") if one.get("restartPolicy") == "Always"]
    ports: dict[str, None] = {}
    for container in containers:
        for port in objects(container, "ports"):
            if not isinstance(port.get("containerPort"), int):
                where = f"pod {name_of(pod)}: container '{container.get('name')}'"
                raise LabError(f"{where}: one of its ports has no containerPort")
            ports[f"{port['containerPort']}/{str(port.get('protocol') or 'TCP').lower()}"] = None
    return list(ports)


def brief(pod: Json) -> Json:
    """What --json says of a pod."""
    return {
        "name": name_of(pod),
        "node": field(pod, "spec", "nodeName"),
        "addresses": addresses_of(pod),
        "labels": labels_of(pod),
    }


def table(found: Sequence[Json]) -> str:
    rows = [("POD", "NODE", "PHASE", "ADDRESSES", "LABELS")]
    for pod in found:
        labels = ",".join(f"{key}={value}" for key, value in sorted(labels_of(pod).items()))
        node, phase = field(pod, "spec", "nodeName") or "-", field(pod, "status", "phase") or "Pending"
        rows.append((name_of(pod), node, phase, ",".join(addresses_of(pod)) or "-", labels))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)

"""The cluster's objects: what the API server would hold. One JSON file each, in the folder that every agent watches.

Only kinds that mean something to the network are kept; the rest of a manifest is skipped.
"""

import json
import time
import uuid
from hashlib import sha256

from ..errors import LabError
from ..layout import write_json

# kind -> (apiVersion without the version, is namespaced, names that a command line may use)
KINDS = {
    "Namespace": ("", False, ("ns", "namespaces")),
    "Node": ("", False, ("no", "nodes")),
    "Pod": ("", True, ("po", "pods")),
    "Deployment": ("apps", True, ("deploy", "deployments")),
    "StatefulSet": ("apps", True, ("sts", "statefulsets")),
    "DaemonSet": ("apps", True, ("ds", "daemonsets")),
    "ReplicaSet": ("apps", True, ("rs", "replicasets")),
    "Job": ("batch", True, ("jobs",)),
    "CronJob": ("batch", True, ("cj", "cronjobs")),
    "NetworkPolicy": ("networking.k8s.io", True, ("netpol", "networkpolicies")),
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


def kind_of(word):
    """The kind that a command line means by this word."""
    lower = word.lower()
    for kind, (_, _, aliases) in KINDS.items():
        if lower == kind.lower() or lower in aliases:
            return kind
    raise LabError(f"unknown kind '{word}': use one of {', '.join(KINDS)}")


def matters(manifest):
    """Whether the network cares about an object of this kind and group."""
    known = KINDS.get(manifest.get("kind"))
    group = manifest.get("apiVersion", "").rpartition("/")[0]
    return known is not None and known[0] == group


def key_of(manifest):
    """(kind, namespace, name); the namespace is "" for kinds that have none and "default" where it is left out."""
    metadata = manifest.get("metadata") or {}
    kind = manifest["kind"]
    namespace = (metadata.get("namespace") or "default") if KINDS[kind][1] else ""
    return kind, namespace, metadata["name"]


def text_of(key):
    kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def key_from(kind, text):
    """The key of an object that a command line names as [NAMESPACE/]NAME."""
    namespace, slash, name = text.rpartition("/")
    if not KINDS[kind][1]:
        if slash:
            raise LabError(f"a {kind} has no namespace: write {name}, not {text}")
        return kind, "", name
    return kind, namespace or "default", name


class ObjectStore:
    def __init__(self, folder):
        self.folder = folder
        self._objects = {}
        for path in folder.glob("*.json"):
            if not path.name.startswith("."):
                stored = json.loads(path.read_text())
                self._objects[key_of(stored)] = stored

    def _path(self, key):
        name = ".".join(part for part in key if part).lower()
        if len(name) > 200:
            name = name[:150] + "." + sha256(name.encode()).hexdigest()[:16]
        return self.folder / (name + ".json")

    def get(self, key):
        return self._objects.get(key)

    def of_kind(self, *kinds):
        """All objects of these kinds, sorted by key."""
        return [stored for key, stored in sorted(self._objects.items()) if key[0] in kinds]

    def in_namespace(self, namespace):
        return [key for key in sorted(self._objects) if key[1] == namespace]

    def put(self, manifest):
        """Stores the object as the API server would: with its namespace, uid and time of creation, kept when it is
        replaced. Returns whether anything changed."""
        key = key_of(manifest)
        before = self._objects.get(key)
        metadata = dict(manifest.get("metadata") or {})
        if key[1]:
            metadata["namespace"] = key[1]
        kept = before["metadata"] if before else {}
        for field, fresh in (("uid", lambda: str(uuid.uuid4())), ("creationTimestamp", _now)):
            metadata[field] = kept.get(field) or metadata.get(field) or fresh()
        stored = manifest | {"metadata": metadata}
        if stored == before:
            return False
        if key[1]:
            self._require_namespace(key[1])
        self._objects[key] = stored
        write_json(self._path(key), stored)
        return True

    def _require_namespace(self, namespace):
        """An object's namespace exists, whether a manifest declared it or not: policies select namespaces by their
        labels."""
        if ("Namespace", "", namespace) not in self._objects:
            labels = {"kubernetes.io/metadata.name": namespace}
            self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})

    def remove(self, key):
        if self._objects.pop(key, None) is not None:
            self._path(key).unlink()


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

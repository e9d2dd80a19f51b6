"""The kinds of objects that mean something to the network, and how an object is named. The rest of a manifest is
skipped."""

from typing import NamedTuple

from ..errors import LabError
from ..json_files import Json, field


class ObjectKind(NamedTuple):
    group: str  # the apiVersion without the version
    is_namespaced: bool
    aliases: tuple[str, ...]  # names that a command line may use


KINDS = {
    "Namespace": ObjectKind("", False, ("ns", "namespaces")),
    "Node": ObjectKind("", False, ("no", "nodes")),
    "Pod": ObjectKind("", True, ("po", "pods")),
    "Deployment": ObjectKind("apps", True, ("deploy", "deployments")),
    "StatefulSet": ObjectKind("apps", True, ("sts", "statefulsets")),
    "DaemonSet": ObjectKind("apps", True, ("ds", "daemonsets")),
    "ReplicaSet": ObjectKind("apps", True, ("rs", "replicasets")),
    "Job": ObjectKind("batch", True, ("jobs",)),
    "CronJob": ObjectKind("batch", True, ("cj", "cronjobs")),
    "NetworkPolicy": ObjectKind("networking.k8s.io", True, ("netpol", "networkpolicies")),
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


class PodName(NamedTuple):
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Key(NamedTuple):
    """What names an object. The namespace is "" for kinds that have none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def pod(self) -> PodName:
        """Of a pod, without its kind."""
        return PodName(self.namespace, self.name)


def pod_key(pod: PodName) -> Key:
    return Key("Pod", *pod)


def kind_of(word: str) -> str:
    """The kind that a command line means by this word."""
    lower = word.lower()
    for kind, known in KINDS.items():
        if lower == kind.lower() or lower in known.aliases:
            return kind
    raise LabError(f"unknown kind '{word}': use one of {', '.join(KINDS)}")


def matters(manifest: Json) -> bool:
    """Whether the network cares about an object of this kind and group."""
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str):
        return False
    return kind in KINDS and KINDS[kind].group == version.rpartition("/")[0]


def key_of(manifest: Json) -> Key:
    """Of an object that matters; the namespace is "default" where it is left out."""
    kind = manifest["kind"]
    namespace = (field(manifest, "metadata", "namespace") or "default") if KINDS[kind].is_namespaced else ""
    return Key(kind, namespace, manifest["metadata"]["name"])


def key_from(kind: str, text: str) -> Key:
    """The key of an object that a command line names as [NAMESPACE/]NAME."""
    namespace, slash, name = text.rpartition("/")
    if not KINDS[kind].is_namespaced:
        if slash:
            raise LabError(f"a {kind} has no namespace: write {name}, not {text}")
        return Key(kind, "", name)
    return Key(kind, namespace or "default", name)

"""The commands that change the cluster's objects: apply, delete, scale, label. Each ends in `converge`."""

from collections.abc import Iterator, Mapping, Sequence

from .. import manifests
from ..errors import LabError
from ..json_files import Json, field, mapping
from ..layout import Lab
from ..parameters import Parameters
from .convergence import converge, keep_what_runs
from .object_kinds import KINDS, WORKLOADS, Key, key_from, key_of, kind_of, matters
from .object_store import ObjectStore
from .scheduler import require_node

# Whatever a pod needs to be isolated from its first packet is there before it.
ORDER = [kind for kind in KINDS if kind != "Pod"] + ["Pod"]
SCALABLE = {"Deployment": "replicas", "ReplicaSet": "replicas", "StatefulSet": "replicas", "Job": "parallelism"}


def apply(lab: Lab, paths: Sequence[str]) -> Iterator[str]:
    """Yields a line for each object; pods run when it ends."""
    parameters = lab.require_up()
    wanted = _objects(paths)
    with lab.locked():
        store = ObjectStore(lab.objects)
        changes = [_prepared(manifest, store, parameters.node_names()) for manifest in wanted]
        changes.sort(key=lambda manifest: ORDER.index(manifest["kind"]))
        for manifest in changes:
            key = key_of(manifest)
            known = store.get(key) is not None
            changed = store.put(manifest)
            yield f"{key} {'unchanged' if not changed else 'configured' if known else 'created'}"
        _converge(lab, parameters, store)


def _objects(paths: Sequence[str]) -> list[Json]:
    return [document["object"] for document in manifests.read(paths) if matters(document["object"])]


def _prepared(manifest: Json, store: ObjectStore, nodes: Sequence[str]) -> Json:
    """The object to store for a manifest: nothing is stored before all were prepared."""
    key = key_of(manifest)
    existing = store.get(key)
    if key.kind == "Node":
        if existing is None:
            has = ", ".join(nodes)
            raise LabError(f"{key} is not a node of this lab ({has}): nodes come with the lab only")
        labels = mapping(existing, "metadata", "labels") | mapping(manifest, "metadata", "labels")
        return existing | {"metadata": existing["metadata"] | {"labels": labels}}
    if key.kind == "Pod":
        require_node(key, field(manifest, "spec", "nodeName"), nodes)
        return keep_what_runs(manifest, existing)
    if key.kind in WORKLOADS:
        require_node(key, field(manifest, "spec", "template", "spec", "nodeName"), nodes)
    return manifest


def delete_files(lab: Lab, paths: Sequence[str]) -> Iterator[str]:
    keys = [key_of(manifest) for manifest in _objects(paths)]
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        for key in keys:
            if store.get(key) is None:
                yield f"{key} was not there"
            else:
                yield from _remove(store, key)
        _converge(lab, parameters, store)


def delete_one(lab: Lab, kind: str, name: str) -> Iterator[str]:
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        yield from _remove(store, _existing(store, kind, name))
        _converge(lab, parameters, store)


def _remove(store: ObjectStore, key: Key) -> Iterator[str]:
    if key.kind == "Node":
        raise LabError(f"{key} cannot be deleted: nodes come with the lab")
    if key.kind == "Namespace":
        for inner in store.in_namespace(key.name):
            store.remove(inner)
            yield f"{inner} deleted"
    store.remove(key)
    yield f"{key} deleted"


def scale(lab: Lab, kind: str, name: str, count: int) -> Iterator[str]:
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        key = _existing(store, kind, name)
        if key.kind not in SCALABLE:
            raise LabError(f"a {key.kind} cannot be scaled: {', '.join(SCALABLE)} can")
        stored = store[key]
        store.put(stored | {"spec": mapping(stored, "spec") | {SCALABLE[key.kind]: count}})
        yield f"{key} scaled to {count}"
        _converge(lab, parameters, store)


def label(lab: Lab, kind: str, name: str, changes: Mapping[str, str | None]) -> Iterator[str]:
    """`changes` maps a key to its new value, or to None for a label to be removed."""
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        key = _existing(store, kind, name)
        stored = store[key]
        labels = mapping(stored, "metadata", "labels") | dict(changes)
        labels = {each: value for each, value in labels.items() if value is not None}
        changed = stored | {"metadata": stored["metadata"] | {"labels": labels}}
        manifests.check(changed)
        store.put(changed)
        yield f"{key} labelled"
        _converge(lab, parameters, store)


def _existing(store: ObjectStore, kind: str, name: str) -> Key:
    key = key_from(kind_of(kind), name)
    if store.get(key) is None:
        raise LabError(f"there is no {key}")
    return key


def _converge(lab: Lab, parameters: Parameters, store: ObjectStore) -> None:
    failures = converge(lab, parameters, store)
    if failures:
        raise LabError("\n".join(failures))

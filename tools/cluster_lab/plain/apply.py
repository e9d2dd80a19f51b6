"""The commands that change the cluster's objects: apply, delete, scale, label. Each ends in `converge`."""

from .. import manifests, node
from .convergence import converge, keep_what_runs
from ..errors import LabError
from .object_store import KINDS, WORKLOADS, ObjectStore, key_from, key_of, kind_of, matters, text_of

# Whatever a pod needs to be isolated from its first packet is there before it.
ORDER = list(KINDS)
SCALABLE = {"Deployment": "replicas", "ReplicaSet": "replicas", "StatefulSet": "replicas", "Job": "parallelism"}


def apply(lab, paths):
    """Yields a line for each object; pods run when it ends."""
    parameters = lab.require_up()
    found = [document["object"] for document in manifests.read(paths)]
    wanted = [manifest for manifest in found if isinstance(manifest, dict) and matters(manifest)]
    with lab.locked():
        store = ObjectStore(lab.objects)
        changes = [_prepared(manifest, store, node.names(parameters)) for manifest in wanted]
        changes.sort(key=lambda manifest: ORDER.index(manifest["kind"]) if manifest["kind"] != "Pod" else len(ORDER))
        for manifest in changes:
            known = store.get(key_of(manifest)) is not None
            changed = store.put(manifest)
            yield f"{text_of(key_of(manifest))} {'unchanged' if not changed else 'configured' if known else 'created'}"
        _converge(lab, parameters, store)


def _prepared(manifest, store, nodes):
    """The object to store for a manifest: nothing is stored before all were prepared."""
    key = key_of(manifest)
    existing = store.get(key)
    if key[0] == "Node":
        if existing is None:
            has = ", ".join(nodes)
            raise LabError(f"{text_of(key)} is not a node of this lab ({has}): nodes come with the lab only")
        labels = existing["metadata"]["labels"] | (manifest["metadata"].get("labels") or {})
        return existing | {"metadata": existing["metadata"] | {"labels": labels}}
    if key[0] == "Pod":
        _require_node(key, manifest.get("spec") or {}, nodes)
        return keep_what_runs(manifest, existing)
    if key[0] in WORKLOADS:
        template = (manifest.get("spec") or {}).get("template") or {}
        _require_node(key, template.get("spec") or {}, nodes)
    return manifest


def _require_node(key, spec, nodes):
    chosen = spec.get("nodeName")
    if chosen and chosen not in nodes:
        has = ", ".join(nodes)
        raise LabError(f"{text_of(key)} asks for node '{chosen}', which this lab does not have: it has {has}")


def delete_files(lab, paths):
    found = [document["object"] for document in manifests.read(paths)]
    keys = [key_of(manifest) for manifest in found if isinstance(manifest, dict) and matters(manifest)]
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        for key in keys:
            if store.get(key) is None:
                yield f"{text_of(key)} was not there"
            else:
                yield from _remove(store, key)
        _converge(lab, parameters, store)


def delete_one(lab, kind, name):
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        yield from _remove(store, _existing(store, kind, name))
        _converge(lab, parameters, store)


def _remove(store, key):
    if key[0] == "Node":
        raise LabError(f"{text_of(key)} cannot be deleted: nodes come with the lab")
    if key[0] == "Namespace":
        for inner in store.in_namespace(key[2]):
            store.remove(inner)
            yield f"{text_of(inner)} deleted"
    store.remove(key)
    yield f"{text_of(key)} deleted"


def scale(lab, kind, name, count):
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        key = _existing(store, kind, name)
        if key[0] not in SCALABLE:
            raise LabError(f"a {key[0]} cannot be scaled: {', '.join(SCALABLE)} can")
        stored = store.get(key)
        store.put(stored | {"spec": (stored.get("spec") or {}) | {SCALABLE[key[0]]: count}})
        yield f"{text_of(key)} scaled to {count}"
        _converge(lab, parameters, store)


def label(lab, kind, name, changes):
    """`changes` maps a key to its new value, or to None for a label to be removed."""
    parameters = lab.require_up()
    with lab.locked():
        store = ObjectStore(lab.objects)
        key = _existing(store, kind, name)
        stored = store.get(key)
        labels = (stored["metadata"].get("labels") or {}) | changes
        labels = {each: value for each, value in labels.items() if value is not None}
        changed = stored | {"metadata": stored["metadata"] | {"labels": labels}}
        manifests.check(changed)
        store.put(changed)
        yield f"{text_of(key)} labelled"
        _converge(lab, parameters, store)


def _existing(store, kind, name):
    key = key_from(kind_of(kind), name)
    if store.get(key) is None:
        raise LabError(f"there is no {text_of(key)}")
    return key


def _converge(lab, parameters, store):
    failures = converge(lab, parameters, store)
    if failures:
        raise LabError("\n".join(failures))

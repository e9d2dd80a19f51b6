"""The commands that change a real cluster's objects: apply, delete, scale, label. kubectl does the work."""

from .. import manifests
from ..bring_up import progress
from . import status
from .api import kubectl
from .programs import image_names
from .stand_in import replace_images

APPLY_SECONDS = 120.0
# What others of the same command need to be there: kubectl applies in the order that it is given.
FIRST = ("CustomResourceDefinition", "Namespace", "ServiceAccount", "ConfigMap", "Secret", "NetworkPolicy")


def apply(lab, paths):
    """A line for each object, as kubectl says it; pods of their namespaces run when it ends."""
    lab.require_up()
    found = _objects(paths)
    # As in a plain lab, a namespace that no manifest declares exists as soon as something is in it.
    declared = {each["metadata"]["name"] for each in found if each["kind"] == "Namespace"}
    spaces = {each["metadata"]["namespace"] for each in found if "namespace" in each["metadata"]}
    missing = [name for name in sorted(spaces - declared) if not _exists(lab, name)]
    found += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in missing]
    found.sort(key=lambda each: FIRST.index(each["kind"]) if each["kind"] in FIRST else len(FIRST))
    yield from kubectl(lab, ["apply", "-f", "-"], _list([_runnable(each) for each in found])).splitlines()
    touched = spaces | declared | {"default"}
    status.wait_for_pods(lab, touched, APPLY_SECONDS)


def _objects(paths):
    """All objects of the manifests, those in lists too."""
    found = []
    for document in manifests.read(paths):
        if isinstance(document["object"], dict):
            found.append(document["object"])
    return found


def _exists(lab, name):
    return bool(kubectl(lab, ["get", "namespace", name, "--ignore-not-found", "-o", "name"]))


def _runnable(manifest):
    manifest, replaced = replace_images(manifest, image_names())
    for image in replaced:
        name = manifest["metadata"].get("name")
        progress(f"{manifest['kind']} {name}: agnhost stands in for the image {image}, which the nodes do not have")
    return manifest


def _list(objects):
    return {"apiVersion": "v1", "kind": "List", "items": objects}


def delete_files(lab, paths):
    lab.require_up()
    found = _list(_objects(paths)[::-1])
    yield from kubectl(lab, ["delete", "--ignore-not-found", "-f", "-"], found).splitlines()


def delete_one(lab, kind, name):
    lab.require_up()
    return kubectl(lab, ["delete", kind, *_named(name)]).splitlines()


def scale(lab, kind, name, count):
    lab.require_up()
    yield from kubectl(lab, ["scale", f"--replicas={count}", kind, *_named(name)]).splitlines()
    status.wait_for_pods(lab, {_namespace_of(name)}, APPLY_SECONDS)


def label(lab, kind, name, changes):
    lab.require_up()
    words = [f"{key}-" if value is None else f"{key}={value}" for key, value in changes.items()]
    return kubectl(lab, ["label", "--overwrite", kind, *_named(name), *words]).splitlines()


def _named(text):
    """[NAMESPACE/]NAME as kubectl wants it."""
    namespace, slash, name = text.rpartition("/")
    return [name, "--namespace", namespace] if slash else [name]


def _namespace_of(text):
    return text.rpartition("/")[0] or "default"

"""The commands that change a real cluster's objects: apply, delete, scale, label. kubectl does the work."""

from .. import manifests
from ..plain.bring_up import progress
from . import status
from .api import AdminApi, kubectl
from .programs import image_names
from .stand_in import replace_images

APPLY_SECONDS = 120.0
ACCOUNT_SECONDS = 30.0
# What others of the same command need to be there: these are applied by themselves, before the rest.
FOUNDATIONS = ("CustomResourceDefinition", "Namespace")
# kubectl applies in the order that it is given: whatever isolates a pod is there before it.
EARLY = ("ServiceAccount", "ConfigMap", "Secret", "NetworkPolicy")


def apply(lab, paths):
    """A line for each object, as kubectl says it; pods of their namespaces run when it ends."""
    api = AdminApi.of(lab, lab.require_up())
    found = _objects(paths)
    foundations = [each for each in found if each["kind"] in FOUNDATIONS]
    rest = [_runnable(each) for each in found if each["kind"] not in FOUNDATIONS]
    rest.sort(key=lambda each: EARLY.index(each["kind"]) if each["kind"] in EARLY else len(EARLY))
    spaces = {_namespace_in(each) for each in rest}
    # As in a plain lab, a namespace that no manifest declares exists as soon as something is in it.
    declared = {each["metadata"]["name"] for each in foundations}
    there = {each["metadata"]["name"] for each in api.items("/api/v1/namespaces")}
    foundations += [_namespace(name) for name in sorted(spaces - declared - there)]
    if foundations:
        yield from kubectl(lab, ["apply", "-f", "-"], _list(foundations)).splitlines()
    if rest:
        status.until_none(lambda _: _without_account(api, spaces), ACCOUNT_SECONDS)
        yield from kubectl(lab, ["apply", "-f", "-"], _list(rest)).splitlines()
        status.wait_for_pods(lab, spaces, APPLY_SECONDS)


def _namespace_in(manifest):
    """Where the object is; for one that is in none, where it does no harm to look."""
    return manifest["metadata"].get("namespace") or "default"


def _namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _without_account(api, spaces):
    """The namespaces that are too young for a pod: it needs the account that a controller makes."""
    accounts = {
        each["metadata"]["namespace"]
        for each in api.items("/api/v1/serviceaccounts")
        if each["metadata"]["name"] == "default"
    }
    return [f"namespace {name} has no default service account yet" for name in sorted(spaces - accounts)]


def _objects(paths):
    """All objects of the manifests, those in lists too."""
    found = []
    for document in manifests.read(paths):
        if isinstance(document["object"], dict):
            found.append(document["object"])
    return found


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

"""The commands that change a real cluster's objects: apply, delete, scale, label. kubectl does the work."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from .. import manifests
from ..errors import LabError
from ..json_files import Json
from ..layout import Lab
from ..parameters import KubernetesParameters
from ..progress import progress
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


def apply(lab: Lab, parameters: KubernetesParameters, paths: Sequence[str]) -> Iterator[str]:
    """A line for each object, as kubectl says it; pods of their namespaces run when it ends."""
    api = AdminApi.of(lab, parameters)
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
        status.wait_for_pods(lab, parameters, spaces, APPLY_SECONDS)


def _namespace_in(manifest: Json) -> str:
    """Where the object is; for one that is in none, where it does no harm to look."""
    return manifest["metadata"].get("namespace") or "default"


def _namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _without_account(api: AdminApi, spaces: Collection[str]) -> list[str]:
    """The namespaces that are too young for a pod: it needs the account that a controller makes."""
    accounts = {
        each["metadata"]["namespace"]
        for each in api.items("/api/v1/serviceaccounts")
        if each["metadata"]["name"] == "default"
    }
    return [f"namespace {name} has no default service account yet" for name in sorted(set(spaces) - accounts)]


def _objects(paths: Sequence[str]) -> list[Json]:
    """All objects of the manifests, those in lists too."""
    found = []
    for document in manifests.read(paths):
        manifest, place = document["object"], f"{document['file']}:{document['line']}"
        if not isinstance(manifest.get("kind"), str):
            raise LabError(f"{place}: an object without a kind: write which it is")
        if not isinstance(manifest.get("metadata"), dict) or not isinstance(manifest["metadata"].get("name"), str):
            raise LabError(f"{place}: {manifest['kind']}: it has no metadata.name: write one")
        found.append(manifest)
    return found


def _runnable(manifest: Json) -> Json:
    manifest, replaced = replace_images(manifest, image_names())
    for image in replaced:
        name = manifest["metadata"].get("name")
        progress(f"{manifest['kind']} {name}: agnhost stands in for the image {image}, which the nodes do not have")
    return manifest


def _list(objects: Iterable[Json]) -> Json:
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def delete_files(lab: Lab, paths: Sequence[str]) -> Iterator[str]:
    found = _list(_objects(paths)[::-1])
    yield from kubectl(lab, ["delete", "--ignore-not-found", "-f", "-"], found).splitlines()


def delete_one(lab: Lab, kind: str, name: str) -> list[str]:
    return kubectl(lab, ["delete", kind, *_named(name)]).splitlines()


def scale(lab: Lab, parameters: KubernetesParameters, kind: str, name: str, count: int) -> Iterator[str]:
    yield from kubectl(lab, ["scale", f"--replicas={count}", kind, *_named(name)]).splitlines()
    status.wait_for_pods(lab, parameters, {_namespace_of(name)}, APPLY_SECONDS)


def label(lab: Lab, kind: str, name: str, changes: Mapping[str, str | None]) -> list[str]:
    words = [f"{key}-" if value is None else f"{key}={value}" for key, value in changes.items()]
    return kubectl(lab, ["label", "--overwrite", kind, *_named(name), *words]).splitlines()


def _named(text: str) -> list[str]:
    """[NAMESPACE/]NAME as kubectl wants it."""
    namespace, slash, name = text.rpartition("/")
    return [name, "--namespace", namespace] if slash else [name]


def _namespace_of(text: str) -> str:
    return text.rpartition("/")[0] or "default"

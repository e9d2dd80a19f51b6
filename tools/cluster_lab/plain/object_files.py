"""Reads the folder of the cluster's objects: what the lab wrote there, and what people put there by hand.

A file holds one object, as JSON. The agents read the same folder and take more (docs/manifests.md): YAML and Lists, too.
Here a file that is not as it should be is an error of one line, which says which file, what is wrong, and what to do.
"""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from .. import manifests
from ..errors import LabError
from ..json_files import Json, field
from .object_kinds import KINDS, Key, key_of, matters

REMEDY = "mend it or remove it"
APPLY = "remove it, and use `tools/lab apply -f` for manifests"


def read_objects(folder: Path) -> dict[Key, tuple[Path, Json]]:
    """Every object that means something to the network, and its file."""
    found: dict[Key, tuple[Path, Json]] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):
            continue
        stored = _object_in(path)
        if stored is None or not matters(stored):
            continue
        key = key_of(stored)
        if key in found:
            raise LabError(f"{path}: {key} is in {found[key][0].name} too: remove one of the files")
        found[key] = path, _completed(stored, key)
    _check([path for path, _ in found.values()])
    return found


def _check(paths: Sequence[Path]) -> None:
    """Refuses objects that the agents refuse, in their words."""
    if not paths:
        return
    try:
        manifests.read(paths)
    except LabError as error:
        there = [path for path in paths if path.exists()]
        if len(there) < len(paths):
            _check(there)  # others remove objects meanwhile
            return
        first, *more = str(error).splitlines()
        raise LabError(f"{first}{f' (and {len(more)} more)' if more else ''}: {REMEDY}") from None


def _object_in(path: Path) -> Json | None:
    """None where the file has just gone: others remove objects meanwhile."""
    try:
        if not path.is_file():
            if path.exists() or path.is_symlink():
                raise LabError(f"{path}: not a file: {APPLY}")
            return None
        text = path.read_text()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabError(f"{path}: cannot be read: {error.strerror}: {REMEDY}") from None
    except UnicodeDecodeError as error:
        raise LabError(f"{path}: not UTF-8: {error.reason} at byte {error.start}: {APPLY}") from None
    if not text.strip():
        raise LabError(f"{path}: empty, where an object belongs: {REMEDY}")
    try:
        return _checked(path, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise LabError(f"{path}: not JSON: {error}: {APPLY}") from None


def _checked(path: Path, value: object) -> Json:
    """What every object has, so that the lab can tell which it is."""
    if not isinstance(value, dict):
        raise LabError(f"{path}: not an object, but {_sort_of(value)}: {REMEDY}")
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind:
        raise LabError(f"{path}: the object has no kind: {REMEDY}")
    if kind.endswith("List") and "items" in value or kind == "List":
        raise LabError(f"{path}: a {kind}, but each object has a file of its own here: {APPLY}")
    if not isinstance(value.get("apiVersion"), str):
        raise LabError(f"{path}: the {kind} has no apiVersion: {REMEDY}")
    if not isinstance(value.get("metadata"), dict):
        raise LabError(f"{path}: the {kind} has no metadata: {REMEDY}")
    name, namespace = field(value, "metadata", "name"), field(value, "metadata", "namespace")
    if not isinstance(name, str) or not name:
        raise LabError(f"{path}: the {kind} has no metadata.name: {REMEDY}")
    if namespace is not None and not isinstance(namespace, str):
        raise LabError(f"{path}: {kind} {name}: metadata.namespace is {_sort_of(namespace)}: {REMEDY}")
    return value


def _sort_of(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names[type(value)]


def _completed(stored: Json, key: Key) -> Json:
    """With what the API server would have added to an object that was put here by hand; the same each time."""
    metadata = dict(stored["metadata"])
    if KINDS[key.kind].is_namespaced:
        metadata["namespace"] = key.namespace
    if not metadata.get("uid"):
        metadata["uid"] = str(uuid.uuid5(uuid.NAMESPACE_OID, str(key)))
    return stored | {"metadata": metadata}

"""The cluster's objects: what the API server would hold. One JSON file each, in the folder that every agent watches.

Only kinds that mean something to the network are kept.
"""

import time
import uuid
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ..json_files import Json, mapping, write_json
from .object_kinds import Key, key_of
from .object_files import read_objects


class ObjectStore:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = read_objects(folder)
        self._objects = {key: stored for key, (_, stored) in found.items()}
        # A file that was put here by hand may have any name.
        self._paths = {key: path for key, (path, _) in found.items()}

    def _path(self, key: Key) -> Path:
        if key in self._paths:
            return self._paths[key]
        name = ".".join(part for part in key if part).lower()
        if len(name) > 200:
            name = name[:150] + "." + sha256(name.encode()).hexdigest()[:16]
        return self.folder / (name + ".json")

    def get(self, key: Key) -> Json | None:
        return self._objects.get(key)

    def __getitem__(self, key: Key) -> Json:
        return self._objects[key]

    def of_kind(self, *kinds: str) -> list[Json]:
        """All objects of these kinds, sorted by key."""
        return [stored for key, stored in sorted(self._objects.items()) if key.kind in kinds]

    def in_namespace(self, namespace: str) -> list[Key]:
        return [key for key in sorted(self._objects) if key.namespace == namespace]

    def put(self, manifest: Json) -> bool:
        """Stores the object as the API server would: with its namespace, uid and time of creation, kept when it is
        replaced. Returns whether anything changed."""
        key = key_of(manifest)
        before = self._objects.get(key)
        metadata = dict(mapping(manifest, "metadata"))
        if key.namespace:
            metadata["namespace"] = key.namespace
        kept = mapping(before, "metadata")
        fields: tuple[tuple[str, Callable[[], str]], ...] = (
            ("uid", lambda: str(uuid.uuid4())),
            ("creationTimestamp", _now),
        )
        for name, fresh in fields:
            metadata[name] = kept.get(name) or metadata.get(name) or fresh()
        stored = manifest | {"metadata": metadata}
        if stored == before:
            return False
        if key.namespace:
            self._require_namespace(key.namespace)
        path = self._path(key)
        self._objects[key], self._paths[key] = stored, path
        write_json(path, stored)
        return True

    def _require_namespace(self, namespace: str) -> None:
        """An object's namespace exists, whether a manifest declared it or not: policies select namespaces by their
        labels."""
        if Key("Namespace", "", namespace) not in self._objects:
            labels = {"kubernetes.io/metadata.name": namespace}
            self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})

    def remove(self, key: Key) -> None:
        if self._objects.pop(key, None) is not None:
            self._path(key).unlink(missing_ok=True)
            self._paths.pop(key, None)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

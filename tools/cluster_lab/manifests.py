"""Manifests as the agent understands them: read and checked by ovs-cnictl, which shares the agent's reader."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from .errors import LabError
from .json_files import Json
from .layout import program


class Document(TypedDict):
    """One object of a manifest and where it stands."""

    file: str
    line: int
    object: Json


def read(paths: Sequence[str | Path]) -> list[Document]:
    """The objects of these files and folders, in order."""
    for path in paths:
        if not Path(path).exists():
            raise LabError(f"{path}: no such file or folder")
    found: list[Document] = _run([str(path) for path in paths], None)
    return [document for document in found if isinstance(document["object"], dict)]


def check(manifest: Json) -> None:
    """Refuses an object that the agents would refuse."""
    _run(["-"], json.dumps(manifest))


def _run(arguments: list[str], text: str | None) -> list[Document]:
    result = subprocess.run(
        [program("ovs-cnictl"), "manifests"] + arguments, input=text, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise LabError(result.stderr.strip() or f"ovs-cnictl manifests ended with exit code {result.returncode}")
    documents: list[Document] = json.loads(result.stdout)
    return documents

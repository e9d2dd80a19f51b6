"""Files in JSON: written whole or not at all, and read with an error that says what is wrong with which file."""

import json
from pathlib import Path
from typing import Any

from .errors import LabError

Json = dict[str, Any]  # an object, as json reads it: a manifest, a record, an answer


def write_json(path: Path, value: object) -> None:
    """Writes a file whole or not at all; a name that starts with a dot is one that nobody watches."""
    scratch = path.with_name("." + path.name)
    scratch.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    scratch.rename(path)


def read_json(path: Path, remedy: str) -> Any:
    """What the file holds. `remedy`: what to do where that is no JSON. A file that is not there is the caller's."""
    try:
        return json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise LabError(f"{path}: not JSON: {error}: {remedy}") from None


def field(value: object, *path: str) -> Any:
    """What is at this path of an object; None where anything on the way is missing, null or no object."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def mapping(value: object, *path: str) -> Json:
    """The same where an object belongs: an empty one where there is none."""
    found = field(value, *path)
    return found if isinstance(found, dict) else {}


def objects(value: object, *path: str) -> list[Json]:
    """The same where a list of objects belongs."""
    found = field(value, *path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

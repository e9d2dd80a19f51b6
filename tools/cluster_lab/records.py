"""Every process that a lab has on record, for `down` to end."""

from pathlib import Path

from .errors import LabError
from .json_files import read_json
from .layout import Lab
from .processes import Process
from .progress import progress


def recorded_processes(lab: Lab) -> list[tuple[str, Process]]:
    """The processes, each with what it is. A record that cannot be read is reported and left out: most processes are
    found in the lab's namespaces too."""
    records: list[tuple[str, object]] = []
    for path in lab.folder.glob("nodes/*/processes.json"):
        found = _read(path)
        records += found.items() if isinstance(found, dict) else []
    for path in lab.folder.glob("sandboxes/[!.]*.json"):
        found = _read(path)
        records.append(("pod", found.get("responder") if isinstance(found, dict) else None))
    for path in lab.folder.glob("outside.json"):
        records.append(("outside", _read(path)))
    known = [(part, Process.from_record(record)) for part, record in records]
    return [(part, process) for part, process in known if process]


def _read(path: Path) -> object:
    try:
        return read_json(path, "the processes that it names may have to be ended by hand")
    except (LabError, OSError) as error:
        progress(str(error))
        return None

"""Bringing a lab up and down, whichever kind it is."""

from . import kinds
from .errors import LabError
from .layout import Lab, Record
from .parameters import KubernetesParameters, Wanted
from .progress import progress


def up(lab: Lab, wanted: Wanted) -> str:
    """Brings the lab up. Returns what to say."""
    found = lab.record()
    if found is not None or lab.namespaces() or lab.disk.exists():
        return _already_up(lab, found, wanted)
    kind = kinds.planned(lab, wanted)
    kind.require()
    try:
        kind.create()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            progress("interrupted: removing what was made")
        down(lab)
        raise
    return f"lab '{lab.name}' is up: {kind.describe()}"


def _already_up(lab: Lab, found: Record | None, wanted: Wanted) -> str:
    if found is None or found.state != "up" or found.parameters is None:
        raise LabError(f"lab '{lab.name}' is half-made: {lab.removal()}")
    parameters = found.parameters
    kind = kinds.of(lab, parameters)
    different = [name for name, value in wanted.given().items() if value != getattr(parameters, name, None)]
    if different or wanted.kubernetes != isinstance(parameters, KubernetesParameters):
        raise LabError(f"lab '{lab.name}' is up with {kind.describe()}: {lab.removal()} first")
    broken = kind.faults()
    if broken:
        raise LabError(f"lab '{lab.name}' is half-made: {'; '.join(broken)}: {lab.removal()}")
    return f"lab '{lab.name}' is up already: {kind.describe()}"


def down(lab: Lab) -> bool:
    """Removes everything that carries the lab's name. Returns whether there was anything."""
    if not lab.namespaces() and not lab.folder.exists() and not lab.disk.exists():
        return False
    kinds.remove(lab)
    return True

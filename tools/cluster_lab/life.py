"""Bringing a lab up and down, whichever kind it is."""

from . import kinds
from .plain.bring_up import progress
from .errors import LabError


def up(lab, kind, wanted):
    """Brings the lab up; `wanted` holds its parameters, None where the command line had nothing. Returns what to
    say."""
    found = lab.parameters()
    if found is not None or lab.namespaces() or lab.disk.exists():
        return _already_up(lab, kind, found, wanted)
    parameters = kind.bring_up.parameters_of(wanted)
    kind.bring_up.require(parameters)
    try:
        kind.bring_up.create(lab, parameters)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            progress("interrupted: removing what was made")
        down(lab)
        raise
    return f"lab '{lab.name}' is up: {kind.bring_up.describe(parameters)}"


def _already_up(lab, kind, found, wanted):
    remedy = f"remove it with {lab.command('down')}"
    if found is None or found.get("state") != "up":
        raise LabError(f"lab '{lab.name}' is half-made: {remedy}")
    description = kinds.of(found).bring_up.describe(found)
    different = [key for key, value in wanted.items() if value is not None and value != found.get(key)]
    if different or kind is not kinds.of(found):
        raise LabError(f"lab '{lab.name}' is up with {description}: {remedy} first")
    broken = kind.bring_up.faults(lab, found)
    if broken:
        raise LabError(f"lab '{lab.name}' is half-made: {'; '.join(broken)}: {remedy}")
    return f"lab '{lab.name}' is up already: {description}"


def down(lab):
    """Removes everything that carries the lab's name. Returns whether there was anything."""
    if not lab.namespaces() and not lab.folder.exists() and not lab.disk.exists():
        return False
    kinds.of_remains(lab).bring_up.down(lab)
    return True

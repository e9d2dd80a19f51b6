"""The command `probe`: which pairs, on which ports, over which families; what comes out is verdicts."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabError
from ..progress import progress
from .endpoints import Endpoint, Endpoints, Port, parse_port
from .matrix import difference, matrix
from .prober import Probe, Prober, kernel_has_sctp
from .verdict import Verdict


@dataclass(frozen=True)
class Question:
    """What the command line asks for."""

    sources: Sequence[str] = ()  # selectors; all pods when there are none
    destinations: Sequence[str] = ()
    ports: Sequence[str] = ()  # those that the destination declares when there are none
    family: int | None = None
    as_json: bool = False
    since: str | None = None  # the file of an earlier output


def probe(endpoints: Endpoints, question: Question) -> str:
    """What to print: a table, JSON, or what has changed."""
    before = _earlier(question.since)
    if endpoints.not_running and not (question.sources and question.destinations):
        progress(f"left out, as they do not run: {', '.join(endpoints.not_running)}")
    asked = [parse_port(port) for port in question.ports]
    sources, destinations = endpoints.select(question.sources), endpoints.select(question.destinations)
    probes = _probes(sources, destinations, asked, question.family)
    Prober(probes).run()
    _report_impostors(probes)
    verdicts = sorted((each.verdict() for each in probes), key=lambda verdict: verdict.asked)
    if question.since is not None:
        return difference(before, verdicts)
    if question.as_json:
        return json.dumps([verdict.record() for verdict in verdicts], indent=1)
    addresses = {name: pod.addresses for name, pod in endpoints.pods.items() if pod.owns_network}
    return matrix(verdicts, addresses, sys.stdout)


def _earlier(path: str | None) -> list[Verdict]:
    if path is None:
        return []
    try:
        found = json.loads(Path(path).read_text())
        return [Verdict.from_record(record) for record in (found if isinstance(found, list) else [found])]
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: not the output of an earlier probe --json: {error}") from None


def _probes(
    sources: Sequence[Endpoint], destinations: Sequence[Endpoint], ports: Sequence[Port], family: int | None
) -> list[Probe]:
    """One probe for each source, destination, port and family that both ends have."""
    probes = []
    for source in sources:
        for destination in destinations:
            families = [each for each in source.addresses if each in destination.addresses and family in (None, each)]
            for protocol, number in dict.fromkeys(ports or destination.ports):
                probes += [Probe(source, destination, protocol, number, each) for each in families]
    if any(each.protocol == "SCTP" for each in probes) and not kernel_has_sctp():
        progress("SCTP probes are left out: this machine's kernel has no SCTP")
        probes = [each for each in probes if each.protocol != "SCTP"]
    return probes


def _report_impostors(probes: Sequence[Probe]) -> None:
    """An answer that comes from another than the one who was asked is not reachability: the network delivered it
    wrongly."""
    for each in probes:
        if each.answered_by and each.destination.owns_network and each.answered_by != each.destination.name:
            progress(
                f"{each.destination.name} was asked by {each.source.name} on {each.port}/{each.protocol}, "
                f"IPv{each.family}, but {each.answered_by} answered: counted as blocked"
            )
            each.allowed, each.source_seen = False, None

"""The command `probe`: which pairs, on which ports, over which families; what comes out is verdicts."""

import json
import sys
from pathlib import Path

from ..plain.bring_up import progress
from .endpoints import parse_port
from ..errors import LabError
from .matrix import difference, matrix
from .prober import Probe, Prober, kernel_has_sctp


def probe(cluster, sources, destinations, ports, family, as_json, since):
    """What to print: a table, JSON, or what has changed. `cluster` knows the endpoints."""
    before = _earlier(since)
    if cluster.not_running and not (sources and destinations):
        progress(f"left out, as they do not run: {', '.join(cluster.not_running)}")
    asked = [parse_port(port) for port in ports]
    probes = _probes(cluster.select(sources), cluster.select(destinations), asked, family)
    Prober(probes).run()
    _report_impostors(probes)
    verdicts = [each.verdict() for each in sorted(probes, key=Probe.key)]
    if since is not None:
        return difference(before, verdicts)
    if as_json:
        return json.dumps(verdicts, indent=1)
    addresses = {name: pod.addresses for name, pod in cluster.pods.items() if pod.owns_network}
    return matrix(verdicts, addresses, sys.stdout)


def _earlier(path):
    if path is None:
        return []
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise LabError(f"{path}: not the output of an earlier probe --json: {error}") from None


def _probes(sources, destinations, ports, family):
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


def _report_impostors(probes):
    """An answer that comes from another than the one who was asked is not reachability: the network delivered it
    wrongly."""
    for each in probes:
        if each.answered_by and each.destination.owns_network and each.answered_by != each.destination.name:
            progress(
                f"{each.destination.name} was asked by {each.source.name} on {each.port}/{each.protocol}, "
                f"IPv{each.family}, but {each.answered_by} answered: counted as blocked"
            )
            each.allowed, each.source_seen = False, None

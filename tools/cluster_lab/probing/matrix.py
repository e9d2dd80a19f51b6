"""Verdicts as a table to look at: who reaches whom.

                          1    2    3
     1 shop/frontend-0    ++   +.   .          one mark for each port of the column's pod, in the order of the legend
     2 shop/api-0         ..   ++   +
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from ..address_plan import ByFamily
from .verdict import Verdict

ALLOWED, BLOCKED, REFUSED, NOT_ASKED = "+", ".", "r", " "
EXPLANATION = "+ answered   . blocked   r refused: it got there, nothing listens   4, 6 over IPv4 or IPv6 only"


NumberAndProtocol = tuple[int, str]


def matrix(verdicts: Sequence[Verdict], addresses: Mapping[str, ByFamily], stream: TextIO) -> str:
    """The table of all pairs in `verdicts`, in colour when the stream is a terminal. `addresses`: each pod's, by
    family."""
    if not verdicts:
        return "nothing to probe"
    rows = _unique(verdict.source for verdict in verdicts)
    columns = _unique(verdict.destination for verdict in verdicts)
    cells, ports = _cells(verdicts)
    numbers = {name: index + 1 for index, name in enumerate(columns)}
    width = {name: max(len(ports[name]), len(str(numbers[name]))) for name in columns}
    label = max(len(f"{numbers.get(name, ''):>3} {name}") for name in rows)
    lines = [" " * label + "  " + " ".join(str(numbers[name]).ljust(width[name]) for name in columns)]
    colour = stream.isatty() and "NO_COLOR" not in os.environ
    for row in rows:
        marks = ["".join(cells.get((row, column, port), NOT_ASKED) for port in ports[column]) for column in columns]
        padding = [" " * (width[column] - len(mark)) for column, mark in zip(columns, marks)]
        shown = [_coloured(mark) if colour else mark for mark in marks]
        body = " ".join(mark + space for mark, space in zip(shown, padding))
        lines.append(f"{numbers.get(row, ''):>3} {row}".ljust(label) + "  " + body.rstrip())
    lines += ["", "rows reach columns; " + EXPLANATION, *_legend(rows, columns, ports, numbers)]
    lines += _translated(verdicts, addresses)
    allowed = sum(verdict.allowed for verdict in verdicts)
    return "\n".join(lines + [f"{len(verdicts)} probes, {allowed} allowed, {len(verdicts) - allowed} blocked"])


def _unique(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: ("/" not in name, name.startswith("node/"), name))


def _cells(
    verdicts: Sequence[Verdict],
) -> tuple[dict[tuple[str, str, NumberAndProtocol], str], dict[str, list[NumberAndProtocol]]]:
    """The mark for each (from, to, port), and the ports of each destination."""
    families: dict[tuple[str, str, NumberAndProtocol], dict[int, Verdict]] = {}
    ports: dict[str, set[NumberAndProtocol]] = {}
    for verdict in verdicts:
        port = (verdict.port, verdict.protocol)
        families.setdefault((verdict.source, verdict.destination, port), {})[verdict.family] = verdict
        ports.setdefault(verdict.destination, set()).add(port)
    cells = {key: _mark(asked) for key, asked in families.items()}
    return cells, {name: sorted(found) for name, found in ports.items()}


def _mark(asked: Mapping[int, Verdict]) -> str:
    allowed = [family for family, verdict in asked.items() if verdict.allowed]
    if not allowed:
        return BLOCKED
    if len(allowed) < len(asked):
        return str(allowed[0])
    return ALLOWED if any(verdict.source_seen for verdict in asked.values()) else REFUSED


def _coloured(marks: str) -> str:
    colours = {ALLOWED: "32", BLOCKED: "31", REFUSED: "33"}
    return "".join(f"\033[{colours.get(mark, '35')}m{mark}\033[0m" for mark in marks)


def _legend(
    rows: Sequence[str],
    columns: Sequence[str],
    ports: Mapping[str, Sequence[NumberAndProtocol]],
    numbers: Mapping[str, int],
) -> list[str]:
    def text(found: Sequence[NumberAndProtocol]) -> str:
        return " ".join(f"{port}/{protocol}" for port, protocol in found)

    distinct = {tuple(ports[name]) for name in columns}
    widest = max(len(name) for name in columns)
    lines = [f"{numbers[name]:>3} {name.ljust(widest)}  {text(ports[name])}" for name in columns]
    if len(distinct) == 1:
        common = f"marks of each pair: {text(next(iter(distinct)))}"
        lines = [common] + ([] if set(columns) <= set(rows) else [f"{numbers[name]:>3} {name}" for name in columns])
    return lines + [""]


def _translated(verdicts: Sequence[Verdict], addresses: Mapping[str, ByFamily]) -> list[str]:
    """Between pods, the receiver sees the sender's own address: everything else is a fault worth a line."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for verdict in verdicts:
        own, seen = addresses.get(verdict.source, {}).get(verdict.family), verdict.source_seen
        if own and seen is not None and seen != own and verdict.destination in addresses:
            found.setdefault((verdict.source, own, seen), []).append(verdict.destination)
    return [
        f"ADDRESS TRANSLATED: {name} has {own}, but {', '.join(sorted(set(seen_by)))} saw {seen}"
        for (name, own, seen), seen_by in sorted(found.items())
    ]


def difference(before: Iterable[Verdict], after: Iterable[Verdict]) -> str:
    """What changed from one probe to a later one: a line for each pair and port."""
    old = {verdict.asked: verdict.allowed for verdict in before}
    changes: dict[tuple[str, str, str, str], list[str]] = {}
    for verdict in after:
        was = old.get(verdict.asked)
        if was is not None and was != verdict.allowed:
            change = "now allowed" if verdict.allowed else "now blocked"
            pair = (verdict.source, verdict.destination, f"{verdict.port}/{verdict.protocol}", change)
            changes.setdefault(pair, []).append(f"IPv{verdict.family}")
    if not changes:
        return "nothing changed"
    lines = [
        f"{change}: {source} -> {to}  {port} ({', '.join(sorted(families))})"
        for (source, to, port, change), families in sorted(changes.items())
    ]
    return "\n".join(lines)

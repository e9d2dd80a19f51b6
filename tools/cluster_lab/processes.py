"""Processes that outlive the command: how to know them again, and how to end them without hitting another.

A process is its id and its start time: ids are used again, the pair is not. Signals go through a pidfd that was
opened before the start time was compared, so there is no moment in between.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import LabError
from .json_files import Json
from .layout import network_namespace_path

GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Process:
    pid: int
    started: int  # clock ticks since boot, /proc/PID/stat field 22

    @staticmethod
    def of(pid: int) -> "Process | None":
        """The process that has this id now, or None."""
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else Process(pid, int(fields[19]))

    def alive(self) -> bool:
        return Process.of(self.pid) == self

    def record(self) -> Json:
        return {"pid": self.pid, "started": self.started}

    @staticmethod
    def from_record(record: object) -> "Process | None":
        """What `record` gave; None for anything else."""
        found = record if isinstance(record, dict) else {}
        pid, started = found.get("pid"), found.get("started")
        return Process(pid, started) if isinstance(pid, int) and isinstance(started, int) else None


def stop(
    processes: Iterable[Process], signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL)
) -> None:
    """Ends the processes: asks, waits, forces. Returns when all are gone."""
    open_fds = []
    for process in processes:
        try:
            fd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        if process.alive():
            open_fds.append(fd)
        else:
            os.close(fd)
    for number in signals:
        for fd in open_fds:
            try:
                signal.pidfd_send_signal(fd, number)
            except ProcessLookupError:
                pass  # it ended between two looks: what was wanted
        open_fds = _wait(open_fds, time.monotonic() + GRACE_SECONDS)
    for fd in open_fds:
        os.close(fd)
    if open_fds:
        raise LabError(f"{len(open_fds)} processes did not end within {GRACE_SECONDS:.0f} s of SIGKILL")


def _wait(fds: Iterable[int], deadline: float) -> list[int]:
    """Waits for the processes to end; returns those that have not. A pidfd is readable when its process has ended."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    remaining = set(fds)
    while remaining and time.monotonic() < deadline:
        for fd, _ in poll.poll(max(1, int((deadline - time.monotonic()) * 1000))):
            poll.unregister(fd)
            remaining.discard(fd)
            os.close(fd)
    return list(remaining)


def inside(namespaces: Iterable[str]) -> list[Process]:
    """The processes that live in one of these network namespaces, this one excepted."""
    wanted = set()
    for name in namespaces:
        try:
            wanted.add(os.stat(network_namespace_path(name)).st_ino)
        except FileNotFoundError:
            pass
    found = []
    for pid in (int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        process = Process.of(pid)
        try:
            inode = os.stat(f"/proc/{pid}/ns/net").st_ino
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:
            continue  # not even root may look: a process outside of this container, so not ours
        if process and inode in wanted and pid != os.getpid():
            found.append(process)
    return found


def run(command: Sequence[str | Path], **options: Any) -> str:
    """Runs a command to its end; a LabError with the last line of its complaint when it fails. Returns what it
    printed."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    except FileNotFoundError:
        raise LabError(f"the program {command[0]} is missing: run tools/setup") from None
    if result.returncode != 0:
        complaint = result.stderr.strip() or result.stdout.strip() or f"exit code {result.returncode}"
        raise LabError(f"{' '.join(str(part) for part in command)}: {complaint.splitlines()[-1]}")
    printed: str = result.stdout
    return printed


def tail(path: Path, lines: int = 15) -> str:
    try:
        with open(path, errors="replace") as log:
            return "".join(log.readlines()[-lines:]).rstrip()
    except FileNotFoundError:
        return ""

"""Processes that outlive the command: how to know them again, and how to end them without hitting another.

A process is its id and its start time: ids are used again, the pair is not. Signals go through a pidfd that was
opened before the start time was compared, so there is no moment in between.
"""

import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass

from .errors import LabError
from .layout import network_namespace_path

GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Process:
    pid: int
    started: int  # clock ticks since boot, /proc/PID/stat field 22

    @staticmethod
    def of(pid):
        """The process that has this id now, or None."""
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else Process(pid, int(fields[19]))

    def alive(self):
        return Process.of(self.pid) == self

    def record(self):
        return {"pid": self.pid, "started": self.started}

    @staticmethod
    def from_record(record):
        return Process(record["pid"], record["started"]) if record else None


def stop(processes, signals=(signal.SIGTERM, signal.SIGKILL)):
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


def _wait(fds, deadline):
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


def inside(namespaces):
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


def run(command, **options):
    """Runs a command to its end; a LabError with the last line of its complaint when it fails. Returns what it
    printed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        complaint = result.stderr.strip() or result.stdout.strip() or f"exit code {result.returncode}"
        raise LabError(f"{' '.join(str(part) for part in command)}: {complaint.splitlines()[-1]}")
    return result.stdout


def tail(path, lines=15):
    try:
        with open(path, errors="replace") as log:
            return "".join(log.readlines()[-lines:]).rstrip()
    except FileNotFoundError:
        return ""

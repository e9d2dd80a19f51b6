"""Sends real packets for every probe at once and says which were answered.

    probes ──► a window of open sockets ──► one event loop ──► verdicts
                 each socket made in its source's network namespace, where it stays

A probe is blocked when two attempts, each with a socket and a source port of its own, got no answer. An attempt's
time counts from when its packet was sent, and grows with the slowest answer seen so far: on a busy machine everything
is slow, not blocked. The first attempt keeps listening during the second, so that a late answer still counts. A
refusal (RST, ICMP port unreachable) is an answer.
"""

import errno
import heapq
import itertools
import os
import resource
import selectors
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import namespaces
from ..errors import LabError
from ..layout import network_namespace_path
from . import questions
from .endpoints import Endpoint
from .verdict import Verdict

ATTEMPT_SECONDS = (0.4, 0.8)
SLOWNESS = 4.0  # an attempt waits this many times the slowest answer so far, in addition
SLOWEST_SECONDS = 1.0  # what an answer may take to count in that
WINDOW = 512
IPPROTO_SCTP = 132
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Probe:
    source: Endpoint
    destination: Endpoint
    protocol: str
    port: int
    family: int
    allowed: bool | None = None  # None: not decided yet
    source_seen: str | None = None
    answered_by: str | None = None  # the name in the answer
    connected: bool = False  # by a destination that does not speak first
    attempts: int = 0
    sockets: list[socket.socket] = field(default_factory=list)
    sent: float = 0.0

    def verdict(self) -> Verdict:
        return Verdict(
            self.source.name,
            self.destination.name,
            self.protocol,
            self.port,
            self.family,
            bool(self.allowed),
            self.source_seen,
        )


def kernel_has_sctp() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
        return True
    except OSError:
        return False


class Prober:
    def __init__(self, probes: Iterable[Probe]) -> None:
        self.waiting = iter(probes)
        self.selector = selectors.EpollSelector()
        self.deadlines: list[tuple[float, int, Probe, int]] = []  # time, tie-breaker, probe, attempt
        self.order = itertools.count()
        self.open = 0
        self.slowest = 0.0
        self.namespace_fds: dict[str, int] = {}
        self.current: str | None = None

    def run(self) -> None:
        """Decides every probe; returns when all are."""
        _allow_many_descriptors()
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._loop()
        finally:
            namespaces.enter(home)
            for fd in [home, *self.namespace_fds.values()]:
                os.close(fd)
            self.selector.close()

    def _loop(self) -> None:
        while True:
            while self.open < WINDOW and (probe := next(self.waiting, None)) is not None:
                self.open += 1
                self._attempt(probe)
                if self.open % 32 == 0:
                    self._take_events(0)
            if self.open == 0:
                return
            timeout = max(0.0, self.deadlines[0][0] - time.monotonic()) if self.deadlines else None
            # Answers that came while this process was busy are looked at before any deadline is.
            if not self._take_events(timeout):
                self._take_deadlines()

    def _take_events(self, timeout: float | None) -> bool:
        events = self.selector.select(timeout)
        for key, _ in events:
            probe, attempt_socket, sent = key.data
            if probe.allowed is None:
                self._look(probe, attempt_socket, sent)
        return bool(events)

    def _take_deadlines(self) -> None:
        now = time.monotonic()
        while self.deadlines and self.deadlines[0][0] <= now:
            _, _, probe, attempt = heapq.heappop(self.deadlines)
            if probe.allowed is not None or probe.attempts != attempt:
                continue
            due = probe.sent + self._patience(attempt)
            if due > now:
                self._remind(probe, due)
            elif probe.connected:
                self._decide(probe, True)
            elif attempt < len(ATTEMPT_SECONDS):
                self._attempt(probe)
            else:
                self._decide(probe, False)

    def _patience(self, attempt: int) -> float:
        return ATTEMPT_SECONDS[attempt - 1] + SLOWNESS * self.slowest

    def _remind(self, probe: Probe, when: float) -> None:
        heapq.heappush(self.deadlines, (when, next(self.order), probe, probe.attempts))

    def _enter(self, name: str) -> None:
        if name == self.current:
            return
        if name not in self.namespace_fds:
            try:
                self.namespace_fds[name] = os.open(network_namespace_path(name), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise LabError(f"the network namespace {name} is gone") from None
        namespaces.enter(self.namespace_fds[name])
        self.current = name

    def _attempt(self, probe: Probe) -> None:
        self._enter(probe.source.network_namespace)
        attempt_socket = _open_socket(probe)
        probe.sockets.append(attempt_socket)
        probe.attempts += 1
        probe.sent = time.monotonic()
        target = (probe.destination.addresses[probe.family], probe.port)
        number = attempt_socket.connect_ex(target)
        if number == 0 and probe.protocol == "UDP":
            number = _say(probe, attempt_socket)
        self._remind(probe, probe.sent + self._patience(probe.attempts))
        if number == errno.ECONNREFUSED:
            self._decide(probe, True)
        elif number in (0, errno.EINPROGRESS):
            events = selectors.EVENT_READ if probe.protocol == "UDP" else selectors.EVENT_WRITE
            self.selector.register(attempt_socket, events, (probe, attempt_socket, probe.sent))

    def _look(self, probe: Probe, attempt_socket: socket.socket, sent: float) -> None:
        """Takes what the kernel has for the attempt: a connection, an answer, a refusal or an error."""
        number = attempt_socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        line = b""
        if number == 0:
            try:
                line = attempt_socket.recv(1024)
            except BlockingIOError:
                # Connected; the answer is behind.
                self.selector.modify(attempt_socket, selectors.EVENT_READ, (probe, attempt_socket, sent))
                self._ask(probe, attempt_socket)
                return
            except OSError as error:
                number = error.errno or errno.EIO
        if number in (errno.ECONNREFUSED, errno.ECONNRESET):
            self._decide(probe, True)
        elif number != 0:
            # Unreachable, timed out: not an answer. The deadline decides.
            self.selector.unregister(attempt_socket)
        else:
            took = time.monotonic() - sent
            self.slowest = max(self.slowest, min(took, SLOWEST_SECONDS))
            probe.answered_by, probe.source_seen = questions.answer(line)
            self._decide(probe, True)

    def _ask(self, probe: Probe, attempt_socket: socket.socket) -> None:
        """Whoever waits to be asked has answered by taking the connection; what it says besides is welcome."""
        if not probe.destination.speaks_first:
            probe.connected = True
            _say(probe, attempt_socket)

    def _decide(self, probe: Probe, allowed: bool) -> None:
        probe.allowed = allowed
        for each in probe.sockets:
            if each.fileno() in self.selector.get_map():
                self.selector.unregister(each)
            each.close()
        probe.sockets.clear()
        self.open -= 1


def _open_socket(probe: Probe) -> socket.socket:
    family = socket.AF_INET if probe.family == 4 else socket.AF_INET6
    if probe.protocol == "UDP":
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    else:
        number = IPPROTO_SCTP if probe.protocol == "SCTP" else socket.IPPROTO_TCP
        made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, number)
        # Probes leave no connection behind that would have to time out.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    return made


def _say(probe: Probe, attempt_socket: socket.socket) -> int:
    """Sends the probe's questions; 0 or the number of the error that came instead."""
    try:
        for question in questions.questions(probe.destination, probe.protocol, probe.port):
            attempt_socket.send(question)
        return 0
    except OSError as error:
        return error.errno or errno.EIO


def _allow_many_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * WINDOW)), hard))

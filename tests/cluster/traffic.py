"""Traffic that goes on while something happens, and what became of each of its packets."""

import http.client
import select
import socket
import threading
import time
import unittest
from collections.abc import Sequence
from typing import Self

from cluster_lab import namespaces
from lab_under_test import LAB, in_pod, network_namespace, pods

INTERVAL_SECONDS = 0.005
LAST_ANSWER_SECONDS = 1.0
REQUEST_SECONDS = 2.0
FIRST_ANSWER_SECONDS = 5.0
# What a tunnel may be away for, where the test says that it may be.
FLICKER_SECONDS = 0.5


def links_disturb_tunnels() -> bool:
    """Whether tunnels are away for a moment when a link of the node comes or goes: the userspace datapath then forgets
    them and reads the kernel's routes again. The kernel's datapath does not."""
    return LAB.require_up().datapath == "netdev"


class Path:
    """A way for datagrams from one pod to another, whose end sends each of them back. Pods are found when it is made."""

    def __init__(self, source: str, target_pod: str, target: str) -> None:
        self.name = f"{source} to {target_pod} ({target})"
        with in_pod(target_pod):
            self.receiver = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind((target, 0))
        with in_pod(source):
            self.sender = socket.socket(self.receiver.family, socket.SOCK_DGRAM)
        self.sender.connect((target, self.receiver.getsockname()[1]))
        for end in (self.receiver, self.sender):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sent_at: list[float] = []
        self.arrived: set[int] = set()
        self.answered: set[int] = set()

    def send(self) -> None:
        self.sent_at.append(time.monotonic())
        self.sender.send(b"%d" % (len(self.sent_at) - 1))

    def serve(self, seconds: float) -> None:
        """Sends back what has come to the receiver, and takes what has come to the sender."""
        for end in select.select([self.receiver, self.sender], [], [], seconds)[0]:
            if end is self.sender:
                self.answered.add(int(end.recv(64)))
            else:
                word, asker = end.recvfrom(64)
                self.arrived.add(int(word))
                end.sendto(word, asker)

    def passes(self, seconds: float) -> bool:
        """Whether a datagram that is sent from now on comes back within this time."""
        first, deadline = len(self.sent_at), time.monotonic() + seconds
        while not any(number >= first for number in self.answered) and time.monotonic() < deadline:
            self.send()
            self.serve(INTERVAL_SECONDS)
        return any(number >= first for number in self.answered)

    def close(self) -> None:
        self.sender.close()
        self.receiver.close()


class DatagramStream(threading.Thread):
    """Sends numbered datagrams along a path at a steady rate. What was sent on it before does not count."""

    def __init__(self, path: Path) -> None:
        super().__init__(name=path.name)
        self.path = path
        self.first = 0  # the number of its first datagram
        self.ends = threading.Event()

    def run(self) -> None:
        path, due = self.path, time.monotonic()
        self.first = len(path.sent_at)
        while not self.ends.is_set():
            path.send()
            path.serve(0)  # also on a machine that is too slow for the rate: what is never read counts as lost
            due = max(due + INTERVAL_SECONDS, time.monotonic() - 1.0)
            while (left := due - time.monotonic()) > 0:
                path.serve(left)
        answered, deadline = len(path.answered), time.monotonic() + LAST_ANSWER_SECONDS
        while len(path.sent_at) - 1 not in path.answered and (left := deadline - time.monotonic()) > 0:
            path.serve(left)
            if len(path.answered) > answered:  # the second is one of silence
                answered, deadline = len(path.answered), time.monotonic() + LAST_ANSWER_SECONDS

    def end(self) -> Path:
        """Returns its path when every datagram had its time to be answered."""
        self.ends.set()
        self.join()
        self.path.close()
        return self.path

    def lost(self) -> int:
        """Ends it; how many datagrams were not answered."""
        path = self.end()
        return sum(number not in path.answered for number in range(self.first, len(path.sent_at)))

    def losses(self, shortest: float = 0.0) -> list[str]:
        """Ends it; in words, every row of datagrams that were not answered and took longer than `shortest`."""
        path = self.end()
        rows: list[tuple[int, int]] = []
        began: int | None = None
        for number in range(self.first, len(path.sent_at) + 1):
            lost = number < len(path.sent_at) and number not in path.answered
            if lost and began is None:
                began = number
            if not lost and began is not None:
                rows.append((began, number - 1))
                began = None
        return [self._in_words(*row) for row in rows if path.sent_at[row[1]] - path.sent_at[row[0]] >= shortest]

    def _in_words(self, first: int, last: int) -> str:
        sent_at = self.path.sent_at
        first_at, last_at = (sent_at[number] - sent_at[self.first] for number in (first, last))
        came = sum(number in self.path.arrived for number in range(first, last + 1))
        return f"{last - first + 1} from {first_at:.3f} s to {last_at:.3f} s, of which {came} arrived"


class Requests(threading.Thread):
    """Asks a web server again and again, over a connection of its own each time."""

    def __init__(self, source: str, target: str, port: int = 80) -> None:
        super().__init__(name=f"{source} asks {target}")
        self.namespace, self.target, self.port = network_namespace(source), target, port
        self.began = time.monotonic()
        self.failures: list[str] = []
        self.answers: list[str] = []
        self.ends = threading.Event()

    def run(self) -> None:
        while not self.ends.wait(INTERVAL_SECONDS):
            asked = time.monotonic() - self.began
            try:
                self.answers.append(self._ask())
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"asked at {asked:.3f} s, {time.monotonic() - self.began:.3f} s: {error!r}")

    def _ask(self) -> str:
        with namespaces.inside(self.namespace):
            connected = socket.create_connection((self.target, self.port), timeout=REQUEST_SECONDS)
        connection = http.client.HTTPConnection(self.target, self.port, timeout=REQUEST_SECONDS)
        connection.sock = connected
        try:
            connection.request("GET", "/hostname", headers={"Connection": "close"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def end(self) -> Self:
        self.ends.set()
        self.join()
        return self


Ends = tuple[str, str, str]  # the pod that sends, the pod that receives, an address of the latter


class Traffic:
    """Context: streams that must lose nothing and streams that nothing may come through, all the time.

    Leaving the context fails the test where one did otherwise. `tunnels_flicker`: between nodes, nothing passes for
    moments.
    """

    def __init__(
        self,
        test: unittest.TestCase,
        allowed: Sequence[Ends],
        denied: Sequence[Ends] = (),
        tunnels_flicker: bool = False,
    ) -> None:
        self.test = test
        self.allowed = [DatagramStream(Path(*ends)) for ends in allowed]
        self.denied = [DatagramStream(Path(*ends)) for ends in denied]
        for stream in self.allowed:
            if not stream.path.passes(FIRST_ANSWER_SECONDS):
                raise AssertionError(f"{stream.name}: nothing passes")
        self.flickers: set[DatagramStream] = set()
        if tunnels_flicker:
            on = {name: each["node"] for name, each in pods().items()}
            streams = zip(allowed, self.allowed)
            self.flickers = {stream for (source, receiver, _), stream in streams if on[source] != on[receiver]}

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        for stream in self.allowed + self.denied:
            stream.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        took = time.monotonic() - self.began
        streams = self.allowed + self.denied
        for stream in streams:
            stream.ends.set()
        lost = {each.name: each.losses(FLICKER_SECONDS if each in self.flickers else 0.0) for each in self.allowed}
        came = {stream.name: len(stream.end().arrived) for stream in self.denied}
        if kind is not None:
            return
        self.test.assertEqual(lost, {stream.name: [] for stream in self.allowed})
        self.test.assertEqual(came, {stream.name: 0 for stream in self.denied})
        for stream in streams:
            self.test.assertGreater(len(stream.path.sent_at) - stream.first, took / INTERVAL_SECONDS / 2, f"{stream.name} ran all the time")

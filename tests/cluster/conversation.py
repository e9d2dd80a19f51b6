"""Connections that stay open while things change. Both ends are in pods and sockets of this process, so that it does not
matter what else runs in the pods."""

import select
import socket
import time
from collections.abc import Sequence
from typing import Self

from lab_under_test import address, in_pod


def socket_in(pod: str, family: int, kind: int) -> socket.socket:
    with in_pod(pod):
        return socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, kind)


class Connection:
    """A TCP connection from one pod to another, which sends back what it hears."""

    def __init__(self, source: str, target: str, family: int) -> None:
        with socket_in(target, family, socket.SOCK_STREAM) as listener:
            listener.bind((address(target, family), 0))
            listener.listen()
            self.client = socket_in(source, family, socket.SOCK_STREAM)
            self.client.settimeout(5)
            self.client.connect(listener.getsockname()[:2])
            self.server = listener.accept()[0]
        self.client.setblocking(False)
        self.pending = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.server.close()

    def say(self, word: bytes) -> None:
        self.client.send(word + b"\n")

    def hears(self, word: bytes, seconds: float) -> bool:
        """Whether the word comes back within this time; what the kernel sends again meanwhile counts."""
        return heard([self], word, seconds) == [self]

    def take(self, end: socket.socket) -> None:
        """What has come to one end: the server's sends it back."""
        received = end.recv(4096)
        if not received:
            raise AssertionError("the connection was closed")
        if end is self.server:
            self.server.send(received)
        else:
            self.pending += received


def heard(connections: Sequence[Connection], word: bytes, seconds: float) -> list[Connection]:
    """To which of the connections the word comes back within this time."""
    ends = {end: each for each in connections for end in (each.client, each.server)}
    deadline = time.monotonic() + seconds
    while True:
        found = [each for each in connections if word + b"\n" in each.pending]
        left = deadline - time.monotonic()
        if len(found) == len(connections) or left <= 0:
            return found
        for end in select.select(list(ends), [], [], left)[0]:
            ends[end].take(end)


class DatagramFlow:
    """Datagrams of one 5-tuple from one pod to another, which answers them."""

    def __init__(self, source: str, target: str, family: int) -> None:
        self.server = socket_in(target, family, socket.SOCK_DGRAM)
        self.server.bind((address(target, family), 0))
        self.client = socket_in(source, family, socket.SOCK_DGRAM)
        self.client.connect(self.server.getsockname()[:2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.server.close()

    def answered(self, attempts: int = 3, seconds: float = 0.4) -> bool:
        """Whether one of several datagrams is answered."""
        for _ in range(attempts):
            self.client.send(b"hello")
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                came = select.select([self.client, self.server], [], [], left)[0]
                if self.server in came:
                    self.server.sendto(*self.server.recvfrom(1024))
                if self.client in came:
                    self.client.recv(1024)
                    return True
        return False

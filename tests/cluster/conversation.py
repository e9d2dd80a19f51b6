"""Connections that stay open while things change: a client in one pod talks to the responder of another."""

import select
import socket
import time

from lab_under_test import in_pod


class Connection:
    """A TCP connection to a responder, which sends back what it is sent."""

    def __init__(self, source, target, port=80):
        with in_pod(source):
            self.socket = socket.create_connection((target, port), timeout=5)
        greeting = self.socket.recv(1024)
        if not greeting.startswith(b"{"):
            raise AssertionError(f"unexpected greeting {greeting!r}")
        self.socket.setblocking(False)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, word):
        self.socket.send(word + b"\n")

    def hears(self, word, seconds):
        """Whether the word comes back within this time; what the kernel sends again meanwhile counts."""
        deadline = time.monotonic() + seconds
        while word + b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            received = self.socket.recv(4096)
            if not received:
                raise AssertionError("the connection was closed")
            self.pending += received
        return True


class DatagramFlow:
    """Datagrams of one 5-tuple."""

    def __init__(self, source, target, port=80):
        with in_pod(source):
            self.socket = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((target, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def answered(self, attempts=3, seconds=0.4):
        """Whether one of several datagrams is answered."""
        for _ in range(attempts):
            self.socket.send(b"hello")
            if select.select([self.socket], [], [], seconds)[0]:
                self.socket.recv(1024)
                return True
        return False

"""Calls to a Service: which backend took each, and from which address it saw the call come.

    caller's namespace ── token ──► (whatever is between) ──► backend's namespace
                       ◄─ name of the backend, address seen ──

Both ends are sockets of this process, so that an answer says who gave it whatever translated the packets on their way.
"""

import selectors
import socket
import time
from dataclasses import dataclass

import lab_under_test
from cluster_lab import namespaces
from cluster_lab.kubernetes.api import kubectl
from lab_under_test import ClusterTest, endpoints, node_addresses

PORT = 8080  # on which backends listen
KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
AGAIN_SECONDS = 0.5  # a datagram that may have been lost is sent again; TCP does so by itself
QUIET_SECONDS = 1.5  # after so long without an answer no more are expected
LONGEST_SECONDS = 15.0
NOBODY = (None, None)


@dataclass(frozen=True)
class Call:
    caller: str  # as `probe` names it
    address: str
    port: int = 80
    protocol: str = "TCP"

    @property
    def family(self):
        return 6 if ":" in self.address else 4


@dataclass(frozen=True)
class Answer:
    backend: str
    source: str  # that the backend saw


class Backends:
    """Pods, or nodes for those on their node's network, that listen on PORT over TCP and UDP in both families."""

    def __init__(self, names, callers):
        self.selector = selectors.DefaultSelector()
        self.endpoints = endpoints(*names, *callers)
        self.listening = []
        for name in names:
            for protocol in KINDS:
                self.listening += [self._listen(name, protocol, family) for family in FAMILIES]

    def close(self):
        for each in self.listening:
            each.close()
        self.selector.close()

    def _socket(self, name, protocol, family):
        with namespaces.inside(self.endpoints[name].network_namespace):
            made = socket.socket(FAMILIES[family], KINDS[protocol])
        made.setblocking(False)
        return made

    def _listen(self, name, protocol, family):
        made = self._socket(name, protocol, family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.endpoints[name].addresses[family], PORT))
        if protocol == "TCP":
            made.listen(64)
        self.selector.register(made, selectors.EVENT_READ, lambda: self._serve(made, name, protocol))
        return made

    def _serve(self, listening, name, protocol):
        if protocol == "UDP":
            _, source = listening.recvfrom(64)
            listening.sendto(f"{name} {source[0]}".encode(), source)
            return
        with listening.accept()[0] as connection:
            connection.send(f"{name} {connection.getpeername()[0]}".encode())

    def answers(self, calls, expected):
        """Makes all calls at once; the Answer to each, None where none came. At least `expected` of them are waited
        for."""
        answers: dict[int, Answer] = {}
        calling, repeats = [], []
        for number, call in enumerate(calls):
            made = self._socket(call.caller, call.protocol, call.family)
            calling.append(made)

            def take(number=number, made=made):
                self._take(number, made, answers)

            self.selector.register(made, selectors.EVENT_READ, take)
            if made.connect_ex((call.address, call.port)) == 0 and call.protocol == "UDP":
                repeats.append((number, made))
        try:
            self._run(answers, repeats, len(calls), expected)
        finally:
            for made in calling:
                if made.fileno() in self.selector.get_map():
                    self.selector.unregister(made)
                made.close()
        return [answers.get(number) for number in range(len(calls))]

    def _take(self, number, made, answers):
        try:
            words = made.recv(64).decode().split()
        except OSError:
            words = []  # refused or unreachable; a datagram is sent again all the same
        if words:
            answers[number] = Answer(*words)
        if words or made.type == socket.SOCK_STREAM:
            self.selector.unregister(made)

    def _run(self, answers, repeats, count, expected):
        began = last = time.monotonic()
        again = began
        while len(answers) < count:
            now = time.monotonic()
            if now - began > LONGEST_SECONDS or len(answers) >= expected and now - last > QUIET_SECONDS:
                return
            if now >= again:
                again = now + AGAIN_SECONDS
                for number, made in repeats:
                    if number not in answers:
                        _say(made)
            known = len(answers)
            for key, _ in self.selector.select(0.05):
                key.data()
            if len(answers) > known:
                last = time.monotonic()


def _say(made):
    try:
        made.send(b"who?")
    except OSError:
        pass  # the refusal of the datagram before


def looked_up(pod, questions):
    """What a pod gets from dig for each of these arguments, one after the other. dig's complaints are left out: on the
    userspace datapath a tunnel may lose its first packet, and dig then asks again."""
    namespace, _, name = pod.partition("/")
    script = "; ".join(f"dig +short +time=3 {each} | grep -v '^;'" for each in questions)
    asked = ["exec", "--namespace", namespace, name, "--", "sh", "-c", f"({script}); true"]
    return kubectl(lab_under_test.LAB, asked).split()


class CallTest(ClusterTest):
    """A test with `backends`, and with the addresses of Services by name in `cluster_ips`."""

    backends: Backends
    cluster_ips: dict[str, list[str]] = {}

    @classmethod
    def calls(cls, caller, target):
        """Of both families and protocols; `target` is a Service, or a node and its port."""
        if isinstance(target, tuple):
            node, port = target
            addresses = cls.backends.endpoints[node].addresses.values()
        else:
            addresses, port = cls.cluster_ips[target], 80
        return [Call(caller, address, port, protocol) for address in addresses for protocol in KINDS]

    def sources(self, name):
        if name is None:
            return {None}
        if name.startswith("node/"):
            return node_addresses(name.removeprefix("node/"))
        return set(self.backends.endpoints[name].addresses.values())

    def assert_calls(self, expected):
        """`expected`: (caller, target) -> the backend that answers and whose address it sees; or NOBODY."""
        asked = [(call, pair) for pair in expected for call in self.calls(*pair)]
        answering = sum(expected[pair] != NOBODY for _, pair in asked)
        answers = self.backends.answers([call for call, _ in asked], answering)
        wrong = []
        for (call, (caller, target)), answer in zip(asked, answers):
            backend, seen = expected[caller, target]
            got = (answer.backend, answer.source) if answer else NOBODY
            if got[0] != backend or got[1] not in self.sources(seen):
                wrong.append(f"{caller} -> {target} {call}: {got}, but expected {backend}, {seen}")
        self.assertEqual(wrong, [])

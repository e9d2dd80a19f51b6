"""Every packet of a connection meets the policies of the moment: tightening cuts what is open, relaxing restores it."""

import select
import socket

from contextlib import ExitStack

from conversation import Connection, DatagramFlow, heard
from lab_under_test import ClusterTest, address, apply, in_pod, lab, pod, policy

CUT_SECONDS, RESTORED_SECONDS = 1.5, 15.0
SERVERS = [(name, family) for name in ("far", "near") for family in (4, 6)]


class OpenConnections(ClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.shared_namespace("open")
        placed = {"client": "node1", "far": "node2", "near": "node1"}
        apply([pod("open", name, {"app": name}, node=node) for name, node in placed.items()])

    def setUp(self):
        self.applied = False
        self.addCleanup(self.relax)

    def tighten(self, **spec):
        self.applied = True
        apply([policy("open", "tight", **spec)])

    def relax(self):
        if self.applied:
            lab("delete", "networkpolicy", "open/tight")
            lab("wait")
        self.applied = False

    def opened(self, kind):
        """One connection or flow of the client to each of SERVERS, closed at the end of the test."""
        opened = ExitStack()
        self.addCleanup(opened.close)
        return {
            (name, family): opened.enter_context(kind("open/client", f"open/{name}", family)) for name, family in SERVERS
        }

    def heard(self, connections, word, seconds):
        """To which servers' connections a word comes back that was said on all."""
        found = heard(list(connections.values()), word, seconds)
        return [server for server, connection in connections.items() if connection in found]

    def say(self, connections, word):
        for connection in connections.values():
            connection.say(word)

    def assert_cut_and_restored(self, **tight):
        """A policy that forbids open connections stalls them; without the policy they go on where they were."""
        connections = self.opened(Connection)
        self.say(connections, b"before")
        self.assertEqual(self.heard(connections, b"before", RESTORED_SECONDS), SERVERS)
        self.tighten(**tight)
        self.say(connections, b"during")
        self.assertEqual(self.heard(connections, b"during", CUT_SECONDS), [])
        self.relax()
        self.assertEqual(self.heard(connections, b"during", RESTORED_SECONDS), SERVERS, "what was stalled arrives")

    def test_connections_are_cut_and_restored_by_the_servers_policy(self):
        other = [{"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}]
        self.assert_cut_and_restored(policyTypes=["Ingress"], ingress=other)

    def test_connections_are_cut_and_restored_by_the_clients_policy(self):
        other = [{"to": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}]
        self.assert_cut_and_restored(selects={"app": "client"}, policyTypes=["Egress"], egress=other)

    def test_connections_that_stay_allowed_are_not_disturbed(self):
        allowed = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]
        connections = self.opened(Connection)
        for number in range(5):
            word = b"word%d" % number
            self.tighten(ingress=allowed, policyTypes=["Ingress"])
            self.say(connections, word)
            self.assertEqual(self.heard(connections, word, 1.0), SERVERS)
            self.relax()

    def test_datagram_flows_are_cut_and_restored(self):
        flows = self.opened(DatagramFlow)

        def answered():
            return [server for server, flow in flows.items() if flow.answered()]

        self.assertEqual(answered(), SERVERS)
        self.tighten(policyTypes=["Ingress"])
        self.assertEqual(answered(), [])
        self.relax()
        self.assertEqual(answered(), SERVERS)

    def test_two_pods_that_may_not_talk_cannot_use_each_others_ports_as_a_channel(self):
        """Both send UDP at the port that the other sends from, so that each packet looks like a reply to the
        other's."""
        for server in SERVERS:
            came = self.came_of_sending_at_each_other(*server, ports=(5555, 6666))
            self.assertNotEqual(came, [], f"without a policy: {server}")
        self.tighten(policyTypes=["Ingress", "Egress"])
        for server in SERVERS:
            came = self.came_of_sending_at_each_other(*server, ports=(5556, 6667))
            self.assertEqual(came, [], f"with a policy: {server}")

    def came_of_sending_at_each_other(self, name, family, ports):
        kind = socket.AF_INET6 if family == 6 else socket.AF_INET
        with in_pod("open/client"):
            one = socket.socket(kind, socket.SOCK_DGRAM)
        with in_pod(f"open/{name}"):
            other = socket.socket(kind, socket.SOCK_DGRAM)
        with one, other:
            one.bind((address("open/client", family), ports[0]))
            other.bind((address(f"open/{name}", family), ports[1]))
            for _ in range(8):
                one.sendto(b"x", other.getsockname()[:2])
                other.sendto(b"x", one.getsockname()[:2])
                if came := select.select([one, other], [], [], 0.1)[0]:
                    return came
        return []

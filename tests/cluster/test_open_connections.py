"""Every packet of a connection meets the policies of the moment: tightening cuts what is open, relaxing restores it."""

import select
import socket

from conversation import Connection, DatagramFlow
from lab_under_test import ClusterTest, address, addresses, apply, in_pod, lab, pod, policy

CUT_SECONDS, RESTORED_SECONDS = 1.5, 15.0


class OpenConnections(ClusterTest):
    def setUp(self):
        self.own_namespace("open")
        placed = {"client": "node1", "far": "node2", "near": "node1"}
        ports = [(80, "TCP"), (80, "UDP")]
        apply([pod("open", name, {"app": name}, ports, node=node) for name, node in placed.items()])

    def servers(self):
        found = addresses("open")
        return [(name, family, found[name, family]) for name in ("far", "near") for family in (4, 6)]

    def assert_cut_and_restored(self, tighten):
        """A policy that forbids an open connection stalls it; without the policy it goes on where it was."""
        for name, family, target in self.servers():
            with self.subTest(server=name, family=family), Connection("open/client", target) as connection:
                connection.say(b"before")
                self.assertTrue(connection.hears(b"before", RESTORED_SECONDS))
                apply([tighten])
                connection.say(b"during")
                self.assertFalse(connection.hears(b"during", CUT_SECONDS))
                lab("delete", "networkpolicy", "open/tight")
                lab("wait")
                self.assertTrue(connection.hears(b"during", RESTORED_SECONDS), "what was stalled arrives")

    def test_a_connection_is_cut_and_restored_by_the_servers_policy(self):
        other = [{"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}]
        self.assert_cut_and_restored(policy("open", "tight", policyTypes=["Ingress"], ingress=other))

    def test_a_connection_is_cut_and_restored_by_the_clients_policy(self):
        other = [{"to": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}]
        self.assert_cut_and_restored(
            policy("open", "tight", selects={"app": "client"}, policyTypes=["Egress"], egress=other)
        )

    def test_a_connection_that_stays_allowed_is_not_disturbed(self):
        allowed = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]
        for name, family, target in self.servers():
            with self.subTest(server=name, family=family), Connection("open/client", target) as connection:
                for number in range(5):
                    apply([policy("open", "tight", ingress=allowed, policyTypes=["Ingress"])])
                    connection.say(b"word%d" % number)
                    self.assertTrue(connection.hears(b"word%d" % number, 1.0))
                    lab("delete", "networkpolicy", "open/tight")
                    lab("wait")

    def test_a_datagram_flow_is_cut_and_restored(self):
        for name, family, target in self.servers():
            with self.subTest(server=name, family=family), DatagramFlow("open/client", target) as flow:
                self.assertTrue(flow.answered())
                apply([policy("open", "tight", selects={"app": name}, policyTypes=["Ingress"])])
                self.assertFalse(flow.answered())
                lab("delete", "networkpolicy", "open/tight")
                lab("wait")
                self.assertTrue(flow.answered())

    def test_two_pods_that_may_not_talk_cannot_use_each_others_ports_as_a_channel(self):
        """Both send UDP at the port that the other sends from, so that each packet looks like a reply to the
        other's."""
        for server in self.servers():
            heard = self.heard_by_sending_at_each_other(*server, ports=(5555, 6666))
            self.assertNotEqual(heard, [], f"without a policy: {server}")
        apply([policy("open", "tight", policyTypes=["Ingress", "Egress"])])
        self.addCleanup(lab, "delete", "networkpolicy", "open/tight")
        for server in self.servers():
            heard = self.heard_by_sending_at_each_other(*server, ports=(5556, 6667))
            self.assertEqual(heard, [], f"with a policy: {server}")

    def heard_by_sending_at_each_other(self, name, family, target, ports):
        kind = socket.AF_INET6 if family == 6 else socket.AF_INET
        with in_pod("open/client"):
            one = socket.socket(kind, socket.SOCK_DGRAM)
        with in_pod(f"open/{name}"):
            other = socket.socket(kind, socket.SOCK_DGRAM)
        with one, other:
            one.bind((address("open/client", family), ports[0]))
            other.bind((target, ports[1]))
            for _ in range(8):
                one.sendto(b"x", other.getsockname()[:2])
                other.sendto(b"x", one.getsockname()[:2])
                if heard := select.select([one, other], [], [], 0.1)[0]:
                    return heard
        return []

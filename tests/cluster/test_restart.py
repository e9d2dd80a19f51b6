"""An agent that stops, starts or is upgraded disturbs no packet, and nothing gets through that should not."""

import select
import socket
import threading
import time

from cluster_lab import node
from conversation import Connection
from lab_under_test import LAB, ClusterTest, addresses, apply, in_pod, lab, pod, policy, probe

INTERVAL_SECONDS = 0.004


class DatagramStream(threading.Thread):
    """Sends numbered datagrams from one pod to another at a steady rate, and notes which arrive."""

    def __init__(self, source, target_pod, target, port=7000):
        super().__init__()
        with in_pod(target_pod):
            self.receiver = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind((target, port))
        with in_pod(source):
            self.sender = socket.socket(self.receiver.family, socket.SOCK_DGRAM)
        self.sender.connect((target, port))
        self.sent = 0
        self.arrived = set()
        self.ends = threading.Event()

    def run(self):
        while not self.ends.wait(INTERVAL_SECONDS):
            self.sender.send(b"%d" % self.sent)
            self.sent += 1
            self.receive(0)

    def receive(self, seconds):
        """Takes what has come, and waits this long for more; whether anything came."""
        before = len(self.arrived)
        while select.select([self.receiver], [], [], seconds if before == len(self.arrived) else 0)[0]:
            self.arrived.add(self.receiver.recv(64))
        return len(self.arrived) > before

    def end(self):
        self.ends.set()
        self.join()

    def lost(self):
        """Ends the stream; how many of its datagrams did not arrive."""
        self.end()
        while len(self.arrived) < self.sent and self.receive(1.0):
            pass
        self.sender.close()
        self.receiver.close()
        return self.sent - len(self.arrived)


class AgentRestart(ClusterTest):
    def setUp(self):
        self.own_namespace("restart")
        placed = {"client": "node1", "near": "node1", "far": "node2", "stranger": "node3"}
        apply([pod("restart", name, {"app": name}, [(80, "TCP")], node=place) for name, place in placed.items()])
        rule = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]
        apply([policy("restart", name, selects={"app": name}, ingress=rule) for name in ("near", "far")])

    def restart_agents(self):
        for name in ("node1", "node2"):
            lab("restart", "agent", name)

    def test_no_datagram_is_lost_while_agents_restart(self):
        targets = [(name, family) for name in ("near", "far") for family in (4, 6)]
        found = addresses("restart")
        streams = [DatagramStream("restart/client", f"restart/{name}", found[name, family]) for name, family in targets]
        for stream in streams:
            stream.start()
        began = time.monotonic()
        self.restart_agents()
        lab("wait")
        took = time.monotonic() - began
        lost = {target: stream.lost() for target, stream in zip(targets, streams)}
        self.assertEqual(lost, {target: 0 for target in targets})
        for stream in streams:
            self.assertGreater(stream.sent, took / INTERVAL_SECONDS / 10, "the stream ran all the time")

    def test_open_connections_survive_and_isolation_holds(self):
        with Connection("restart/client", "restart/far", 4) as connection:
            self.restart_agents()
            connection.say(b"still here")
            self.assertTrue(connection.hears(b"still here", 5.0))
        verdicts = probe("--from", "restart/stranger", "--to", "restart/near", "--to", "restart/far")
        self.assertEqual({verdict["allowed"] for verdict in verdicts}, {False})

    def test_while_an_agent_is_down_its_pods_stay_connected_and_isolated(self):
        self.addCleanup(lab, "restart", "agent", "node2")
        node.stop_part(LAB, "node2", "agent")
        allowed = probe("--from", "restart/client", "--to", "restart/far")
        denied = probe("--from", "restart/stranger", "--to", "restart/far")
        self.assertEqual({verdict["allowed"] for verdict in allowed}, {True})
        self.assertEqual({verdict["allowed"] for verdict in denied}, {False})

    def test_what_changed_while_an_agent_was_down_is_enforced_when_it_is_back(self):
        node.stop_part(LAB, "node2", "agent")
        lab("delete", "networkpolicy", "restart/far")
        lab("restart", "agent", "node2")
        lab("wait")
        verdicts = probe("--from", "restart/stranger", "--to", "restart/far")
        self.assertEqual({verdict["allowed"] for verdict in verdicts}, {True})

    def test_after_the_switch_restarted_everything_is_as_before(self):
        lab("restart", "switch", "node2")
        lab("wait")
        allowed = probe("--from", "restart/client", "--to", "restart/far", "--to", "restart/near")
        denied = probe("--from", "restart/stranger", "--to", "restart/far", "--to", "restart/near")
        self.assertEqual({verdict["allowed"] for verdict in allowed}, {True})
        self.assertEqual({verdict["allowed"] for verdict in denied}, {False})

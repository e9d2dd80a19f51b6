"""The Kubernetes network model: every pod reaches every pod and every node without NAT, nodes reach their pods."""

import subprocess

from lab_under_test import ClusterTest, address, apply, in_pod, lab, pod, pods, probe

NODES = ("node1", "node2", "node3")
PORTS = ((80, "TCP"), (81, "TCP"), (80, "UDP"))


class NetworkModel(ClusterTest):
    def setUp(self):
        self.own_namespace("model")
        names = [f"{letter}{number}" for letter in "ab" for number in range(1, 4)]
        apply([pod("model", name, {"app": name}, PORTS, node=f"node{name[1]}") for name in names])
        self.addresses = {name: found["addresses"] for name, found in pods().items() if name.startswith("model/")}

    def blocked(self, verdicts):
        return [verdict for verdict in verdicts if not verdict["allowed"]]

    def test_every_pod_has_an_address_of_its_nodes_range_in_each_family(self):
        for name, addresses in self.addresses.items():
            number = name[-1]
            self.assertEqual(len(addresses), 2, name)
            self.assertTrue(addresses[0].startswith(f"10.244.{number}."), (name, addresses))
            self.assertTrue(addresses[1].startswith(f"fd00:10:244:{number}:"), (name, addresses))
        everything = [each for addresses in self.addresses.values() for each in addresses]
        self.assertEqual(len(set(everything)), len(everything), "no address is given twice")

    def test_every_pod_reaches_every_pod_which_sees_the_senders_own_address(self):
        verdicts = probe("--from", "model/*", "--to", "model/*")
        self.assertEqual(len(verdicts), 6 * 6 * 3 * 2)
        self.assertEqual(self.blocked(verdicts), [])
        for verdict in verdicts:
            self.assertIn(verdict["source_seen"], self.addresses[verdict["from"]], verdict)

    def test_every_node_reaches_every_pod(self):
        nodes = [part for node in NODES for part in ("--from", f"node/{node}")]
        verdicts = probe(*nodes, "--to", "model/*")
        self.assertEqual(len(verdicts), 3 * 6 * 3 * 2)
        self.assertEqual(self.blocked(verdicts), [])

    def test_a_node_reaches_pods_with_its_own_address_not_another_nodes(self):
        for verdict in probe("--from", "node/node2", "--to", "model/*"):
            own = ("172.30.0.2", "10.244.2.1", "fd00:172:30::2", "fd00:10:244:2::1")
            self.assertIn(verdict["source_seen"], own, verdict)

    def test_every_pod_reaches_every_node_which_sees_the_pods_own_address(self):
        nodes = [part for node in NODES for part in ("--to", f"node/{node}")]
        verdicts = probe("--from", "model/*", *nodes, "--port", "80/tcp", "80/udp")
        self.assertEqual(len(verdicts), 6 * 3 * 2 * 2)
        self.assertEqual(self.blocked(verdicts), [])
        for verdict in verdicts:
            self.assertIn(verdict["source_seen"], self.addresses[verdict["from"]], verdict)

    def test_a_pod_reaches_the_outside_with_its_nodes_address(self):
        verdicts = probe("--from", "model/*", "--to", "outside", "--port", "80/tcp", "80/udp")
        self.assertEqual(len(verdicts), 6 * 2 * 2)
        self.assertEqual(self.blocked(verdicts), [])
        for verdict in verdicts:
            number = verdict["from"][-1]
            self.assertIn(verdict["source_seen"], (f"172.30.0.{number}", f"fd00:172:30::{number}"), verdict)

    def test_the_outside_reaches_pods_where_it_has_a_route(self):
        verdicts = probe("--from", "outside", "--to", "model/*")
        self.assertEqual(self.blocked(verdicts), [])
        self.assertEqual({verdict["source_seen"] for verdict in verdicts}, {"172.31.0.2", "fd00:172:31::2"})

    def test_a_closed_port_answers_with_a_refusal(self):
        verdicts = probe("--from", "model/a1", "--to", "model/b2", "--to", "model/b1", "--port", "99/tcp", "99/udp")
        self.assertEqual(len(verdicts), 2 * 2 * 2)
        self.assertEqual(self.blocked(verdicts), [])
        self.assertEqual({verdict["source_seen"] for verdict in verdicts}, {None})

    def test_packets_as_large_as_a_pods_mtu_pass_between_nodes_unfragmented(self):
        with in_pod("model/a1"):
            shown = subprocess.run(["ip", "-o", "link", "show", "eth0"], capture_output=True, text=True).stdout
        mtu = int(shown.split(" mtu ")[1].split()[0])
        self.assertEqual(mtu, 1500 - 70)
        for family, headers in ((4, 28), (6, 48)):
            self.ping("model/a1", address("model/b2", family), mtu - headers)

    def ping(self, source, target, size):
        with in_pod(source):
            command = ["ping", "-c", "2", "-i", "0.2", "-W", "3", "-M", "do", "-s", str(size), target]
            result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, f"{' '.join(command)}: {result.stdout}{result.stderr}")

    def test_a_deleted_pods_address_does_not_answer_any_more(self):
        gone = address("model/b3", 4)
        lab("delete", "pod", "model/b3")
        lab("wait")
        with in_pod("model/a1"):
            result = subprocess.run(["ping", "-c", "1", "-W", "1", gone], capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0, result.stdout)

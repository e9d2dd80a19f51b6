"""NetworkPolicy and what is not a pod on the pod network: nodes, pods on their node's network, finished pods."""

from lab_under_test import apply, lab, node_addresses, pod, policy, probe
from policy_test import PolicyTest, labels

NODES = ["node/node1", "node/node2", "node/node3"]


class Nodes(PolicyTest):
    def test_a_pods_own_node_always_reaches_it(self):
        self.apply(policy("px"), policy("py"))
        own = {"px/a": "node1", "px/b": "node2", "px/c": "node3", "py/a": "node3", "py/b": "node1", "py/c": "node2"}
        self.assert_denied(lambda s, d, _: s != f"node/{own[d]}", sources=NODES)

    def test_a_pod_always_reaches_itself(self):
        self.apply(policy("px", policyTypes=["Ingress", "Egress"]))
        verdicts = probe("--from", "px/a", "--to", "px/a")
        self.assertEqual({verdict["allowed"] for verdict in verdicts}, {True})

    def test_an_ipBlock_that_covers_a_nodes_address_admits_that_node(self):
        blocks = [{"ipBlock": {"cidr": "172.30.0.2/32"}}]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": blocks}]))
        # px/a is on node1. Node 2 is admitted whichever of its addresses the packet carries, so over IPv6 too.
        self.assert_denied(lambda s, d, _: d == "px/a" and s not in ("node/node1", "node/node2"), sources=NODES)


class HostNetwork(PolicyTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared_namespace("ph")
        spec = {"hostNetwork": True}
        apply([pod("ph", "host", {"pod": "b"}, [(8081, "TCP")], node="node2", spec=spec)])

    def test_no_policy_selects_a_pod_on_the_hosts_network(self):
        self.apply(policy("ph", policyTypes=["Ingress", "Egress"]))
        self.assert_denied(lambda *_: False, sources=["ph/host"])
        self.assert_denied(lambda *_: False, destinations=["ph/host"])

    def test_no_selector_of_a_peer_means_a_pod_on_the_hosts_network(self):
        everybody = {"namespaceSelector": {}, "podSelector": labels(pod="b")}
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [everybody]}]))
        self.assert_denied(lambda s, *_: s == "ph/host", sources=["ph/host", "px/b", "py/b"], destinations=["px/a"])

    def test_it_answers_with_its_nodes_address(self):
        verdicts = probe("--from", "ph/host", "--to", "px/c")
        self.assertEqual([each["allowed"] for each in verdicts], [True] * 6)
        self.assertLessEqual({each["source_seen"] for each in verdicts}, node_addresses("node2"))


class Finished(PolicyTest):
    def test_a_finished_pod_counts_for_nothing(self):
        self.own_namespace("pf")
        status = {"phase": "Succeeded", "podIPs": [{"ip": "10.244.1.200"}]}
        done = pod("pf", "done", {"pod": "b"}, [(80, "TCP")], status=status)
        apply([done])
        listed = lab("pods")
        self.assertIn("Succeeded", next(line for line in listed.splitlines() if line.startswith("pf/done")))
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"namespaceSelector": labels(team="y")}]}]))
        self.assert_denied(lambda s, d, _: d == "px/a" and not s.startswith("py/"))

"""An agent that stops, starts or is upgraded disturbs no packet, and nothing gets through that should not."""

from cluster_lab.node import Node
from conversation import Connection
from lab_under_test import LAB, ClusterTest, addresses, apply, lab, pod, policy, probe
from traffic import Traffic


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
        found = addresses("restart")
        targets = [(f"restart/{name}", found[name, family]) for name in ("near", "far") for family in (4, 6)]
        allowed = [("restart/client", *target) for target in targets]
        denied = [("restart/stranger", *target) for target in targets]
        with Traffic(self, allowed, denied):
            self.restart_agents()
            lab("wait")

    def test_open_connections_survive_and_isolation_holds(self):
        with Connection("restart/client", "restart/far", 4) as connection:
            self.restart_agents()
            connection.say(b"still here")
            self.assertTrue(connection.hears(b"still here", 5.0))
        verdicts = probe("--from", "restart/stranger", "--to", "restart/near", "--to", "restart/far")
        self.assertEqual({verdict["allowed"] for verdict in verdicts}, {False})

    def test_while_an_agent_is_down_its_pods_stay_connected_and_isolated(self):
        self.addCleanup(lab, "restart", "agent", "node2")
        Node(LAB, "node2").stop("agent")
        allowed = probe("--from", "restart/client", "--to", "restart/far")
        denied = probe("--from", "restart/stranger", "--to", "restart/far")
        self.assertEqual({verdict["allowed"] for verdict in allowed}, {True})
        self.assertEqual({verdict["allowed"] for verdict in denied}, {False})

    def test_what_changed_while_an_agent_was_down_is_enforced_when_it_is_back(self):
        Node(LAB, "node2").stop("agent")
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

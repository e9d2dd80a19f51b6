"""API servers die and come back: forwarding and policy go on, and what changed meanwhile is noticed afterwards."""

import os
import signal

import etcd
import switch_flows
from cluster_lab import agent
from cluster_lab.kubernetes import control_plane
from cluster_lab.node import Node
from lab_under_test import LAB, ClusterTest, addresses, apply, eventually, lab, policy
from real_objects import admit, put, streams
from test_real_lab import kubectl, server
from traffic import Path, Traffic

NODES = ("node1", "node2")
SERVERS = ("kube-apiserver-1", "kube-apiserver-2")
NOTICED_SECONDS = 30.0
ATTEMPT_SECONDS = 0.3


def closing(name):
    """A policy that lets nobody reach the pods of app=`name`."""
    return policy("away", f"close-{name}", selects={"app": name}, policyTypes=["Ingress"])


def waiting_pod(name):
    """A pod that no node is found for: its labels count for the network, and no link comes or goes with it."""
    made = server("away", name, None, {"only": name})
    made["spec"]["nodeSelector"] = {"there-is": "none"}
    return made


class Log:
    """What an agent has logged since this was made."""

    def __init__(self, name):
        self.path = LAB.node_folder(name) / "agent.log"
        self.begins = self.path.stat().st_size

    def lines(self, text):
        with open(self.path) as log:
            log.seek(self.begins)
            return [line for line in log if text in line]


class ApiAway(ClusterTest):
    """`client` may always reach `near` and `far`, `stranger` never; what else changes is about `one` and `two`."""

    def setUp(self):
        self.own_namespace("away")
        self.addCleanup(self.start_servers)
        placed = {"client": "node1", "near": "node1", "one": "node1", "two": "node1", "far": "node2", "stranger": "node2"}
        apply(
            [server("away", name, place, {"app": name}) for name, place in placed.items()]
            + [admit("away", name, "client") for name in ("near", "far")]
        )
        peer = {"podSelector": {"matchLabels": {"only": "gone"}}}
        put(policy("away", "for-gone", selects={"app": "client"}, ingress=[{"from": [peer]}]))
        found = addresses("away")
        self.paths = {name: Path("away/stranger", f"away/{name}", found[name, 4]) for name in ("one", "two")}
        for path in self.paths.values():
            self.addCleanup(path.close)
        self.own = [found[name, family] for name in ("one", "two") for family in (4, 6)]
        self.synchronise()
        self.before = switch_flows.of_all()

    def synchronise(self):
        for name in NODES:
            status, answer = agent.request(Node(LAB, name), "/debug/sync", timeout=15.0)
            self.assertEqual(status, 200, answer)

    def kill(self, name):
        victim = control_plane.node_of(LAB).recorded()[name]
        os.kill(victim.pid, signal.SIGKILL)
        eventually(lambda: not victim.alive(), f"{name} ends")

    def start_servers(self):
        known = control_plane.node_of(LAB).recorded()
        for name in SERVERS:
            if not known[name].alive():
                lab("restart", name, control_plane.NAME)

    def traffic(self):
        targets = ["near", "far"]
        return Traffic(self, streams("away", "client", targets), streams("away", "stranger", targets))

    def open(self, name):
        return self.paths[name].passes(ATTEMPT_SECONDS)

    def put_what_will_go(self):
        """Two objects that are deleted when no agent can see it; both have flows on node1."""
        put(closing("one"))
        eventually(lambda: not self.open("one"), "the policy is enforced", NOTICED_SECONDS)
        alone = set(switch_flows.Flows("node1").since)
        put(waiting_pod("gone"))
        eventually(lambda: set(switch_flows.Flows("node1").since) > alone, "its labels are known", NOTICED_SECONDS)

    def assert_only_policy_two_is_new(self):
        eventually(lambda: self.open("one"), "the deletion of a policy is seen", NOTICED_SECONDS)
        eventually(lambda: not self.open("two"), "the new policy is enforced", NOTICED_SECONDS)
        kubectl("--namespace", "away", "delete", "networkpolicy", "close-two")
        eventually(lambda: self.open("two"), "the policy is lifted", NOTICED_SECONDS)
        self.synchronise()
        for name, flows in switch_flows.of_all().items():
            before = self.before[name]
            self.assertEqual(flows.gone_since(before) + flows.come_since(before), [])
            again = flows.put_in_again_since(before)
            self.assertEqual([line for line in again if not any(each in line for each in self.own)], [])

    def test_one_of_two_servers_dies_then_the_other_then_both_come_back(self):
        with self.traffic():
            self.kill(SERVERS[0])
            self.put_what_will_go()
            self.synchronise()
            then, logs = switch_flows.of_all(), [Log(name) for name in NODES]
            self.kill(SERVERS[1])
            etcd.delete("networkpolicies/away/close-one")
            etcd.delete("pods/away/gone")
            for log in logs:
                eventually(lambda log=log: log.lines("level=warning"), "the agent misses the API", NOTICED_SECONDS)
            self.assertFalse(self.open("one"))
            now = switch_flows.of_all()
            for name in NODES:
                self.assertEqual(now[name].since.keys(), then[name].since.keys())
                self.assertEqual(now[name].put_in_again_since(then[name]), [])
            self.start_servers()
            put(closing("two"))
            self.assert_only_policy_two_is_new()

    def test_what_was_missed_and_forgotten_by_the_servers_is_listed_again(self):
        with self.traffic():
            self.put_what_will_go()
            log, stopped = Log("node1"), Node(LAB, "node1").recorded()[agent.PART]
            self.addCleanup(os.kill, stopped.pid, signal.SIGCONT)
            os.kill(stopped.pid, signal.SIGSTOP)
            kubectl("--namespace", "away", "delete", "networkpolicy", "close-one")
            kubectl("--namespace", "away", "delete", "pod", "gone")
            put(closing("two"))
            etcd.compact()
            for name in SERVERS:  # what they remember of older versions goes with them
                self.kill(name)
            self.start_servers()
            self.assertFalse(self.open("one"))
            self.assertTrue(self.open("two"))
            os.kill(stopped.pid, signal.SIGCONT)
            self.assert_only_policy_two_is_new()
            again = log.lines("no longer has the version last read")
        for what in ('"network policies"', '"labels of all pods"'):
            self.assertTrue(any(f"resource={what}" in line for line in again), again)

"""Pods that come, go and return: what the network knows of them comes and goes with them, and nothing else does."""

import json
import re
import socket
import sys
import time

import switch_flows
from cluster_lab import agent
from cluster_lab.kubernetes import programs
from cluster_lab.node import Node
from lab_under_test import (
    LAB,
    ClusterTest,
    addresses,
    apply,
    eventually,
    in_pod,
    lab,
    namespace,
    pods,
    policy,
    probe,
)
from real_objects import admit, put
from test_real_lab import AGNHOST, kubectl, server
from traffic import FIRST_ANSWER_SECONDS, Path, links_disturb_tunnels

NODES = ("node1", "node2")
PAUSE = programs.image_name("pause")
GONE_SECONDS = 60.0
REFUSED_SECONDS = 0.5
MANY = 110
MANY_SECONDS = 150.0


def in_use(name):
    """How many pod addresses of a node are in use, by family, and how many links of pods it has."""
    _, text = agent.request(Node(LAB, name), "/metrics")
    used = re.findall(r'ovs_cni_addresses\{family="(IPv.)",state="used"\} (\d+)', text)
    links = [each["ifname"] for each in json.loads(lab("node", name, "--", "ip", "-j", "link"))]
    return dict(used) | {"links": sum(bool(re.fullmatch(r"ovs[0-9a-f]{11}", each)) for each in links)}


def service(namespace, name):
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": name}, "spec": spec}


class Namespaces(ClusterTest):
    def test_a_namespace_goes_with_everything_in_it(self):
        flows, used = switch_flows.of_all(), {name: in_use(name) for name in NODES}
        self.own_namespace("whole")
        placed = {"client": "node1", "near": "node1", "far": "node2"}
        apply(
            [server("whole", name, place, {"app": name}) for name, place in placed.items()]
            + [admit("whole", name, "client") for name in ("near", "far")]
            + [service("whole", name) for name in ("near", "far")]
        )
        for name in NODES:
            self.assertNotEqual(switch_flows.Flows(name).come_since(flows[name]), [])
            self.assertNotEqual(in_use(name), used[name])
        lab("delete", "namespace", "whole")
        for name in NODES:
            eventually(lambda name=name: in_use(name) == used[name], f"{name} has its addresses again", GONE_SECONDS)
            status, answer = agent.request(Node(LAB, name), "/debug/sync", timeout=15.0)
            self.assertEqual(status, 200, answer)
            after = switch_flows.Flows(name)
            self.assertEqual(after.come_since(flows[name]) + after.gone_since(flows[name]), [])


class StatefulSets(ClusterTest):
    """`db-0`, which may ask `store`, and which clients may ask; it goes and returns with another address."""

    def setUp(self):
        self.own_namespace("state")
        placed = {"near": "node2", "far": "node1", "store": "node1", "stranger": "node2"}
        role = {"near": "client", "far": "client"}
        apply([server("state", name, place, {"app": role.get(name, name)}) for name, place in placed.items()])
        self.store = addresses("state")["store", 4]
        apply([admit("state", "db", "client"), admit("state", "store", "db"), service("state", "db"), self.db()])

    def db(self):
        """The first thing that its process does is one attempt to reach `store`, on the other node."""
        # The pod's own link has just come: with less, there is no second packet.
        patience = "4s" if links_disturb_tunnels() else "1s"
        ask = f"/agnhost connect --timeout={patience} {self.store}:8080 && echo reached; exec /agnhost netexec"
        container = {"name": "db", "image": AGNHOST, "command": ["sh", "-c", ask]}
        labels = {"app": "db"}
        spec = {"containers": [container], "nodeName": "node2", "terminationGracePeriodSeconds": 1}
        spec = {"template": {"metadata": {"labels": labels}, "spec": spec}, "selector": {"matchLabels": labels}}
        metadata = {"namespace": "state", "name": "db"}
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": metadata,
            "spec": spec | {"serviceName": "db", "replicas": 1},
        }

    def path(self, *ends):
        made = Path(*ends)
        self.addCleanup(made.close)
        return made

    def returned(self, before):
        """Its new addresses, by family."""
        found = {family: each for (name, family), each in addresses("state").items() if name == "db-0"}
        return found if found and not set(found.values()) & set(before.values()) else None

    def test_a_pod_returns_with_the_same_name_and_another_address(self):
        old = {family: each for (name, family), each in addresses("state").items() if name == "db-0"}
        kubectl("--namespace", "state", "delete", "pod", "db-0")
        new = eventually(lambda: self.returned(old), "it returns", GONE_SECONDS)
        for address in new.values():
            # As soon as the address is known, from the first packet on the same node.
            near = self.path("state/near", "state/db-0", address)
            self.assertTrue(near.passes(FIRST_ANSWER_SECONDS))
            self.assertIn(0, near.answered)
            self.assertTrue(self.path("state/far", "state/db-0", address).passes(FIRST_ANSWER_SECONDS))
            stranger = self.path("state/stranger", "state/db-0", address)
            self.assertFalse(stranger.passes(REFUSED_SECONDS))
            self.assertEqual(stranger.arrived, set())
        lab("wait")
        self.assertEqual(kubectl("--namespace", "state", "logs", "db-0").splitlines()[0], "reached")
        self.assert_means_nobody(old[4])

    def assert_means_nobody(self, address):
        for name in NODES:
            mentions = [line for line in switch_flows.Flows(name).since if re.search(rf"={address}[ ,/]", line)]
            self.assertEqual(mentions, [])
        lab("exec", "state/stranger", "--", "ip", "address", "add", f"{address}/32", "dev", "eth0")
        forger = self.path("state/stranger", "state/store", self.store)
        forger.sender.close()
        with in_pod("state/stranger"):
            forger.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        forger.sender.bind((address, 0))
        forger.sender.connect((self.store, forger.receiver.getsockname()[1]))
        self.assertFalse(forger.passes(REFUSED_SECONDS))
        self.assertEqual(forger.arrived, set())


class ManyPods(ClusterTest):
    def test_110_pods_on_one_node(self):
        self.own_namespace("many")
        self.own_namespace("asks")
        apply([server("asks", "far", "node1"), server("asks", "near", "node2"), namespace("many")])
        used = in_use("node2")
        began = time.monotonic()
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "asks"}}}
        put(policy("many", "asks", ingress=[{"from": [peer]}]), *map(idle_pod, range(MANY)))
        found = eventually(running, f"{MANY} pods run", MANY_SECONDS)
        print(f"{MANY} pods run after {time.monotonic() - began:.1f} s", file=sys.stderr)
        together = [address for each in found for address in each["addresses"]]
        self.assertEqual(len(set(together)), 2 * MANY)
        self.assertEqual({each["node"] for each in found}, {"node2"})
        asked = probe("--from", "asks/*", "--to", "many/*")
        self.assertEqual(len(asked), 2 * 2 * MANY)
        self.assertEqual([each for each in asked if not each["allowed"]], [])
        self.assertFalse(probe("--from", "many/p0", "--to", f"many/p{MANY - 1}", "--family", "4")[0]["allowed"])
        began = time.monotonic()
        lab("delete", "namespace", "many")
        eventually(lambda: in_use("node2") == used, "nothing of them is left", MANY_SECONDS)
        print(f"they are gone after {time.monotonic() - began:.1f} s", file=sys.stderr)


def idle_pod(number):
    container = {"name": "pause", "image": PAUSE}
    spec = {
        "nodeName": "node2",
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "many", "name": f"p{number}"}, "spec": spec}


def running():
    """The pods, once all of them have started."""
    listed = json.loads(kubectl("--namespace", "many", "get", "pods", "-o", "json"))["items"]
    if len(listed) < MANY or any(each["status"].get("phase") != "Running" for each in listed):
        return None
    return [each for name, each in pods().items() if name.startswith("many/")]

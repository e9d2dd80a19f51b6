"""Parts of the cluster end, come back and are replaced: traffic that has nothing to do with it is not disturbed."""

import json
import os
import signal

from cluster_lab.node import Node
from lab_under_test import LAB, ClusterTest, apply, eventually, lab, pods
from real_objects import admit, streams
from test_real_lab import AGNHOST, kubectl, server
from traffic import Requests, Traffic, links_disturb_tunnels

ROLLOUT_SECONDS = 60.0
# How long an ended pod goes on to serve, as long as kube-proxy may take to leave it.
LINGER_SECONDS = 6


class Agents(ClusterTest):
    def setUp(self):
        self.own_namespace("killed")
        placed = {"client": "node1", "near": "node1", "far": "node2", "stranger": "node2"}
        apply(
            [server("killed", name, place, {"app": name}) for name, place in placed.items()]
            + [admit("killed", name, "client") for name in ("near", "far")]
        )

    def test_agents_are_killed_and_come_back_and_no_packet_notices(self):
        allowed = streams("killed", "client", ["near", "far"])
        with Traffic(self, allowed, streams("killed", "stranger", ["near", "far"])):
            for name in ("node1", "node2"):
                victim = Node(LAB, name).recorded()["agent"]
                self.addCleanup(lab, "restart", "agent", name)
                os.kill(victim.pid, signal.SIGKILL)
                eventually(lambda victim=victim: not victim.alive(), "the agent ends")
            for name in ("node1", "node2"):
                lab("restart", "agent", name)
            lab("wait")


class Replacements(ClusterTest):
    """A Deployment `web` behind a Service, a client that asks it all the time, and pods beside that stay as they are."""

    def setUp(self):
        self.own_namespace("replaced")
        placed = {"client": "node1", "near": "node1", "far": "node2", "stranger": "node2"}
        apply(
            [server("replaced", name, place, {"app": name}) for name, place in placed.items()]
            + [admit("replaced", name, "client") for name in ("near", "far", "web")]
            + web("replaced")
        )
        service = json.loads(kubectl("--namespace", "replaced", "get", "service", "web", "-o", "json"))
        self.service = service["spec"]["clusterIP"]
        # kube-proxy follows within its own time.
        eventually(lambda: not self.asked(0.2).failures, "the Service answers")

    def asked(self, seconds):
        requests = Requests("replaced/client", self.service)
        requests.start()
        requests.join(seconds)
        return requests.end()

    def undisturbed(self):
        allowed, denied = (streams("replaced", who, ["near", "far"]) for who in ("client", "stranger"))
        return Traffic(self, allowed, denied, tunnels_flicker=links_disturb_tunnels())

    def while_asked(self, change):
        """Makes the change under traffic; returns who answered for the Service."""
        requests = Requests("replaced/client", self.service)
        with self.undisturbed():
            requests.start()
            try:
                change()
            finally:
                requests.end()
        self.assertEqual(requests.failures, [])
        return requests.answers

    def test_a_deployment_is_rolled_out_again_behind_its_service(self):
        before = set(replicas())

        def roll_out():
            kubectl("--namespace", "replaced", "rollout", "restart", "deployment/web")
            kubectl("--namespace", "replaced", "rollout", "status", "deployment/web", f"--timeout={ROLLOUT_SECONDS:g}s")
            eventually(lambda: not before & set(replicas()), "the pods of before are gone", ROLLOUT_SECONDS)

        answered = set(self.while_asked(roll_out))
        after = set(replicas())
        self.assertEqual(answered, before | after)
        self.assertEqual(len(after), 2)

    def test_a_node_is_drained(self):
        before = set(replicas())
        drained = pods()[f"replaced/{min(before)}"]["node"]
        self.addCleanup(kubectl, "uncordon", drained)

        def drain():
            kubectl("drain", drained, "--pod-selector=app=web", f"--timeout={ROLLOUT_SECONDS:g}s")
            lab("wait")

        answered = set(self.while_asked(drain))
        after = set(replicas())
        self.assertNotIn(min(before), after)
        self.assertNotIn(drained, {pods()[f"replaced/{name}"]["node"] for name in after})
        self.assertEqual(answered, before | after)


def replicas():
    """The names of the Deployment's pods."""
    return sorted(name.partition("/")[2] for name in pods() if name.startswith("replaced/web-"))


def web(namespace):
    """A Deployment with pods on different nodes, and its Service. A pod that is told to end serves on for a while: nobody is
    told at once to leave it."""
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": AGNHOST,
        "args": ["netexec", "--http-port=8080", f"--delay-shutdown={LINGER_SECONDS}"],
        "readinessProbe": {"httpGet": {"port": 8080, "path": "/readyz"}, "periodSeconds": 1},
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
        "matchLabelKeys": ["pod-template-hash"],
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "topologySpreadConstraints": [spread]}}
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    metadata = {"namespace": namespace, "name": "web"}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, "strategy": strategy}
    ports = [{"port": 80, "targetPort": 8080}]
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": labels, "ports": ports}},
    ]

"""The plugins that join the conflist of a node where it has them: portmap, for hostPort, and bandwidth.

    node1: client      node2: conflist with portmap and bandwidth; near, web (hostPort 30090), slow (8 Mbit/s)
"""

import json

from cluster_lab.kubernetes.programs import image_name
from lab_under_test import apply, lab, pod, policy
from service_calls import KINDS, NOBODY, PORT, Backends, Call, CallTest

CONFLIST = "/etc/cni/net.d/10-ovs-cni.conflist"
HOST_PORT = 30090
CLIENT, NEAR, WEB, SLOW = "chained/client", "chained/near", "chained/web", "chained/slow"
NODE1, NODE2, OUTSIDE = "node/node1", "node/node2", "outside"
BYTES_PER_SECOND = 1_000_000


def write_conflist(text):
    # Whole or not at all, since a runtime may look; it knows the network when it has started again.
    lab("node", "node2", "--", "sh", "-c", f"cat > {CONFLIST}.new <<'END'\n{text}\nEND\nmv {CONFLIST}.new {CONFLIST}")
    lab("restart", "containerd", "node2")
    lab("wait")


class ChainedPlugins(CallTest):
    @classmethod
    def setUpClass(cls):
        before = lab("node", "node2", "--", "cat", CONFLIST)
        cls.addClassCleanup(write_conflist, before)
        chained = [("portmap", "portMappings"), ("bandwidth", "bandwidth")]
        plugins = [{"type": kind, "capabilities": {capability: True}} for kind, capability in chained]
        network = json.loads(before)
        write_conflist(json.dumps(network | {"plugins": network["plugins"] + plugins}))
        cls.shared_namespace("chained")
        web, slow = pod("chained", "web", {"app": "web"}, node="node2"), pod("chained", "slow", node="node2")
        ports = [{"containerPort": PORT, "hostPort": HOST_PORT, "protocol": protocol} for protocol in KINDS]
        # Of itself agnhost listens nowhere: the test does, on the declared ports.
        web["spec"]["containers"][0] |= {"image": image_name("agnhost"), "ports": ports}
        slow["metadata"]["annotations"] = {"kubernetes.io/ingress-bandwidth": "8M"}
        apply([web, slow, pod("chained", "client", node="node1"), pod("chained", "near", node="node2")])
        cls.backends = Backends([WEB, SLOW], [CLIENT, NEAR, NODE1, NODE2, OUTSIDE])
        cls.addClassCleanup(cls.backends.close)

    def test_a_hostPort_leads_to_the_pod_which_sees_who_calls(self):
        self.assert_calls(
            {
                (OUTSIDE, (NODE2, HOST_PORT)): (WEB, OUTSIDE),
                (NODE1, (NODE2, HOST_PORT)): (WEB, NODE1),
                (CLIENT, (NODE2, HOST_PORT)): (WEB, CLIENT),
                (OUTSIDE, (NODE1, HOST_PORT)): NOBODY,
            }
        )

    def test_a_hostPort_leads_pods_of_its_own_node_to_the_pod(self):
        self.assert_calls({(NEAR, (NODE2, HOST_PORT)): (WEB, NEAR)})

    def test_policy_holds_for_who_calls_a_hostPort(self):
        blocks = [{"ipBlock": {"cidr": "172.31.0.0/16"}}, {"ipBlock": {"cidr": "fd00:172:31::/48"}}]
        apply([policy("chained", "outside", {"app": "web"}, ingress=[{"from": blocks}])])
        self.addCleanup(lab, "delete", "networkpolicy", "chained/outside")
        port = (NODE2, HOST_PORT)
        self.assert_calls({(OUTSIDE, port): (WEB, OUTSIDE), (CLIENT, port): NOBODY, (NODE1, port): NOBODY})

    def test_a_pods_bandwidth_is_limited(self):
        shaped = json.loads(lab("node", "node2", "--", "tc", "-j", "qdisc"))
        rates = [each["options"]["rate"] for each in shaped if each["kind"] == "tbf"]
        self.assertEqual(rates, [BYTES_PER_SECOND])
        answers = self.backends.answers([Call(CLIENT, self.backends.endpoints[SLOW].addresses[4], PORT)], 1)
        self.assertEqual([each.backend for each in answers], [SLOW])

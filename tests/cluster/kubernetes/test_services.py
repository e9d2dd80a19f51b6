"""Services, which kube-proxy translates: who is reached, who sees whose address, and that policy holds for the backend.

    node1: client, near      node2: far, host (on its node's network)      outside

    Services near, far, host    one backend each, both families, 80/TCP and 80/UDP
             both               near and far
             far, local         also on every node's ports: externalTrafficPolicy Cluster and Local
"""

import json
import socket

import lab_under_test
from cluster_lab.kubernetes.api import kubectl
from cluster_lab.kubernetes.plan import API_SERVICE_ADDRESSES, DNS_ADDRESSES
from lab_under_test import another_lab, apply, eventually, in_pod, lab, pod, policy
from service_calls import KINDS, NOBODY, PORT, Backends, CallTest, looked_up

CLIENT, NEAR, FAR, HOST = "services/client", "services/near", "services/far", "services/host"
NODE1, NODE2, OUTSIDE = "node/node1", "node/node2", "outside"
CLUSTER_PORT, LOCAL_PORT = 30080, 30081


def service(name, selector, node_port=None, **spec):
    ports = [{"name": kind.lower(), "protocol": kind, "port": 80, "targetPort": PORT} for kind in KINDS]
    if node_port:
        ports = [each | {"nodePort": node_port} for each in ports]
        spec["type"] = "NodePort"
    spec = {"selector": selector, "ports": ports, "ipFamilyPolicy": "RequireDualStack"} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "services", "name": name}, "spec": spec}


def everything():
    placed = {"client": "node1", "near": "node1", "far": "node2"}
    tiers = {"near": {"tier": "server"}, "far": {"tier": "server"}}
    return [
        *[pod("services", name, {"app": name} | tiers.get(name, {}), node=place) for name, place in placed.items()],
        pod("services", "host", {"app": "host"}, node="node2", spec={"hostNetwork": True}),
        service("near", {"app": "near"}),
        service("far", {"app": "far"}, CLUSTER_PORT),
        service("host", {"app": "host"}),
        service("both", {"tier": "server"}),
        service("local", {"app": "far"}, LOCAL_PORT, externalTrafficPolicy="Local"),
    ]


class Services(CallTest):
    """With kube-proxy in nftables mode."""

    @classmethod
    def setUpClass(cls):
        cls.shared_namespace("services")
        apply(everything())
        cls.backends = Backends([NEAR, FAR, HOST], [CLIENT, NODE1, NODE2, OUTSIDE])
        cls.addClassCleanup(cls.backends.close)
        found = json.loads(kubectl(lab_under_test.LAB, ["get", "services", "-n", "services", "-o", "json"]))["items"]
        cls.cluster_ips = {each["metadata"]["name"]: each["spec"]["clusterIPs"] for each in found}
        calls = [call for node in (NODE1, NODE2) for name in cls.cluster_ips for call in cls.calls(node, name)]
        eventually(lambda: None not in cls.backends.answers(calls, 0), "kube-proxy knows the Services", 60)

    def setUp(self):
        self.applied = set()
        self.addCleanup(self.remove_policies)

    def remove_policies(self):
        for name in self.applied:
            lab("delete", "networkpolicy", f"services/{name}")
        if self.applied:
            lab("wait")
        self.applied.clear()

    def apply_policy(self, name="policy", selects=None, **spec):
        self.applied.add(name)
        apply([policy("services", name, selects, **spec)])

    def test_a_ClusterIP_leads_pods_to_backends_that_see_their_own_addresses(self):
        self.assert_calls(
            {
                (CLIENT, "far"): (FAR, CLIENT),
                (CLIENT, "near"): (NEAR, CLIENT),
                (FAR, "near"): (NEAR, FAR),
                (NEAR, "far"): (FAR, NEAR),
            }
        )

    def test_a_pod_reaches_itself_through_its_Service(self):
        # kube-proxy masquerades, since a pod would not expect its own address as a sender.
        self.assert_calls({(NEAR, "near"): (NEAR, NODE1), (FAR, "far"): (FAR, NODE2)})

    def test_a_ClusterIP_leads_nodes_to_backends(self):
        self.assert_calls(
            {
                (NODE1, "near"): (NEAR, NODE1),
                (NODE1, "far"): (FAR, NODE1),
                (NODE2, "near"): (NEAR, NODE2),
                (NODE2, "far"): (FAR, NODE2),
            }
        )

    def test_a_backend_may_be_on_its_nodes_network(self):
        # Another node's host sees the node that translated, since its replies have to go back there.
        self.assert_calls(
            {
                (CLIENT, "host"): (HOST, NODE1),
                (FAR, "host"): (HOST, FAR),
                (NODE1, "host"): (HOST, NODE1),
                (NODE2, "host"): (HOST, NODE2),
            }
        )

    def test_a_port_of_any_node_leads_to_a_backend_that_sees_that_node(self):
        expected = {}
        for caller in (OUTSIDE, CLIENT, FAR, NODE1, NODE2):
            for node in (NODE1, NODE2):
                expected[caller, (node, CLUSTER_PORT)] = (FAR, node)
        self.assert_calls(expected)

    def test_with_externalTrafficPolicy_Local_the_outside_is_seen_and_served_by_the_backends_node_alone(self):
        self.assert_calls({(OUTSIDE, (NODE2, LOCAL_PORT)): (FAR, OUTSIDE), (OUTSIDE, (NODE1, LOCAL_PORT)): NOBODY})

    def test_with_externalTrafficPolicy_Local_the_cluster_itself_is_served_by_every_node(self):
        self.assert_calls(
            {
                (CLIENT, (NODE1, LOCAL_PORT)): (FAR, CLIENT),
                (CLIENT, (NODE2, LOCAL_PORT)): (FAR, CLIENT),
                (NODE1, (NODE1, LOCAL_PORT)): (FAR, NODE1),
                (NODE1, (NODE2, LOCAL_PORT)): (FAR, NODE1),
            }
        )

    def who_answers(self, caller, name):
        """Of a Service with two backends; also whether some calls were not answered. Enough calls to meet both."""
        answers = self.backends.answers(self.calls(caller, name) * 6, 1)
        return {each.backend for each in answers if each}, None in answers

    def test_without_a_policy_both_backends_answer(self):
        self.assertEqual(self.who_answers(CLIENT, "both"), ({NEAR, FAR}, False))

    def test_of_two_backends_the_one_answers_whose_ingress_policy_allows_the_client(self):
        for name, other in (("near", "far"), ("far", "near")):
            with self.subTest(allowed=name):
                by_nobody = [{"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}]
                by_client = [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": self.ports()}]
                self.apply_policy("one", {"app": name}, ingress=by_client)
                self.apply_policy("other", {"app": other}, ingress=by_nobody)
                self.assertEqual(self.who_answers(CLIENT, "both"), ({f"services/{name}"}, True))

    def test_of_two_backends_the_one_answers_that_the_clients_egress_policy_allows(self):
        for name in ("near", "far"):
            with self.subTest(allowed=name):
                to_one = [{"to": [{"podSelector": {"matchLabels": {"app": name}}}], "ports": self.ports()}]
                self.apply_policy("egress", {"app": "client"}, policyTypes=["Egress"], egress=to_one)
                self.assertEqual(self.who_answers(CLIENT, "both"), ({f"services/{name}"}, True))

    def ports(self):
        """Of the backends: policy is not about a Service's ports."""
        return [{"port": PORT, "protocol": protocol} for protocol in KINDS]

    def test_an_isolated_pod_reaches_itself_through_its_Service(self):
        self.apply_policy(policyTypes=["Ingress", "Egress"])
        self.assert_calls({(NEAR, "near"): (NEAR, NODE1), (CLIENT, "near"): NOBODY, (CLIENT, "far"): NOBODY})

    def test_an_ipBlock_admits_the_outside_through_a_node_port_that_keeps_its_address(self):
        blocks = {"172.31.0.0/16": "172.31.0.2/32", "fd00:172:31::/48": "fd00:172:31::2/128"}
        self.apply_policy(selects={"app": "far"}, ingress=[{"from": [{"ipBlock": {"cidr": one}} for one in blocks]}])
        self.assert_calls({(OUTSIDE, (NODE2, LOCAL_PORT)): (FAR, OUTSIDE), (CLIENT, "far"): NOBODY})
        but_one = [{"ipBlock": {"cidr": cidr, "except": [host]}} for cidr, host in blocks.items()]
        self.apply_policy(selects={"app": "far"}, ingress=[{"from": but_one}])
        self.assert_calls({(OUTSIDE, (NODE2, LOCAL_PORT)): NOBODY})

    def test_names_are_looked_up_through_the_Service_of_DNS(self):
        questions = [
            f"@{server} {name}.services.svc.cluster.local {kind}"
            for server in DNS_ADDRESSES.values()
            for name in ("near", "far")
            for kind in ("A", "AAAA")
        ]
        expected = (self.cluster_ips["near"] + self.cluster_ips["far"]) * 2
        for client in (CLIENT, FAR):
            self.assertEqual(looked_up(client, questions), expected)

    def test_pods_reach_the_API_server_through_its_Service(self):
        for client in (CLIENT, FAR):
            with in_pod(client):
                socket.create_connection((API_SERVICE_ADDRESSES[4], 443), timeout=5).close()


class ServicesWithIptables(Services):
    """With kube-proxy in iptables mode, in a lab of its own."""

    KIND = ("--kubernetes", "--nodes", "2", "--kube-proxy", "iptables", "--network", "agent")

    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(another_lab(lab_under_test.LAB.name[:15] + "-ipt", *cls.KIND))
        super().setUpClass()

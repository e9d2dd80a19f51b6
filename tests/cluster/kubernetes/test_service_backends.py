"""Egress policy and Services whose backends are no pods: allowed exactly where the backend itself is."""

import json
import select
import socket
import ssl
import time

from cluster_lab.json_files import Json
from lab_under_test import ClusterTest, apply, eventually, in_pod, policy, run_lab
from test_real_lab import AGNHOST, kubectl, server

NAMESPACE = "backends"
CLIENT = f"{NAMESPACE}/client"  # selected by the policies of these tests
FREE = f"{NAMESPACE}/free"  # by none
OUTSIDE = {4: "172.31.0.2", 6: "fd00:172:31::2"}
FAMILIES = sorted(OUTSIDE)


def service(name, backends, port):
    """A Service of both families, port 80, and slices that name its backends by hand."""
    spec = {"ipFamilyPolicy": "RequireDualStack", "ports": [{"port": 80, "targetPort": port}]}
    objects: list[Json] = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": NAMESPACE, "name": name}, "spec": spec}
    ]
    for family, address in backends.items():
        metadata = {
            "namespace": NAMESPACE,
            "name": f"{name}-{family}",
            "labels": {"kubernetes.io/service-name": name},
        }
        objects.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": metadata,
                "addressType": f"IPv{family}",
                "endpoints": [{"addresses": [address]}],
                "ports": [{"port": port}],
            }
        )
    return objects


def cluster_addresses(name, namespace=NAMESPACE):
    """A Service's addresses, by family."""
    found = json.loads(kubectl("get", "service", name, "-n", namespace, "-o", "json"))["spec"]["clusterIPs"]
    return {6 if ":" in each else 4: each for each in found}


def node_addresses(name):
    found = json.loads(kubectl("get", "node", name, "-o", "json"))["status"]["addresses"]
    return {6 if ":" in each["address"] else 4: each["address"] for each in found if each["type"] == "InternalIP"}


def block(address):
    return {"ipBlock": {"cidr": address + ("/128" if ":" in address else "/32")}}


def allow(addresses, port):
    return {"to": [block(each) for each in addresses], "ports": [{"protocol": "TCP", "port": port}]}


def connects(source, address, port, seconds):
    try:
        with in_pod(source):
            socket.create_connection((address, port), timeout=seconds).close()
        return True
    except OSError:
        return False


class Connection:
    """A TCP connection from a pod to the responder outside, which says who it is and then sends back what it is sent."""

    def __init__(self, source, address):
        with in_pod(source):
            self.socket = socket.create_connection((address, 80), timeout=5)
        self.heard = self.socket.recv(1024)
        self.socket.setblocking(False)

    def say(self, word):
        self.socket.send(word)

    def hears(self, word, seconds):
        """Whether the word comes back within this time; what the kernel sends again meanwhile counts."""
        deadline = time.monotonic() + seconds
        while word not in self.heard:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            received = self.socket.recv(4096)
            if not received:
                raise AssertionError("the connection was closed")
            self.heard += received
        return True


class ServiceBackends(ClusterTest):
    @classmethod
    def setUpClass(cls):
        run_lab("delete", "namespace", NAMESPACE)
        cls.addClassCleanup(run_lab, "delete", "namespace", NAMESPACE)
        apply([server(NAMESPACE, "client", "node1", {"app": "client"}), server(NAMESPACE, "free", "node1")])

    def setUp(self):
        self.addCleanup(run_lab, "delete", "networkpolicy", f"{NAMESPACE}/policy")

    def restrict(self, *rules):
        """The client may reach what these egress rules say, and nothing else."""
        apply([policy(NAMESPACE, selects={"app": "client"}, policyTypes=["Egress"], egress=list(rules))])

    def assert_reached(self, addresses, port=80, source=CLIENT):
        """kube-proxy follows within its own time."""
        for family, address in addresses.items():
            eventually(lambda at=address: connects(source, at, port, 5), f"{source} reaches {address} (IPv{family})")

    def assert_not_reached(self, addresses, port=80, source=CLIENT):
        """Of what was reached before, so that kube-proxy knows it: the client is asked as often as it would send again."""
        for address in addresses.values():
            self.assertFalse(connects(source, address, port, 1.5), f"{source} reaches {address}")

    def test_the_api_server_is_reached_where_policy_allows_its_own_address_and_port(self):
        of_service = cluster_addresses("kubernetes", "default")
        slices = json.loads(kubectl("get", "endpointslice", "kubernetes", "-n", "default", "-o", "json"))
        backends = [address for each in slices["endpoints"] for address in each["addresses"]]
        port = slices["ports"][0]["port"]
        self.assert_reached(of_service, 443)
        self.restrict()
        self.assert_not_reached(of_service, 443)
        self.assert_reached(of_service, 443, source=FREE)
        self.restrict(allow(of_service.values(), 443))  # says nothing of the backend
        self.assert_not_reached(of_service, 443)
        self.restrict(allow(backends, port + 1))
        self.assert_not_reached(of_service, 443)
        self.restrict(allow(backends, port))
        for address in of_service.values():
            with in_pod(CLIENT):
                plain = socket.create_connection((address, 443), timeout=5)
            with ssl._create_unverified_context().wrap_socket(plain) as connection:
                connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
                self.assertIn(b"HTTP/1.0 ", connection.recv(1024))

    def test_a_backend_outside_is_cut_off_and_comes_back_with_its_open_connections(self):
        apply(service("beyond", OUTSIDE, 80))
        of_service = cluster_addresses("beyond")
        self.assertEqual(sorted(of_service), FAMILIES)
        self.assert_reached(of_service)
        self.assert_reached(of_service, source=FREE)
        self.restrict(allow(OUTSIDE.values(), 80))
        opened = {family: Connection(CLIENT, of_service[family]) for family in FAMILIES}
        free = {family: Connection(FREE, of_service[family]) for family in FAMILIES}
        for each in (*opened.values(), *free.values()):
            self.addCleanup(each.socket.close)
            each.say(b"first")
            self.assertTrue(each.hears(b"first", 5))
        self.restrict(allow([OUTSIDE[4]], 80))  # one family only
        for word, cut in ((b"second", [6]), (b"third", FAMILIES)):
            for family in FAMILIES:
                opened[family].say(word)
                self.assertEqual(opened[family].hears(word, 1 if family in cut else 5), family not in cut, family)
                free[family].say(word)
                self.assertTrue(free[family].hears(word, 5))
            self.restrict()
        self.assert_not_reached(of_service)
        self.restrict({"to": [block(each) for each in OUTSIDE.values()]})
        for family in FAMILIES:
            self.assertTrue(opened[family].hears(b"third", 20), "what the kernel sends again passes now")

    def test_nodes_as_backends_are_asked_about_one_by_one(self):
        nodes = {name: node_addresses(name) for name in ("node1", "node2")}
        apply([each for name, found in nodes.items() for each in service(name, found, 10250)])
        of_service = {name: cluster_addresses(name) for name in nodes}
        for name in nodes:
            self.assert_reached(of_service[name])
        for allowed, denied in (("node1", "node2"), ("node2", "node1")):
            self.restrict(allow(nodes[allowed].values(), 10250))
            self.assert_reached(of_service[allowed])
            self.assert_not_reached(of_service[denied])

    def test_a_new_pod_is_isolated_from_its_first_packet(self):
        apply(service("beyond", OUTSIDE, 80))
        of_service = cluster_addresses("beyond")
        self.assert_reached(of_service)
        self.restrict()
        for family, address in of_service.items():
            target = f"[{address}]:80" if family == 6 else f"{address}:80"
            for name, labels in ((f"isolated{family}", "app=client"), (f"open{family}", "app=other")):
                run = ["run", name, "-n", NAMESPACE, f"--image={AGNHOST}", "--restart=Never", f"--labels={labels}"]
                node = '--overrides={"spec":{"nodeName":"node1"}}'
                kubectl(*run, node, "--", "connect", target, "--timeout=2s")

        def phases():
            found = json.loads(kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
            ends = {each["metadata"]["name"]: each["status"]["phase"] for each in found}
            ended = {name: ends[name] for name in ends if name not in ("client", "free")}
            return ended if set(ended.values()) <= {"Succeeded", "Failed"} else None

        wanted = {f"isolated{family}": "Failed" for family in FAMILIES}
        wanted |= {f"open{family}": "Succeeded" for family in FAMILIES}
        self.assertEqual(eventually(phases, "the pods end", 40), wanted)

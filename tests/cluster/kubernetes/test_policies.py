"""NetworkPolicies of a real cluster, beside what the plain lab's tests of policies show here as well: a pod that starts
isolated, and one that may look up names and do nothing else."""

import socket
import threading

from cluster_lab.kubernetes.plan import API_SERVICE_ADDRESSES, DNS_ADDRESSES
from cluster_lab.kubernetes.programs import image_name
from lab_under_test import ClusterTest, addresses, apply, eventually, in_pod, lab, pod, pods, policy, probe
from service_calls import FAMILIES, looked_up

NEXT_ADDRESSES = 8  # that a node gives out are sent to before the pods are there that get them
HAMMER_SECONDS, HAMMER_PORT = 0.01, 7000
SPEAKING_PORTS = {"quiet": 7001, "open": 7002}


class Hammer(threading.Thread):
    """Datagrams from a pod to some addresses, again and again."""

    def __init__(self, source, targets):
        super().__init__()
        with in_pod(source):
            self.sockets = {family: socket.socket(kind, socket.SOCK_DGRAM) for family, kind in FAMILIES.items()}
        self.targets = targets
        self.ends = threading.Event()

    def run(self):
        while not self.ends.wait(HAMMER_SECONDS):
            for family, target in self.targets:
                self.sockets[family].sendto(b"let me in", (target, HAMMER_PORT))

    def end(self):
        self.ends.set()
        self.join()
        for each in self.sockets.values():
            each.close()


class Ears:
    """Which families a pod has heard another in, on the port that is the other's."""

    def __init__(self, listener):
        self.sockets = {}
        found = addresses("policies")
        for speaker, port in SPEAKING_PORTS.items():
            for family, kind in FAMILIES.items():
                with in_pod(f"policies/{listener}"):
                    made = self.sockets[speaker, family] = socket.socket(kind, socket.SOCK_DGRAM)
                made.setblocking(False)
                made.bind((found[listener, family], port))

    def heard(self, speaker):
        return {family for family in FAMILIES if self._has_come(self.sockets[speaker, family])}

    def _has_come(self, each):
        try:
            return bool(each.recv(64, socket.MSG_PEEK))
        except BlockingIOError:
            return False

    def close(self):
        for each in self.sockets.values():
            each.close()


def speaker(name, targets):
    """A pod on node1 that begins to send before anything else, and goes on."""
    sends = " ".join(f"echo word | nc -u -w 1 {each} {SPEAKING_PORTS[name]} &" for each in targets)
    made = pod("policies", name, {"app": name}, node="node1", spec={"terminationGracePeriodSeconds": 0})
    command = ["sh", "-c", f"while :; do {sends} sleep 0.2; done"]
    made["spec"]["containers"] = [{"name": "main", "image": image_name("agnhost"), "command": command}]
    return made


def datagrams_to_closed_ports(name):
    """That have reached a pod, IPv4's and IPv6's."""
    with in_pod(f"policies/{name}"):
        with open("/proc/thread-self/net/snmp") as file:
            names, values = [line.split() for line in file if line.startswith("Udp:")]
        with open("/proc/thread-self/net/snmp6") as file:
            six = dict(line.split() for line in file)
    return int(values[names.index("NoPorts")]), int(six["Udp6NoPorts"])


class Policies(ClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.shared_namespace("policies")
        placed = {"near": "node1", "far": "node2"}
        apply([pod("policies", name, {"app": name}, [(80, "TCP")], node=node) for name, node in placed.items()])

    def next_addresses(self):
        """Those that the next pods of node1 get: an agent that has just started goes on after the highest in use."""
        lab("restart", "agent", "node1")
        lab("wait")
        found = []
        for family in FAMILIES:
            used = [each for one in pods().values() if one["node"] == "node1" for each in one["addresses"]]
            used = [each for each in used if (":" in each) == (family == 6) and each.startswith(("10.", "fd00:10:"))]
            numbers = [int.from_bytes(socket.inet_pton(FAMILIES[family], each)) for each in used]
            size = 4 if family == 4 else 16
            following = range(max(numbers) + 1, max(numbers) + 1 + NEXT_ADDRESSES)
            found += [(family, socket.inet_ntop(FAMILIES[family], each.to_bytes(size))) for each in following]
        return found

    def test_a_pod_that_starts_isolated_is_never_reached_and_never_heard(self):
        """Both pods are sent to before they are there, and speak as soon as they are; only one is isolated."""
        apply([policy("policies", "deny", {"app": "quiet"}, policyTypes=["Ingress", "Egress"])])
        self.addCleanup(lab, "delete", "networkpolicy", "policies/deny")
        ears = Ears("far")
        self.addCleanup(ears.close)
        targets = self.next_addresses()
        for source in ("policies/near", "policies/far"):
            hammer = Hammer(source, targets)
            self.addCleanup(hammer.end)
            hammer.start()
        listener = addresses("policies")
        apply([speaker(name, [listener["far", family] for family in FAMILIES]) for name in SPEAKING_PORTS])
        found = addresses("policies")
        given = {(family, found[name, family]) for name in SPEAKING_PORTS for family in FAMILIES}
        self.assertLessEqual(given, set(targets), "the pods have addresses that were sent to")
        eventually(lambda: ears.heard("open") == {4, 6}, "the pod that is not isolated is heard")
        eventually(lambda: 0 not in datagrams_to_closed_ports("open"), "the pod that is not isolated is reached")
        self.assertEqual(ears.heard("quiet"), set())
        self.assertEqual(datagrams_to_closed_ports("quiet"), (0, 0))

    def test_a_pod_may_be_allowed_to_look_up_names_and_nothing_else(self):
        servers = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
        ports = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        names = [{"to": [servers], "ports": ports}]
        apply([policy("policies", "names", {"app": "near"}, policyTypes=["Egress"], egress=names)])
        self.addCleanup(lab, "delete", "networkpolicy", "policies/names")
        name = "kubernetes.default.svc.cluster.local"
        questions = [f"@{server} {name} {tcp}" for server in DNS_ADDRESSES.values() for tcp in ("+notcp", "+tcp")]
        self.assertEqual(looked_up("policies/near", questions), [API_SERVICE_ADDRESSES[4]] * 4)
        verdicts = probe("--from", "policies/near", "--to", "policies/far", "--to", "outside", "--to", "node/node2")
        self.assertEqual({each["to"] for each in verdicts}, {"policies/far", "outside", "node/node2"})
        self.assertEqual({each["allowed"] for each in verdicts}, {False})
        verdicts = probe("--from", "policies/far", "--to", "policies/near")
        self.assertEqual({each["allowed"] for each in verdicts}, {True})

"""Six pods in two namespaces, spread over the nodes, and tests that say who is denied under which policies.

    px  a (node1)  b (node2)  c (node3)      labels pod=a|b|c, tier=x|y
    py  a (node3)  b (node1)  c (node2)      ports 80/TCP 81/TCP 80/UDP; "web" is 80 of a, 81 of b, nothing of c

A test applies policies and gives the rule by which a pair is denied. Every pair of pods is tried on every port over
both families; what differs from the rule fails the test, in either direction.
"""

from lab_under_test import ClusterTest, apply, namespace, pod, probe, run_lab

NODES = {"px/a": "node1", "px/b": "node2", "px/c": "node3", "py/a": "node3", "py/b": "node1", "py/c": "node2"}
PODS = sorted(NODES)
PORTS = ("80/TCP", "81/TCP", "80/UDP")
WEB = {"a": 80, "b": 81}


def six_pods():
    objects = [namespace("px", team="x"), namespace("py", team="y", env="test")]
    for name, node in NODES.items():
        where, short = name.split("/")
        ports = [(number, "TCP", "web") if WEB.get(short) == number else (number, "TCP") for number in (80, 81)]
        labels = {"pod": short, "tier": where[1]}
        objects.append(pod(where, short, labels, [*ports, (80, "UDP")], node=node))
    return objects


class PolicyTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        # Pods of an earlier class stay as they are: the same manifests change nothing.
        apply(six_pods())

    def setUp(self):
        self.addCleanup(self.remove_policies)
        self.applied = []

    def remove_policies(self):
        for name in self.applied:
            run_lab("delete", "networkpolicy", name)  # some went with their namespace

    def apply(self, *policies):
        self.applied += [
            f"{each['metadata']['namespace']}/{each['metadata']['name']}"
            for each in policies
            if each["kind"] == "NetworkPolicy"
        ]
        self.applied = list(dict.fromkeys(self.applied))
        apply(list(policies))

    def assert_denied(self, rule, sources=("px/*", "py/*"), destinations=("px/*", "py/*")):
        """`rule(source, destination, port)` is true for exactly the probes that get no answer. A pod always reaches
        itself, whatever the rule says."""
        chosen = [("--from", one) for one in sources] + [("--to", one) for one in destinations]
        verdicts = probe(*[part for pair in chosen for part in pair])
        self.assertGreater(len(verdicts), 0)
        wrong = []
        for verdict in verdicts:
            source, destination = verdict["from"], verdict["to"]
            port = f"{verdict['port']}/{verdict['protocol']}"
            expected = source == destination or not rule(source, destination, port)
            if verdict["allowed"] != expected:
                is_now = "allowed" if verdict["allowed"] else "blocked"
                wrong.append(f"{source} -> {destination} {port} IPv{verdict['family']} is {is_now}")
        self.assertEqual(wrong, [])
        return verdicts


def to(*names, but_from=()):
    """Denied: everything to these pods, but what comes from those."""
    return lambda source, destination, port: destination in names and source not in but_from


def labels(**wanted):
    return {"matchLabels": wanted}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator} | ({"values": list(values)} if values else {})]}

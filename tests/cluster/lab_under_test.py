"""The cluster that the tests share, and what a test says to it.

Every test works in namespaces of its own, which are deleted when it ends; the lab itself stays.
"""

import json
import os
import subprocess
import tempfile
import time
import unittest
from contextlib import contextmanager
from pathlib import Path

from cluster_lab import kinds, namespaces
from cluster_lab.layout import Lab

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = Lab(os.environ.get("OVS_CNI_TEST_LAB", "test"))
DEADLINE_SECONDS = 20.0


@contextmanager
def another_lab(name, *kind):
    """In this context the tests' lab is another one, of its own kind."""
    global LAB
    before, LAB = LAB, Lab(name)
    try:
        run_lab("down")
        lab("up", *kind)
        yield
    finally:
        run_lab("down")
        LAB = before


def run_lab(*arguments, input_text=None):
    """The completed process of a tools/lab command."""
    command = [str(CHECKOUT / "tools" / "lab"), "--name", LAB.name, *map(str, arguments)]
    return subprocess.run(command, input=input_text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lab(*arguments):
    """What a tools/lab command prints; its failure is the test's."""
    result = run_lab(*arguments)
    if result.returncode != 0:
        raise AssertionError(f"tools/lab {' '.join(map(str, arguments))}: {result.returncode}\n{result.stderr}")
    return result.stdout


def probe(*arguments):
    return json.loads(lab("probe", "--json", *arguments))


def pods():
    """Every pod by its name."""
    return {pod["name"]: pod for pod in json.loads(lab("pods", "--json"))}


def addresses(namespace):
    """The addresses of the namespace's pods, by name and family."""
    return {
        (name.partition("/")[2], 6 if ":" in each else 4): each
        for name, found in pods().items()
        if name.startswith(namespace + "/")
        for each in found["addresses"]
    }


def address(pod, family):
    """A pod's address of one family."""
    namespace, _, name = pod.partition("/")
    return addresses(namespace)[name, family]


def apply(objects):
    """Applies objects and waits until every node has them; returns what it was told of each."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as manifest:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, manifest)
        manifest.flush()
        printed = lab("apply", "-f", manifest.name)
    lab("wait")
    return printed.splitlines()


def endpoints(*names):
    """Pods, nodes and the outside as they are now, by the names that `probe` takes: addresses and network namespace."""
    return {each.name: each for each in kinds.of_lab(LAB).endpoints().select(names)}


def network_namespace(pod):
    """The pod's, as `namespaces.inside` takes it, whichever kind the lab is."""
    return endpoints(pod)[pod].network_namespace


def in_pod(pod):
    """Context: the calling thread is in the pod's network namespace."""
    return namespaces.inside(network_namespace(pod))


def in_node(node):
    """The same for a node, or for "outside"."""
    return namespaces.inside(LAB.namespace(node))


def node_addresses(node):
    """All addresses of a node, its gateway's among them."""
    with in_node(node):
        shown = subprocess.run(["ip", "-j", "address"], capture_output=True, text=True, check=True).stdout
    return {found["local"] for link in json.loads(shown) for found in link["addr_info"]}


def eventually(condition, what, seconds=DEADLINE_SECONDS):
    """Returns the first true value of `condition`, asked again and again; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return value


def pod(namespace, name, labels=None, ports=(), node=None, **fields):
    """A Pod; `ports` are (number, protocol) or (number, protocol, name)."""
    declared = [dict(zip(("containerPort", "protocol", "name"), port)) for port in ports]
    spec = {"containers": [{"name": "main", "image": "main", "ports": declared}]} | fields.pop("spec", {})
    if node:
        spec["nodeName"] = node
    metadata = {"namespace": namespace, "name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec} | fields


def policy(namespace, name="policy", selects=None, **spec):
    """A NetworkPolicy; `selects` are the labels of the pods it selects, all pods when absent."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"podSelector": {"matchLabels": selects} if selects else {}} | spec,
    }


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


class ClusterTest(unittest.TestCase):
    """A test with namespaces of its own, removed afterwards."""

    maxDiff = None

    def own_namespace(self, name):
        """A namespace for this test; what an interrupted run left in it is removed first."""
        run_lab("delete", "namespace", name)
        self.addCleanup(run_lab, "delete", "namespace", name)

    @classmethod
    def shared_namespace(cls, name):
        """The same for all tests of the class."""
        run_lab("delete", "namespace", name)
        cls.addClassCleanup(run_lab, "delete", "namespace", name)

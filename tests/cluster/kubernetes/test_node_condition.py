"""Kubernetes is told whether a node's network serves, and why not: the condition NetworkUnavailable, and Ready."""

import json
import subprocess
import tempfile

from cluster_lab.kubernetes import control_plane, programs
from cluster_lab.layout import Lab, program
from cluster_lab.node import Node
from lab_under_test import CHECKOUT, LAB, ClusterTest, eventually, lab, pod

AGNHOST = programs.image_name("agnhost")
SERVES = ("False", "OvsCniIsUp")
# The hold-off of 10 s, and what the kubelet takes to ask and to tell.
PATIENCE_SECONDS = 45.0


def network_in(conditions):
    """Status and reason of the condition, or None."""
    found = conditions.get("NetworkUnavailable")
    return found and (found["status"], found["reason"])


class Cluster:
    """A lab's API, asked as an administrator does."""

    def __init__(self, which):
        self.lab = which

    def kubectl(self, *arguments):
        path = control_plane.kubeconfig_path(self.lab)
        command = [programs.program("kubectl"), "--kubeconfig", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def conditions(self, name):
        """The node's conditions by type; none while it is not registered."""
        found = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        named = [each for each in found if each["metadata"]["name"] == name]
        return {each["type"]: each for one in named for each in one["status"]["conditions"]}

    def network(self, name):
        return network_in(self.conditions(name))

    def wait_until_unready(self, name, reason):
        """Returns the message, when the condition has this reason and the runtime, asking STATUS, was told the same."""

        def message():
            found = self.conditions(name)
            if network_in(found) != ("True", reason) or found["Ready"]["status"] != "False":
                return None
            said = found["NetworkUnavailable"]["message"]
            return said if said in found["Ready"]["message"] else None

        return eventually(message, f"{name} is NotReady because of {reason}", PATIENCE_SECONDS)

    def wait_until_ready(self, name):
        def holds():
            found = self.conditions(name)
            return network_in(found) == SERVES and found["Ready"]["status"] == "True"

        eventually(holds, f"{name} is Ready, and its network available", PATIENCE_SECONDS)


class Trouble(ClusterTest):
    def setUp(self):
        self.cluster = Cluster(LAB)

    def test_short_trouble_is_no_transition(self):
        before = self.cluster.conditions("node2")["NetworkUnavailable"]
        self.assertEqual((before["status"], before["reason"]), SERVES)
        lab("restart", "agent", "node2")
        lab("restart", "switch", "node2")
        lab("wait")
        self.assertEqual(self.cluster.conditions("node2")["NetworkUnavailable"], before, "it is not even written")

    def set_underlay_mtu(self, mtu):
        if LAB.require_up().datapath == "netdev":
            lab("node", "node2", "--", "ovs-vsctl", "set", "interface", "br-phy", f"mtu_request={mtu}")
        else:
            lab("node", "node2", "--", "ip", "link", "set", "eth0", "mtu", str(mtu))

    def test_trouble_that_lasts_makes_the_node_unready_until_it_is_over(self):
        # With the userspace datapath there is no underlay without the switch, and so no way to tell that it is gone.
        self.addCleanup(lab, "wait")
        self.addCleanup(self.set_underlay_mtu, 1500)
        self.set_underlay_mtu(1340)
        self.assertIn("has an MTU of 1340", self.cluster.wait_until_unready("node2", "UnderlayMTUTooSmall"))
        self.assertEqual(self.cluster.network("node1"), SERVES)
        self.set_underlay_mtu(1500)
        self.cluster.wait_until_ready("node2")

    def test_what_somebody_else_writes_is_put_right(self):
        wrong = {"type": "NetworkUnavailable", "status": "True", "reason": "NoRouteCreated", "message": "no route"}
        patch = json.dumps({"status": {"conditions": [wrong]}})
        self.cluster.kubectl("patch", "node", "node2", "--subresource=status", "--type=strategic", "--patch", patch)
        eventually(lambda: self.cluster.network("node2") == SERVES, "the condition is the agent's again")


class LifeOfANode(ClusterTest):
    """With a lab of its own, whose only node is registered anew."""

    NAME = LAB.name[:15] + "-cond"
    OTHER_RANGES = ["10.244.77.0/24", "fd00:10:244:77::/64"]

    def run_own(self, *arguments):
        command = [str(CHECKOUT / "tools" / "lab"), "--name", self.NAME, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def setUp(self):
        self.run_own("down")
        self.addCleanup(self.run_own, "down")
        self.run_own("up", "--kubernetes", "--nodes", "1", "--family", "dual", "--network", "agent")
        self.cluster = Cluster(Lab(self.NAME))

    def start_pod(self):
        made = pod("default", "keeper", ports=[(8080, "TCP")], node="node1")
        made["spec"]["containers"][0] |= {"image": AGNHOST, "args": ["netexec", "--http-port=8080"]}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as manifest:
            json.dump(made, manifest)
            manifest.flush()
            self.run_own("apply", "-f", manifest.name)

    def register_anew(self):
        """While nobody gives ranges to nodes, or takes their pods away."""
        control_plane.node_of(self.cluster.lab).stop(control_plane.CONTROLLERS)
        self.cluster.kubectl("delete", "node", "node1")
        self.run_own("restart", "kubelet", "node1")

    def test_a_node_without_its_range_or_with_another_is_unready_and_removal_leaves_no_condition(self):
        self.assertEqual(self.cluster.network("node1"), SERVES)
        self.start_pod()
        self.register_anew()
        self.cluster.wait_until_unready("node1", "NoPodCIDR")

        ranges = {"spec": {"podCIDR": self.OTHER_RANGES[0], "podCIDRs": self.OTHER_RANGES}}
        self.cluster.kubectl("patch", "node", "node1", "--patch", json.dumps(ranges))
        message = self.cluster.wait_until_unready("node1", "AddressOutsidePodCIDR")
        self.assertIn("default/keeper (10.244.", message)

        self.cluster.kubectl("delete", "pods", "--all", "--all-namespaces", "--grace-period=1")
        self.cluster.wait_until_ready("node1")
        self.assert_removal_takes_the_condition()

    def assert_removal_takes_the_condition(self):
        Node(self.cluster.lab, "node1").stop("agent")
        self.assertEqual(self.cluster.network("node1"), SERVES, "an agent that ends leaves it")
        configuration = self.cluster.lab.node_folder("node1") / "agent.yaml"
        command = [program("ovs-cni-agent"), "--remove", "--config", str(configuration)]
        printed = self.run_own("node", "node1", "--", *command)
        self.assertIn("removed the condition NetworkUnavailable of node node1", printed)
        self.assertIsNone(self.cluster.network("node1"))
        self.assertIn("nothing is left to remove", self.run_own("node", "node1", "--", *command))

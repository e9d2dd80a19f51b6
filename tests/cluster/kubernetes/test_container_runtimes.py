"""containerd 1.7, which speaks CNI up to 1.0.0, in a lab of its own: one node, the network of daemonset/install.yaml.

The newer containerd, which speaks 1.1.0, is that of every other test.
"""

import json
import subprocess

from cluster_lab.kubernetes import status
from cluster_lab.kubernetes.api import AdminApi
from cluster_lab.kubernetes.programs import SETUP, image_name
import lab_under_test
from lab_under_test import ClusterTest, another_lab, apply, eventually, lab, pod, pods, probe, run_lab
from real_objects import parameters

VERSION = "1.7.35"
KIND = ("--kubernetes", "--nodes", "1", "--family", "dual", "--containerd", VERSION)
CONFLIST = "/etc/cni/net.d/10-ovs-cni.conflist"
# A list without plugins: no runtime takes it for a network.
REFUSED = {"cniVersion": "1.0.0", "name": "ovs-cni", "plugins": []}
READY_SECONDS = 60.0


def on_node(*command):
    return lab("node", "node1", "--", *command)


def write_conflist(text):
    on_node("sh", "-c", f"cat > {CONFLIST}.new <<'END'\n{text}\nEND\nmv {CONFLIST}.new {CONFLIST}")


class Containerd17(ClusterTest):
    api: AdminApi

    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(another_lab(lab_under_test.LAB.name[:15] + "-ctrd", *KIND))
        cls.api = AdminApi.of(lab_under_test.LAB, parameters())

    def test_a_pod_runs_has_an_address_and_is_reached(self):
        self.assertIn(VERSION, on_node("ctr", "version"))
        self.own_namespace("older")
        web = pod("older", "web", ports=[(8080, "TCP")])
        web["spec"]["containers"][0] |= {"image": image_name("agnhost"), "args": ["netexec", "--http-port=8080"]}
        apply([web, pod("older", "client")])
        self.assertEqual(len(pods()["older/web"]["addresses"]), 2)
        found = probe("--from", "older/client", "--from", "node/node1", "--to", "older/web")
        self.assertEqual(len(found), 4)
        self.assertEqual([each for each in found if not each["allowed"]], [])

    def test_the_node_is_not_Ready_while_the_runtime_refuses_the_conflist(self):
        before = on_node("cat", CONFLIST)
        self.addCleanup(lab, "wait", "--timeout", READY_SECONDS)
        self.addCleanup(write_conflist, before)
        self.assertEqual(status.nodes_not_ready(self.api), [])
        write_conflist(json.dumps(REFUSED))
        eventually(lambda: status.nodes_not_ready(self.api), "the node is not Ready", READY_SECONDS)
        write_conflist(before)
        eventually(lambda: not status.nodes_not_ready(self.api), "the node is Ready again", READY_SECONDS)


class Releases(ClusterTest):
    def test_one_that_does_not_exist_is_one_clear_line(self):
        for version in ("1.7", "2.2.x", "1.7.9999"):
            result = subprocess.run([SETUP, "--containerd", version], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, f"^tools/setup-kubernetes: .*{version}.*\\n$")

    def test_up_refuses_what_is_no_release_and_another_one_than_the_labs(self):
        lab_under_test.LAB.require_up()  # it has the newer containerd
        self.assertEqual(run_lab("up", "--kubernetes", "--containerd", "1.7").returncode, 2)
        self.assertEqual(run_lab("up", "--containerd", VERSION).returncode, 2)
        result = run_lab("up", "--kubernetes", "--containerd", VERSION)
        self.assertEqual(result.returncode, 1)
        self.assertIn("tools/lab down", result.stderr)

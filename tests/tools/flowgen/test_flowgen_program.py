"""The program `flowgen` as its users run it: its text against a golden file, its errors, and a real switch that takes it."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = pathlib.Path(__file__).with_name("shop.flows")
FLOWGEN = os.environ.get("FLOWGEN", SOURCE / "build/release/bin/flowgen")
SHOP = "examples/shop"  # as in the golden file's header
MORE_MANIFESTS = os.environ.get("OVS_CNI_TEST_MANIFESTS")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


def flowgen(*arguments):
    return subprocess.run([FLOWGEN, *arguments], cwd=SOURCE, capture_output=True, text=True)


def flow_lines(text):
    return [line for line in text.splitlines() if line.startswith("cookie=")]


class Text(unittest.TestCase):
    def test_the_example_shop_makes_the_golden_flows(self):
        """If a change of the flows is meant: flowgen --node node1 examples/shop > tests/tools/flowgen/shop.flows, and read the diff."""
        made = flowgen("--node", "node1", SHOP)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.maxDiff = None
        self.assertEqual(made.stdout, GOLDEN.read_text())

    def test_every_flow_names_its_owner(self):
        for line in flow_lines(GOLDEN.read_text()):
            self.assertRegex(line, r" # (Pipeline|Node|Pod|NetworkPolicy|Attachment) ")

    def test_stats_count_what_is_printed(self):
        total = flowgen("--node", "node1", "--stats", SHOP).stdout.splitlines()[-1].split()
        self.assertEqual(total, ["total", str(len(flow_lines(GOLDEN.read_text())))])


class Mistakes(unittest.TestCase):
    def test_a_network_policy_of_another_group_is_an_error_and_no_flows_are_printed(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "policy.yaml").write_text(
                "{apiVersion: extensions/v1beta1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}}"
            )
            made = flowgen("--node", "node1", SHOP, folder)
        self.assertEqual((made.returncode, made.stdout), (1, ""))
        self.assertIn('policy.yaml:1: NetworkPolicy shop/p: apiVersion: "extensions/v1beta1" is not', made.stderr)

    def test_a_node_that_the_manifests_do_not_have_is_named_with_those_they_have(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "node.yaml").write_text("{apiVersion: v1, kind: Node, metadata: {name: worker-1}}")
            made = flowgen("--node", "wroker-1", folder)
        self.assertEqual((made.returncode, made.stdout), (1, ""))
        self.assertIn("no Node wroker-1; they have worker-1", made.stderr)

    def test_a_broken_manifest_is_an_error_with_file_and_line(self):
        with tempfile.TemporaryDirectory() as folder:
            policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec:\n  podSelector: {}\n"
            pathlib.Path(folder, "policy.yaml").write_text(policy + "  ingress:\n  - ports:\n    - port: 70000\n")
            made = flowgen("--node", "node1", folder)
        self.assertEqual(made.returncode, 1)
        self.assertRegex(made.stderr, r"policy\.yaml:8: .*70000")

    def test_a_path_that_does_not_exist_is_an_error(self):
        made = flowgen("--node", "node1", "no/such/folder")
        self.assertEqual(made.returncode, 1)
        self.assertIn("no/such/folder", made.stderr)

    def test_wrong_usage_is_exit_code_2(self):
        for arguments in ([], ["--node", "node1"], [SHOP], ["--nod", "x", "--wrong", SHOP]):
            self.assertEqual(flowgen(*arguments).returncode, 2, arguments)


class Switch(unittest.TestCase):
    """A bridge of its own, in a network namespace that ends with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="flowgen-test-")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)
        self.environment = os.environ | dict.fromkeys(("OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"), self.folder)
        self.run_tool("ovsdb-tool", "create", f"{self.folder}/conf.db", SCHEMA)
        self.start("ovsdb-server", f"--remote=punix:{self.folder}/db.sock", f"{self.folder}/conf.db")
        self.vsctl("--no-wait", "init")
        self.start("unshare", "--net", "ovs-vswitchd", "-vconsole:off", f"unix:{self.folder}/db.sock")
        self.vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev", "protocols=OpenFlow15")

    def start(self, *command):
        process = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        if command[0] == "ovsdb-server":
            deadline = time.monotonic() + 10
            while not os.path.exists(f"{self.folder}/db.sock"):
                self.assertLess(time.monotonic(), deadline, "ovsdb-server does not start")
                time.sleep(0.005)

    def run_tool(self, *command):
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, 0, f"{command}: {result.stderr}")
        return result.stdout

    def vsctl(self, *arguments):
        return self.run_tool("ovs-vsctl", f"--db=unix:{self.folder}/db.sock", "--timeout=20", *arguments)

    def ofctl(self, *arguments):
        return self.run_tool("ovs-ofctl", "-O", "OpenFlow15", *arguments)

    def test_ovs_ofctl_takes_the_text_unchanged(self):
        bridge = f"unix:{self.folder}/br-int.mgmt"
        self.ofctl("add-tlv-map", bridge, "{class=0xff10,type=0,len=16}->tun_metadata0")
        for folder in [SHOP] + ([MORE_MANIFESTS] if MORE_MANIFESTS else []):
            made = flowgen("--node", "node1", folder)
            self.assertEqual(made.returncode, 0, made.stderr)
            file = f"{self.folder}/flows"
            pathlib.Path(file).write_text(made.stdout)
            self.ofctl("del-flows", bridge)
            self.ofctl("--bundle", "add-flows", bridge, file)
            installed = [line for line in self.ofctl("dump-flows", bridge).splitlines() if "table=" in line]
            self.assertEqual(len(installed), len(flow_lines(made.stdout)), folder)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])

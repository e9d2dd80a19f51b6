"""The lab's promises where it is a real Kubernetes: the same commands, and real pods that answer them."""

import json
import os
import signal
import subprocess
from pathlib import Path

from cluster_lab.kubernetes import control_plane, programs
from lab_under_test import CHECKOUT, LAB, ClusterTest, apply, eventually, lab, pod, pods, probe, run_lab

PROGRAM = str(CHECKOUT / "tools" / "lab")
AGNHOST = programs.image_name("agnhost")


def kubectl(*arguments):
    environment = os.environ | {"KUBECONFIG": lab("kubeconfig").strip()}
    command = [programs.program("kubectl"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def server(namespace, name, on, labels=None, **fields):
    """A pod that answers HTTP on 8080 by itself, on a node of one's choice."""
    made = pod(namespace, name, labels, [(8080, "TCP")], on)
    made["spec"]["containers"][0] |= {"image": AGNHOST, "args": ["netexec", "--http-port=8080"]}
    return made | fields


def verdicts(*arguments):
    found = probe(*arguments)
    return {(each["from"], each["to"], each["family"]): (each["allowed"], each["source_seen"]) for each in found}


class Cluster(ClusterTest):
    def test_the_kubeconfig_works_on_this_machine_and_all_nodes_are_ready(self):
        found = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
        ready = {
            each["metadata"]["name"]: condition["status"]
            for each in found
            for condition in each["status"]["conditions"]
            if condition["type"] == "Ready"
        }
        self.assertEqual(ready, {"node1": "True", "node2": "True", "node3": "True"})

    def test_up_says_that_the_lab_is_up_already_and_refuses_another_kind(self):
        self.assertIn("is up already", lab("up", "--kubernetes"))
        for wrong in (["up"], ["up", "--kubernetes", "--kube-proxy", "iptables"]):
            result = run_lab(*wrong)
            self.assertEqual(result.returncode, 1)
            self.assertIn("tools/lab down", result.stderr)
        self.assertEqual(run_lab("up", "--network", "none").returncode, 2)

    def test_commands_run_on_nodes_among_the_nodes_own_folders(self):
        self.assertEqual(lab("node", "node2", "--", "hostname").strip(), "node2")
        self.assertIn("ovs-cni", lab("node", "node2", "--", "ls", "/opt/cni/bin"))
        self.assertIn("Bridge br-int", lab("node", "node2", "--", "ovs-vsctl", "show"))
        self.assertIn(AGNHOST, lab("node", "node2", "--", "ctr", "images", "ls"))
        self.assertFalse(Path("/run/containerd/containerd.sock").exists())

    def test_one_dead_api_server_is_not_noticed(self):
        victim = control_plane.node_of(LAB).recorded()["kube-apiserver-1"]
        self.addCleanup(lab, "restart", "kube-apiserver-1", "control-plane")
        os.kill(victim.pid, signal.SIGKILL)
        eventually(lambda: not victim.alive(), "the API server ends")
        for _ in range(4):
            kubectl("get", "namespaces")
        self.assertIn("kube-apiserver-1 of control-plane does not run", run_lab("wait", "--timeout", "1").stderr)


class Pods(ClusterTest):
    def setUp(self):
        self.own_namespace("real")

    def test_pods_reach_each_other_with_their_own_addresses(self):
        apply([server("real", "a", "node1"), server("real", "b", "node2")])
        found = pods()
        self.assertEqual([found[f"real/{name}"]["node"] for name in "ab"], ["node1", "node2"])
        expected = {}
        for source in ("real/a", "real/b"):
            for address in found[source]["addresses"]:
                for to in ("real/a", "real/b"):
                    expected[source, to, 6 if ":" in address else 4] = (True, address)
        self.assertEqual(verdicts("--from", "real/*", "--to", "real/*"), expected)

    def test_agnhost_stands_in_for_images_that_nobody_has_and_answers_on_all_ports(self):
        ports = [(80, "TCP"), (81, "TCP"), (53, "UDP"), (9000, "UDP")]
        apply([pod("real", "shop", ports=ports, node="node1"), pod("real", "customer", node="node2")])
        found = probe("--from", "real/customer", "--to", "real/shop", "--family", "4")
        self.assertEqual({(each["port"], each["protocol"]) for each in found if each["allowed"]}, set(ports))

    def test_commands_run_in_pods_and_their_exit_codes_come_back(self):
        apply([server("real", "a", "node1")])
        self.assertEqual(run_lab("exec", "real/a", "--", "sh", "-c", "exit 7").returncode, 7)
        self.assertIn(pods()["real/a"]["addresses"][0], lab("exec", "real/a", "--", "ip", "-br", "address"))
        self.assertEqual(run_lab("exec", "real/none", "--", "true").returncode, 1)

    def test_a_name_of_a_service_leads_to_its_pods(self):
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": "real", "name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        }
        apply([service, server("real", "web", "node1", {"app": "web"}), server("real", "client", "node2")])
        ask = ["exec", "--namespace", "real", "client", "--", "curl", "-s", "-m", "2", "http://web/hostname"]

        def answer():
            try:
                return kubectl(*ask)
            except subprocess.CalledProcessError:
                return None  # kube-proxy follows within its own time

        self.assertEqual(eventually(answer, "the Service answers"), "web")

    def test_workloads_are_scaled_labelled_and_deleted_with_their_namespace(self):
        template = {"metadata": {"labels": {"app": "wide"}}, "spec": server("real", "x", None)["spec"]}
        spec = {"replicas": 1, "selector": {"matchLabels": {"app": "wide"}}, "template": template}
        metadata = {"namespace": "real", "name": "wide"}
        apply([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}])
        lab("scale", "deployment", "real/wide", "3")
        running = [name for name in pods() if name.startswith("real/")]
        self.assertEqual(len(running), 3)
        lab("label", "pod", running[0], "colour=blue")
        self.assertEqual(pods()[running[0]]["labels"]["colour"], "blue")
        lab("delete", "namespace", "real")
        self.assertEqual([name for name in pods() if name.startswith("real/")], [])


class LifeOfALab(ClusterTest):
    """With a lab of its own beside the one that the tests share."""

    NAME = LAB.name[:15] + "-two"

    def run_own(self, *arguments):
        return subprocess.run([PROGRAM, *arguments, "--name", self.NAME], capture_output=True, text=True)

    def leftovers(self):
        """Namespaces, control groups, folders and processes of the lab."""
        found = [name for name in os.listdir("/run/netns") if name.startswith(self.NAME + ".")]
        found += map(str, Path("/sys/fs/cgroup").glob(f"*/ovs-cni-lab/{self.NAME}"))
        roots = (Path("/run/ovs-cni-lab"), Path("/var/lib/ovs-cni-lab"))
        found += [str(path) for root in roots for path in root.iterdir() if path.name == self.NAME]
        running = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout
        return found + [line for line in running.splitlines() if f"ovs-cni-lab/{self.NAME}/" in line]

    def setUp(self):
        self.run_own("down")
        self.addCleanup(self.run_own, "down")

    def test_a_lab_without_a_network_waits_for_one_and_goes_without_a_trace(self):
        result = self.run_own("up", "--kubernetes", "--nodes", "1", "--network", "none", "--family", "ipv6")
        self.assertEqual(result.returncode, 0, result.stderr)
        path = self.run_own("kubeconfig").stdout.strip()
        self.assertIn(path, result.stdout)
        shown = subprocess.run(
            [programs.program("kubectl"), "--kubeconfig", path, "get", "nodes"], capture_output=True, text=True
        ).stdout
        self.assertIn("NotReady", shown)
        self.assertEqual(self.run_own("down").returncode, 0)
        self.assertEqual(self.leftovers(), [])
        self.assertIn("is up already", lab("up", "--kubernetes"))

    def test_an_up_that_was_killed_can_be_removed(self):
        command = [PROGRAM, "up", "--kubernetes", "--nodes", "1", "--network", "agent", "--name", self.NAME]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        kubelet = Path(f"/run/ovs-cni-lab/{self.NAME}/nodes/node1/kubelet.log")
        eventually(kubelet.exists, "the kubelet is started", 60)
        child.kill()
        child.wait()
        self.assertIn(f"tools/lab down --name {self.NAME}", self.run_own("up", "--kubernetes").stderr)
        self.assertEqual(self.run_own("down").returncode, 0)
        self.assertEqual(self.leftovers(), [])

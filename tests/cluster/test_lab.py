"""The lab's own promises: its commands, their output and their exit codes."""

import json
import os
import signal
import subprocess
import tempfile
import time

from lab_under_test import CHECKOUT, LAB, ClusterTest, apply, eventually, lab, pod, pods, probe, run_lab

PROGRAM = str(CHECKOUT / "tools" / "lab")


class Commands(ClusterTest):
    def test_up_says_that_the_lab_is_up_already(self):
        self.assertIn("is up already", lab("up", "--nodes", "3", "--family", "dual"))

    def test_up_refuses_other_parameters_and_says_what_to_do(self):
        result = run_lab("up", "--nodes", "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn("tools/lab down", result.stderr)

    def test_usage_errors_have_exit_code_2(self):
        wrong = [(), ("dance",), ("up", "--nodes", "none"), ("scale", "pod"), ("delete",), ("exec", "a/b")]
        for arguments in [*wrong, ("pods", "--", "ls")]:
            result = run_lab(*arguments)
            self.assertEqual(result.returncode, 2, (arguments, result.stderr))
            self.assertEqual(result.stdout, "", arguments)

    def test_the_name_may_stand_before_and_after_the_verb(self):
        for arguments in (["--name", LAB.name, "pods", "--json"], ["pods", "--json", "--name", LAB.name]):
            json.loads(subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout)

    def test_a_lab_that_does_not_exist_is_named_with_what_to_do(self):
        result = subprocess.run([PROGRAM, "pods", "--name", "no-such-lab"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("tools/lab up --name no-such-lab", result.stderr)

    def test_commands_run_in_pods_and_nodes_and_their_exit_codes_come_back(self):
        self.own_namespace("run")
        apply([pod("run", "one", node="node2")])
        self.assertEqual(run_lab("exec", "run/one", "--", "sh", "-c", "exit 7").returncode, 7)
        shown = run_lab("exec", "run/one", "--", "ip", "-br", "address", "show", "eth0").stdout
        self.assertIn(pods()["run/one"]["addresses"][0], shown)
        self.assertIn("Bridge br-int", run_lab("node", "node2", "--", "ovs-vsctl", "show").stdout)
        dump = ["ovs-ofctl", "-O", "OpenFlow15", "dump-flows", "br-int"]
        self.assertIn("actions=", run_lab("node", "node2", "--", *dump).stdout)
        self.assertEqual(run_lab("exec", "run/none", "--", "true").returncode, 1)
        self.assertEqual(run_lab("node", "node9", "--", "true").returncode, 1)


class Objects(ClusterTest):
    def setUp(self):
        self.own_namespace("objects")

    def workload(self, kind, name, group="apps/v1", **spec):
        template = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": "main", "ports": [{"containerPort": 80}]}]},
        }
        metadata = {"namespace": "objects", "name": name}
        spec = {"template": template, "selector": {"matchLabels": {"app": name}}} | spec
        return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}

    def running(self):
        return {name: found for name, found in pods().items() if name.startswith("objects/")}

    def test_workloads_run_as_many_pods_as_they_say(self):
        apply(
            [
                self.workload("Deployment", "deployment", replicas=2),
                self.workload("StatefulSet", "stateful"),
                self.workload("DaemonSet", "daemon"),
                self.workload("Job", "job", "batch/v1", parallelism=2),
            ]
        )
        expected = ["daemon-node1", "daemon-node2", "daemon-node3", "deployment-0", "deployment-1", "job-0", "job-1"]
        found = self.running()
        self.assertEqual(sorted(found), [f"objects/{name}" for name in [*expected, "stateful-0"]])
        self.assertEqual(found["objects/deployment-1"]["labels"], {"app": "deployment"})
        for number in (1, 2, 3):
            self.assertEqual(found[f"objects/daemon-node{number}"]["node"], f"node{number}")

    def test_pods_are_spread_over_the_nodes_and_nodeName_is_obeyed(self):
        apply([self.workload("Deployment", "wide", replicas=6), pod("objects", "placed", node="node3")])
        found = self.running()
        self.assertEqual(found.pop("objects/placed")["node"], "node3")
        nodes = [each["node"] for each in found.values()]
        self.assertEqual({name: nodes.count(name) for name in nodes}, {"node1": 2, "node2": 2, "node3": 2})

    def test_a_changed_template_replaces_its_pods(self):
        first = self.workload("Deployment", "web", replicas=2)
        apply([first])
        before = self.running()
        self.assertEqual(apply([first]), ["Deployment objects/web unchanged"])
        self.assertEqual(self.running(), before)
        first["spec"]["template"]["metadata"]["labels"] = {"app": "web", "version": "2"}
        self.assertEqual(apply([first]), ["Deployment objects/web configured"])
        after = self.running()
        self.assertEqual(sorted(after), sorted(before))
        self.assertEqual({each["labels"]["version"] for each in after.values()}, {"2"})

    def test_a_pods_changed_ports_are_answered_on(self):
        one = pod("objects", "one", ports=[(80, "TCP")])
        apply([one])
        addresses = pods()["objects/one"]["addresses"]
        one["spec"]["containers"][0]["ports"] = [{"containerPort": 81, "protocol": "UDP"}]
        apply([one])
        self.assertEqual(pods()["objects/one"]["addresses"], addresses)
        verdicts = probe("--from", "objects/one", "--to", "objects/one")
        self.assertEqual({(each["port"], each["protocol"]) for each in verdicts}, {(81, "UDP")})
        self.assertEqual({each["source_seen"] for each in verdicts}, set(addresses))

    def test_deleting_a_namespace_deletes_what_is_in_it(self):
        apply([self.workload("Deployment", "web", replicas=2), pod("objects", "one")])
        self.assertEqual(len(self.running()), 3)
        lab("delete", "namespace", "objects")
        self.assertEqual(self.running(), {})
        self.assertEqual([each for each in LAB.namespaces() if ".pod.objects." in each], [])

    def test_a_broken_manifest_changes_nothing_and_is_named(self):
        path = LAB.folder / "broken.yaml"
        path.write_text("apiVersion: v1\nkind: Pod\nmetadata:\n  name: fine\n  namespace: objects\n---\nkind: [\n")
        self.addCleanup(path.unlink)
        result = run_lab("apply", "-f", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("broken.yaml:", result.stderr)
        self.assertEqual(self.running(), {})

    def test_a_List_that_was_put_among_the_objects_is_one_line_of_error_for_every_command(self):
        path = LAB.objects / "list.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod("objects", "one")]}))
        self.addCleanup(path.unlink, missing_ok=True)
        for command in (["pods"], ["wait"], ["probe"], ["delete", "pod", "objects/one"], ["exec", "a/b", "--", "true"]):
            result = run_lab(*command)
            self.assertEqual((result.returncode, result.stdout), (1, ""), command)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn(f"{path}: a List, but each object has a file of its own here", result.stderr)
        path.unlink()
        lab("wait")

    def test_a_pod_that_was_put_among_the_objects_runs_and_goes_with_its_file(self):
        path = LAB.objects / "by-hand.json"
        path.write_text(json.dumps(pod("objects", "hand", ports=[(80, "TCP")])))
        self.addCleanup(lab, "wait")
        self.addCleanup(path.unlink, missing_ok=True)
        lab("wait")
        self.assertEqual([each["allowed"] for each in probe("--to", "objects/hand", "--from", "outside")], [True, True])
        lab("delete", "pod", "objects/hand")
        self.assertFalse(path.exists())
        self.assertEqual(self.running(), {})

    def test_a_pod_for_a_node_that_is_not_there_is_named_and_the_others_run(self):
        path = LAB.objects / "by-hand.json"
        path.write_text(json.dumps(pod("objects", "lost", node="node9", spec={"hostNetwork": True})))
        self.addCleanup(lab, "wait")
        self.addCleanup(path.unlink, missing_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as manifest:
            json.dump(pod("objects", "one"), manifest)
            manifest.flush()
            result = run_lab("apply", "-f", manifest.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Pod objects/lost asks for node 'node9', which this lab does not have", result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertIn("10.244.", pods()["objects/one"]["addresses"][0])

    def test_a_mistake_in_a_nodes_network_is_named_and_wait_goes_on_when_it_is_mended(self):
        path = LAB.node_folder("node1") / "cni" / "05-odd.conflist"
        path.write_text('{"name": "odd"')
        self.addCleanup(path.unlink, missing_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as manifest:
            json.dump(pod("objects", "one", node="node1"), manifest)
            manifest.flush()
            result = run_lab("apply", "-f", manifest.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"starting pod objects/one: {path}: not JSON", result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        path.unlink()
        lab("wait")
        self.assertIn("objects/one", self.running())

    def test_kinds_that_mean_nothing_to_the_network_are_skipped(self):
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "objects", "name": "one"}}
        foreign = {"apiVersion": "example.org/v1", "kind": "Pod", "metadata": {"name": "other"}}
        self.assertEqual(apply([service, foreign]), [])

    def test_a_network_policy_of_another_group_is_refused(self):
        """Skipped, it would leave the pods open that it is meant for."""
        foreign = {"apiVersion": "crd.projectcalico.org/v1", "kind": "NetworkPolicy", "metadata": {"name": "other"}}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as manifest:
            json.dump(foreign, manifest)
            manifest.flush()
            result = run_lab("apply", "-f", manifest.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn('NetworkPolicy other: apiVersion: "crd.projectcalico.org/v1" is not a supported version', result.stderr)

    def test_wait_starts_again_what_died_in_a_pod(self):
        apply([pod("objects", "one", ports=[(80, "TCP")])])
        records = [json.loads(path.read_text()) for path in LAB.sandboxes.glob("[!.]*.json")]
        victim = next(record for record in records if record["namespace"] == "objects")
        os.kill(victim["responder"]["pid"], signal.SIGKILL)
        eventually(lambda: not os.path.exists(f"/proc/{victim['responder']['pid']}/fd/0"), "the responder ends")
        lab("wait")
        verdicts = probe("--from", "objects/one", "--to", "objects/one")
        self.assertEqual({each["source_seen"] for each in verdicts}, set(pods()["objects/one"]["addresses"]))


class Probes(ClusterTest):
    def setUp(self):
        self.own_namespace("asked")
        ports = [(80, "TCP"), (53, "UDP")]
        apply(
            [
                pod("asked", "a", ports=ports, node="node1"),
                pod("asked", "b", ports=ports, node="node2"),
                pod("asked", "silent", node="node3"),
            ]
        )

    def test_the_output_has_the_promised_form_and_order(self):
        verdicts = probe("--from", "asked/a", "--to", "asked/*")
        fields = ["from", "to", "protocol", "port", "family", "allowed", "source_seen"]
        self.assertEqual([sorted(each) for each in verdicts], [sorted(fields)] * len(verdicts))
        asked = [tuple(each[field] for field in fields[:5]) for each in verdicts]
        both = [("TCP", 80), ("UDP", 53)]
        ports = {"asked/a": both, "asked/b": both, "asked/silent": both[:1]}
        expected = [("asked/a", to, *port, family) for to in sorted(ports) for port in ports[to] for family in (4, 6)]
        self.assertEqual(asked, expected)

    def test_ports_and_families_can_be_chosen(self):
        ports = ("--port", "80/tcp", "81/tcp", "--port", "53/udp")
        verdicts = probe("--from", "asked/a", "--to", "asked/b", *ports, "--family", "6")
        asked = [(each["port"], each["protocol"], each["family"]) for each in verdicts]
        self.assertEqual(asked, [(80, "TCP", 6), (81, "TCP", 6), (53, "UDP", 6)])
        self.assertEqual([each["source_seen"] is None for each in verdicts], [False, True, False], "81 is refused")
        self.assertEqual({each["allowed"] for each in verdicts}, {True})

    def test_selectors_that_select_nothing_are_errors(self):
        for selector in ("asked/nobody", "node/node9", "inside", "asked"):
            self.assertEqual(run_lab("probe", "--from", selector).returncode, 1, selector)

    def test_the_table_has_a_row_for_each_source(self):
        table = lab("probe", "--from", "asked/*", "--to", "asked/*", "--to", "outside")
        rows = [line for line in table.splitlines() if " asked/a " in line]
        self.assertEqual(rows[0].split(), ["1", "asked/a", "++", "++", "r", "+"])


class LifeOfALab(ClusterTest):
    """With a small lab of its own, beside the one that the tests share."""

    NAME = LAB.name[:15] + "-two"

    def run_own(self, *arguments):
        return subprocess.run([PROGRAM, *arguments, "--name", self.NAME], capture_output=True, text=True)

    def leftovers(self):
        """Namespaces, files and processes that carry the lab's name."""
        found = [name for name in os.listdir("/run/netns") if name.startswith(self.NAME + ".")]
        found += [name for name in os.listdir("/run/ovs-cni-lab") if self.NAME in name]
        running = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout
        marks = (f"/run/netns/{self.NAME}.", f"/run/ovs-cni-lab/{self.NAME}/")
        return found + [line for line in running.splitlines() if any(mark in line for mark in marks)]

    def setUp(self):
        self.run_own("down")
        self.addCleanup(self.run_own, "down")

    def test_a_second_lab_lives_beside_the_first_and_goes_without_a_trace(self):
        self.assertEqual(self.run_own("up", "--nodes", "1", "--family", "ipv6").returncode, 0)
        manifest = LAB.folder / "second.json"
        manifest.write_text(json.dumps(pod("second", "only", ports=[(80, "TCP")])))
        self.addCleanup(manifest.unlink)
        self.assertEqual(self.run_own("apply", "-f", str(manifest)).returncode, 0)
        verdicts = json.loads(self.run_own("probe", "--json").stdout)
        self.assertEqual([(each["family"], each["allowed"]) for each in verdicts], [(6, True)])
        self.assertNotIn("second/only", pods())
        self.assertEqual(self.run_own("down").returncode, 0)
        self.assertEqual(self.leftovers(), [])
        self.assertIn("is up already", lab("up"))

    def test_an_interrupted_up_leaves_nothing(self):
        command = [PROGRAM, "up", "--nodes", "1", "--name", self.NAME]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        eventually(self.leftovers, "the lab begins to be")
        child.send_signal(signal.SIGINT)
        _, complaint = child.communicate(timeout=30)
        self.assertEqual(child.returncode, 1, complaint)
        self.assertIn("interrupted", complaint)
        self.assertEqual([name for name in self.leftovers() if not name.endswith(".lock")], [])

    def test_a_half_made_lab_is_refused_with_what_to_do_and_can_be_removed(self):
        self.assertEqual(self.run_own("up", "--nodes", "1").returncode, 0)
        subprocess.run(["ip", "netns", "delete", f"{self.NAME}.outside"], check=True)
        result = self.run_own("up", "--nodes", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"tools/lab down --name {self.NAME}", result.stderr)
        self.assertEqual(self.run_own("down").returncode, 0)
        self.assertEqual(self.leftovers(), [])

    def test_a_dead_switch_is_noticed(self):
        self.assertEqual(self.run_own("up", "--nodes", "1").returncode, 0)
        record = json.loads((LAB.folder.parent / self.NAME / "nodes/node1/processes.json").read_text())
        pid = record["ovs-vswitchd"]["pid"]
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertIn("ovs-vswitchd of node1 does not run", self.run_own("up", "--nodes", "1").stderr)
        result = self.run_own("wait", "--timeout", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("ovs-vswitchd of node1", result.stderr)

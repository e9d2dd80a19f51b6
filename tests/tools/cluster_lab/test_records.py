"""The files that a running lab keeps: their form, which other versions of the commands read, and what is made of
broken ones."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from cluster_lab import layout, records
from cluster_lab.errors import LabError
from cluster_lab.layout import Lab, Record
from cluster_lab.node import Node
from cluster_lab.parameters import KubernetesParameters, Parameters
from cluster_lab.plain.object_kinds import PodName
from cluster_lab.plain.sandbox import Sandbox, sandboxes
from cluster_lab.processes import Process

PLAIN = {"nodes": 3, "family": "dual", "datapath": "netdev"}
KUBERNETES = PLAIN | {"containerd": "1.7.35", "kubernetes": True, "api_servers": 1, "kube_proxy": "nftables", "network": "agent", "port": 4000}
RUNNING = {
    "namespace": "shop",
    "name": "api-0",
    "uid": "1-2-3",
    "node": "node1",
    "host_network": False,
    "container_id": "abc",
    "network_namespace": "lab.pod.shop.api-0",
    "state": "running",
    "network": {"name": "net"},
    "port_mappings": [],
    "result": {"ips": []},
    "ports": ["80/tcp"],
    "responder": {"pid": 7, "started": 70},
    "addresses": ["10.244.1.2"],
}


class OfALab(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="records.")
        self.addCleanup(scratch.cleanup)
        self.enterContext(mock.patch.object(layout, "ROOT", Path(scratch.name)))
        self.lab = Lab("kept")
        self.node = Node(self.lab, "node1")
        for folder in (self.node.folder, self.lab.sandboxes):
            folder.mkdir(parents=True)


class Parameter(OfALab):
    def write(self, value):
        (self.lab.folder / "lab.json").write_text(value if isinstance(value, str) else json.dumps(value))

    def test_both_kinds_are_written_as_they_are_read(self):
        for record, kind in ((PLAIN, Parameters), (KUBERNETES, KubernetesParameters)):
            self.write(record | {"state": "up"})
            found = self.lab.require_up()
            self.assertIs(type(found), kind)
            self.lab.write_parameters(found, "up")
            self.assertEqual(json.loads((self.lab.folder / "lab.json").read_text()), record | {"state": "up"})

    def test_a_lab_whose_parameters_cannot_be_read_is_half_made(self):
        without_nodes = {"state": "up", "family": "dual", "datapath": "netdev"}
        others = [PLAIN | {"state": "up", "nodes": "3"}, PLAIN | {"state": "starting"}]
        for broken in ["", "{", "[]", without_nodes, *others]:
            self.write(broken)
            with self.subTest(broken), self.assertRaisesRegex(LabError, "half-made: remove it with tools/lab down"):
                self.lab.require_up()

    def test_a_lab_that_is_not_there_has_no_record(self):
        self.assertIsNone(self.lab.record())
        self.write(PLAIN | {"state": "starting"})
        self.assertEqual(self.lab.record(), Record("starting", Parameters(3, "dual", "netdev")))


class Processes(OfALab):
    def test_what_is_put_on_record_is_found_and_what_ended_is_forgotten(self):
        self.node.remember("agent", Process(7, 70))
        self.node.remember("switch", Process(8, 80))
        self.node.remember("agent", None)
        self.assertEqual(self.node.recorded(), {"switch": Process(8, 80)})
        text = (self.node.folder / "processes.json").read_text()
        self.assertEqual(json.loads(text), {"switch": {"pid": 8, "started": 80}})

    def test_a_broken_record_does_not_keep_a_lab_from_being_removed(self):
        (self.node.folder / "processes.json").write_text("{")
        (self.lab.folder / "outside.json").write_text(json.dumps({"pid": 9, "started": 90}))
        (self.lab.sandboxes / "abc.json").write_text("[]")
        with mock.patch.object(records, "progress") as said:
            self.assertEqual(records.recorded_processes(self.lab), [("outside", Process(9, 90))])
        self.assertIn("processes.json: not JSON", said.call_args.args[0])
        for broken in ("{", "[]"):
            (self.node.folder / "processes.json").write_text(broken)
            with self.subTest(broken), self.assertRaisesRegex(LabError, "processes.json: .* remove it with"):
                self.node.recorded()


class Sandboxes(OfALab):
    def test_a_record_is_written_as_it_is_read(self):
        starting = {key: value for key, value in list(RUNNING.items())[:7]} | {"state": "starting"}
        silent = RUNNING | {"ports": [], "responder": None}
        for record in (RUNNING, silent, starting):
            self.assertEqual(Sandbox.from_record(record).record(), record)

    def test_the_sandbox_of_a_pod_is_found(self):
        Sandbox.from_record(RUNNING).write(self.lab)
        self.assertEqual(list(sandboxes(self.lab)), [PodName("shop", "api-0")])
        self.assertFalse(sandboxes(self.lab)[PodName("shop", "api-0")].runs(), "its responder does not run")

    def test_a_broken_record_is_named_with_what_to_do(self):
        for broken in ("{", "[]", "{}"):
            (self.lab.sandboxes / "abc.json").write_text(broken)
            with self.subTest(broken), self.assertRaisesRegex(LabError, r"abc.json: .* remove it with tools/lab down"):
                sandboxes(self.lab)

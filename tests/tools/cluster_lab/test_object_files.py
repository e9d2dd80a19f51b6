"""The folder of the cluster's objects: what is put there by hand is read, or is an error of one line that says what is
wrong with which file and what to do."""

import json
import tempfile
import unittest
from pathlib import Path

from cluster_lab.errors import LabError
from cluster_lab.plain.object_kinds import Key, matters
from cluster_lab.plain.object_store import ObjectStore


def pod(name="one", **metadata):
    spec = {"containers": [{"name": "main", "image": "main"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name} | metadata, "spec": spec}


ONE = Key("Pod", "default", "one")
# What is in the file, and what the error says of it.
OWN_FILE = "but each object has a file of its own here"
MISTAKES = {
    "a List": (json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod()]}), f"a List, {OWN_FILE}"),
    "a PodList": (json.dumps({"apiVersion": "v1", "kind": "PodList", "items": []}), f"a PodList, {OWN_FILE}"),
    "a List without items": (json.dumps({"apiVersion": "v1", "kind": "List"}), f"a List, {OWN_FILE}"),
    "nothing": ("", "empty"),
    "a line end": ("\n", "empty"),
    "YAML": ("apiVersion: v1\nkind: Pod\n", "not JSON"),
    "half of an object": (json.dumps(pod())[:-9], "not JSON"),
    "nested too deep": ("[" * 100_000, "not JSON"),
    "Latin-1": (b'{"kind": "caf\xe9"}', "not UTF-8"),
    "an array": (json.dumps([pod()]), "not an object, but a list"),
    "a word": ('"Pod"', "not an object, but a string"),
    "null": ("null", "not an object, but null"),
    "no kind": (json.dumps({"apiVersion": "v1", "metadata": {"name": "one"}}), "the object has no kind"),
    "a kind that is a list": (json.dumps(pod() | {"kind": ["Pod"]}), "the object has no kind"),
    "no apiVersion": (json.dumps({"kind": "Pod", "metadata": {"name": "one"}}), "the Pod has no apiVersion"),
    "no metadata": (json.dumps({"apiVersion": "v1", "kind": "Pod"}), "the Pod has no metadata"),
    "metadata that is a list": (json.dumps(pod() | {"metadata": []}), "the Pod has no metadata"),
    "no name": (json.dumps(pod() | {"metadata": {"namespace": "x"}}), "the Pod has no metadata.name"),
    "a name that is a number": (json.dumps(pod(7)), "the Pod has no metadata.name"),
    "a namespace that is a number": (json.dumps(pod(namespace=7)), "Pod one: metadata.namespace is a number"),
}
# The same, where the error comes from the agents' own reader, with the line.
REFUSED = {
    "labels that are a list": (json.dumps(pod(labels=["a"])), "Pod one: metadata.labels: "),
    "a spec that is a word": (json.dumps(pod() | {"spec": "none"}), "Pod one: spec: "),
    "a phase and addresses that are numbers": (
        json.dumps(pod() | {"status": {"phase": 7, "podIPs": [1]}}),
        "Pod one: status.phase: 7 is not a string: put it in quotes (and 2 more)",
    ),
}


class ObjectFiles(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="object-files.")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def put(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assert_refused(self, path, words):
        with self.assertRaises(LabError) as caught:
            ObjectStore(self.folder)
        message = str(caught.exception)
        self.assertTrue(message.startswith(f"{path}: {words}"), message)
        self.assertNotIn("\n", message)
        self.assertRegex(message, r"remove (it|one of the files)", "it says what to do")

    def test_a_mistake_is_named_with_its_file_and_what_to_do(self):
        for what, (content, words) in MISTAKES.items():
            with self.subTest(what):
                self.assert_refused(self.put("odd.json", content), words)

    def test_what_the_agents_refuse_is_refused_in_their_words(self):
        for what, (content, words) in REFUSED.items():
            with self.subTest(what):
                path = self.put("odd.json", content)
                self.assert_refused(f"{path}:1", words)

    def test_what_is_no_file_is_named(self):
        folder, link = self.folder / "folder.json", self.folder / "link.json"
        folder.mkdir()
        self.assert_refused(folder, "not a file")
        folder.rmdir()
        link.symlink_to("nowhere")
        self.assert_refused(link, "not a file")
        link.unlink()
        link.symlink_to(link.name)
        self.assert_refused(link, "not a file")

    def test_an_object_in_two_files_is_named_with_both(self):
        self.put("a.json", json.dumps(pod()))
        self.assert_refused(self.put("b.json", json.dumps(pod(namespace="default"))), f"{ONE} is in a.json too")

    def test_other_kinds_and_files_that_are_not_the_labs_are_skipped(self):
        self.put("service.json", json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"}}))
        self.put("foreign.json", json.dumps(pod() | {"apiVersion": "example.org/v1"}))
        self.put(".half.json", "{")
        self.put("notes.txt", "x")
        store = ObjectStore(self.folder)
        self.assertEqual(store.of_kind("Pod", "Service"), [])

    def test_an_object_is_changed_and_removed_in_the_file_that_it_was_put_in(self):
        path = self.put("by-hand.json", json.dumps(pod()))
        self.assertTrue(ObjectStore(self.folder).put(pod(labels={"app": "one"})))
        self.assertEqual(json.loads(path.read_text())["metadata"]["labels"], {"app": "one"})
        ObjectStore(self.folder).remove(ONE)
        self.assertEqual([each.name for each in self.folder.glob("*one*")], [])
        self.assertFalse(path.exists())

    def test_an_object_that_was_put_here_without_a_uid_has_the_same_one_each_time(self):
        self.put("by-hand.json", json.dumps(pod()))
        first, second = (ObjectStore(self.folder)[ONE]["metadata"] for _ in range(2))
        self.assertEqual(first, second)
        self.assertEqual((first["namespace"], len(first["uid"])), ("default", 36))

    def test_an_object_that_did_not_change_is_not_written(self):
        self.assertTrue(ObjectStore(self.folder).put(pod()))
        self.assertFalse(ObjectStore(self.folder).put(pod()))


class Kinds(unittest.TestCase):
    def test_an_object_whose_kind_or_version_is_no_text_means_nothing(self):
        for odd in ({}, {"kind": "Pod"}, {"kind": ["Pod"], "apiVersion": "v1"}, {"kind": "Pod", "apiVersion": 1}):
            self.assertFalse(matters(odd), odd)
        self.assertTrue(matters(pod()))

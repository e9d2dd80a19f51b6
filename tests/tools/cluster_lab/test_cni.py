"""The node's network configuration, which people edit: a mistake in it is an error of one line."""

import json
import tempfile
import unittest
from pathlib import Path

from cluster_lab.errors import LabError
from cluster_lab.plain.cni import network_of

GOOD = {"cniVersion": "1.0.0", "name": "net", "plugins": [{"type": "bridge"}]}
MISTAKES = {
    "half of it": (json.dumps(GOOD)[:-3], "not JSON"),
    "nothing": ("", "not JSON"),
    "a list": ("[]", "not an object"),
    "no name": (json.dumps({"cniVersion": "1.0.0", "plugins": GOOD["plugins"]}), "it has no name"),
    "no version": (json.dumps({"name": "net", "plugins": GOOD["plugins"]}), "it has no cniVersion"),
    "no plugins": (json.dumps({"cniVersion": "1.0.0", "name": "net"}), "it has no list of plugins"),
    "a plugin without a type": (json.dumps(GOOD | {"plugins": [{"type": "a"}, {}]}), "plugins[1] has no type"),
}


class NetworkConfiguration(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="network.")
        self.addCleanup(scratch.cleanup)
        self.node = Path(scratch.name)
        (self.node / "cni").mkdir()
        self.path = self.node / "cni" / "10-net.conflist"

    def test_a_mistake_is_named_with_its_file_and_what_to_do(self):
        for what, (content, words) in MISTAKES.items():
            self.path.write_text(content)
            with self.subTest(what), self.assertRaises(LabError) as caught:
                network_of(self.node)
            message = str(caught.exception)
            self.assertTrue(message.startswith(f"{self.path}: {words}"), message)
            self.assertNotIn("\n", message)
            self.assertIn("mend the node's network configuration", message)

    def test_the_first_configuration_is_the_nodes(self):
        self.path.write_text(json.dumps(GOOD))
        (self.path.parent / "20-other.conflist").write_text("{")
        self.assertEqual(network_of(self.node), GOOD)

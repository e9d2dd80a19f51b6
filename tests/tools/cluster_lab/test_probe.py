"""What `probe` reads: ports of the command line, and the output of an earlier probe."""

import json
import tempfile
import unittest
from pathlib import Path

from cluster_lab.errors import LabError
from cluster_lab.layout import Lab
from cluster_lab.probing.endpoints import Endpoint, Endpoints, parse_port
from cluster_lab.probing.probe import Question, probe

VERDICT = {
    "from": "a/b",
    "to": "a/c",
    "protocol": "TCP",
    "port": 80,
    "family": 4,
    "allowed": True,
    "source_seen": None,
}
MISTAKES = ["", "{", "[1]", "7", "{}", json.dumps([VERDICT | {"allowed": "yes"}]), json.dumps([VERDICT, {"from": "a"}])]


class Since(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="since.")
        self.addCleanup(scratch.cleanup)
        self.path = Path(scratch.name) / "before.json"
        self.nobody = Endpoints(Lab("none"), Endpoint("outside", "none.outside", {}))

    def ask(self):
        return probe(self.nobody, Question(since=str(self.path)))

    def test_a_file_that_is_no_earlier_output_is_named(self):
        for content in MISTAKES:
            self.path.write_text(content)
            with self.subTest(content), self.assertRaisesRegex(LabError, "before.json: not the output of an earlier"):
                self.ask()

    def test_an_earlier_output_is_read(self):
        self.path.write_text(json.dumps([VERDICT]))
        self.assertEqual(self.ask(), "nothing changed")


class Ports(unittest.TestCase):
    def test_what_is_no_port_is_refused(self):
        for text in ("", "tcp", "0/tcp", "65536/udp", "80/icmp", "-1", "²", "8.0"):
            with self.subTest(text), self.assertRaisesRegex(LabError, "is not a port"):
                parse_port(text)

    def test_TCP_is_what_is_meant_when_nothing_is_said(self):
        self.assertEqual([parse_port("80"), parse_port("53/udp")], [("TCP", 80), ("UDP", 53)])

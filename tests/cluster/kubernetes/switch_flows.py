"""The flows of a node's switch as they are, and which of them stayed through something that happened."""

import re
import time

from lab_under_test import lab

# Between what two dumps say of the same flow's age lies how long they took.
AGE_SECONDS = 2.0


class Flows:
    """A dump: when each flow was put in, by what it is."""

    def __init__(self, node):
        self.node = node
        asked = time.monotonic()
        printed = lab("node", node, "--", "ovs-ofctl", "-O", "OpenFlow15", "dump-flows", "br-int")
        self.since = {}
        for line in printed.splitlines():
            age = re.search(r"duration=([0-9.]+)s, ", line)
            if age:
                text = re.sub(r"(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, ", "", line.strip())
                self.since[text] = asked - float(age[1])

    def put_in_again_since(self, before):
        """The flows of an earlier dump that are there, but not all the time."""
        both = self.since.keys() & before.since.keys()
        return sorted(text for text in both if self.since[text] > before.since[text] + AGE_SECONDS)

    def gone_since(self, before):
        return sorted(before.since.keys() - self.since.keys())

    def come_since(self, before):
        return sorted(self.since.keys() - before.since.keys())


def of_all(nodes=("node1", "node2")):
    return {node: Flows(node) for node in nodes}

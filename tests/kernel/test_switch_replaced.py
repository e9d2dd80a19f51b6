"""The switch's container is replaced under traffic: the kernel goes on forwarding, connections stay open."""

import re
import subprocess
import time

from cluster_lab.node import Node
from cluster_lab.processes import Process
from conversation import Connection
from lab_under_test import CHECKOUT, LAB, ClusterTest, addresses, apply, eventually, lab, pod, policy, probe
from traffic import INTERVAL_SECONDS, DatagramStream, Path

NODE = "node2"
SWITCH = CHECKOUT / "daemonset" / "image" / "ovs-cni-switch"
SETTLED_SECONDS = 1.0
PLACES = "/var/lib/openvswitch", "/run/openvswitch"


def replace_switch() -> None:
    """Ends the node's switch and starts the image's `ovs-cni-switch` on the same database and sockets."""
    folder = LAB.node_folder(NODE)
    pid_files = {part: folder / f"{part}.pid" for part in ("ovs-vswitchd", "ovsdb-server")}
    for part, path in pid_files.items():
        Node(LAB, NODE).stop(part)
        path.unlink(missing_ok=True)
    mounts = ["mount -t sysfs sysfs /sys"]  # the one of before shows another namespace's interfaces
    mounts += [f"mkdir -p {place} && mount --bind {folder} {place}" for place in PLACES]
    with open(folder / "switch.log", "a") as log:
        subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{LAB.namespace(NODE)}", "unshare", "--mount", "sh", "-c"]
            + [" && ".join([*mounts, f"exec {SWITCH}"])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    for part, path in pid_files.items():
        pid = eventually(lambda: path.exists() and path.read_text().strip(), f"{part} starts: {folder}/switch.log", 60)
        Node(LAB, NODE).remember(part, Process.of(int(pid)))


def datapath_flows() -> frozenset[str]:
    """The kernel's flows of the node, without what they count."""
    lines = lab("node", NODE, "--", "ovs-dpctl", "dump-flows").splitlines()
    return frozenset(re.sub(r" packets:\d+, bytes:\d+, used:[^,]*(, flags:[^,]*)?,", "", line) for line in lines)


class Settled:
    """True when the kernel's flows have been the same for a second: none is about to be put there anew. One that is
    when ovs-vswitchd ends stays away until the next one serves."""

    def __init__(self) -> None:
        self.flows: frozenset[str] = frozenset()
        self.since = 0.0

    def __call__(self) -> bool:
        found, now = datapath_flows(), time.monotonic()
        if found != self.flows:
            self.flows, self.since = found, now
        return now - self.since >= SETTLED_SECONDS


def restores() -> int:
    """How often the agent has let the switch go on with flows that were put back."""
    return (LAB.node_folder(NODE) / "agent.log").read_text().count("flow-restore-wait is removed")


class SwitchReplaced(ClusterTest):
    def setUp(self) -> None:
        self.own_namespace("replaced")
        placed = {"client": "node1", "near": NODE, "server": NODE, "stranger": "node1"}
        apply([pod("replaced", name, {"app": name}, [(80, "TCP")], node=place) for name, place in placed.items()])
        friends = [{"podSelector": {"matchLabels": {"app": name}}} for name in ("client", "near")]
        apply([policy("replaced", "server", selects={"app": "server"}, ingress=[{"from": friends}])])

    def test_pods_of_the_node_lose_no_datagram_others_what_is_in_the_tunnel_and_nobody_a_connection(self) -> None:
        server = addresses("replaced")
        pairs = [(source, family) for family in (4, 6) for source in ("client", "near")]
        with Connection("replaced/client", "replaced/server", 4) as connection:
            streams = [
                DatagramStream(Path(f"replaced/{source}", "replaced/server", server["server", family]))
                for source, family in pairs
            ]
            for stream in streams:
                stream.start()
                self.addCleanup(stream.end)
            eventually(lambda: all(len(stream.path.answered) > 100 for stream in streams), "the streams run")
            eventually(Settled(), "the kernel's flows settle", 60)
            before = restores()
            replace_switch()
            eventually(lambda: restores() > before, "the agent has put the flows back", 60)
            lab("wait", "--timeout", "60")
            connection.say(b"still here")
            self.assertTrue(connection.hears(b"still here", 10.0))
            lost = {pair: stream.lost() for pair, stream in zip(pairs, streams)}
        on_the_node = {pair: count for pair, count in lost.items() if pair[0] == "near"}
        self.assertEqual(on_the_node, dict.fromkeys(on_the_node, 0))
        # ovs-vswitchd makes the tunnel's port anew when it starts, whatever it waits for.
        self.assertLess(max(lost.values()) * INTERVAL_SECONDS, 0.5, f"seconds without the tunnel: {lost}")
        verdicts = probe("--from", "replaced/*", "--to", "replaced/server")
        allowed = {each["from"]: each["allowed"] for each in verdicts if each["from"] != "replaced/server"}
        self.assertEqual(allowed, {"replaced/client": True, "replaced/near": True, "replaced/stranger": False})

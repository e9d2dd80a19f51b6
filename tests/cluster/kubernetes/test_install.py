"""The shipped YAML as an administrator uses it: apply, upgrade, remove, apply again."""

import json
import re
import sys
import time

from cluster_lab.kubernetes import bring_up, machine, network, sandboxes, status
from cluster_lab.kubernetes.api import AdminApi, kubectl
from cluster_lab.kubernetes.plan import ClusterPlan
from cluster_lab.node import Node
from cluster_lab.parameters import Wanted
from lab_under_test import LAB, ClusterTest, apply, eventually, lab
from real_objects import admit, parameters, streams
from test_real_lab import server
from traffic import Path, Traffic

NODES = ("node1", "node2")
WANTED = Wanted(kubernetes=True, nodes=len(NODES), family="dual", network="install", api_servers=1)
PLACED = {"client": "node1", "near": "node1", "far": "node2", "stranger": "node2"}
ROLLOUT = ("--namespace", "kube-system", "rollout", "status", "--timeout=100s")
GONE_SECONDS = 60.0
CAP_NET_ADMIN = 1 << 12
SECCOMP_FILTER = "2"
# Files of the network, of ours and of others, that a removal leaves or does not.
PLACES = "/etc/cni /opt/cni /run/ovs-cni /var/lib/openvswitch /var/lib/cni"
FOREIGN = {
    "cniVersion": "1.0.0",
    "name": "foreign",
    "plugins": [{"type": "bridge", "bridge": "cni0", "ipam": {"type": "host-local", "subnet": "10.99.0.0/24"}}],
}


def on(name, *command):
    return lab("node", name, "--", *command)


def put_foreign(name, file):
    """Another network's configuration, as its removal may have left it."""
    on(name, "sh", "-c", f"echo '{json.dumps(FOREIGN)}' > /etc/cni/net.d/{file}")


def state(name):
    """What a network may leave on a node."""
    tables = on(name, "nft", "list", "tables").splitlines()
    return {
        "links": sorted(each["ifname"] for each in json.loads(on(name, "ip", "-j", "link"))),
        "routes": sorted(re.sub(r" expires \d+sec", "", line) for line in on_both(name, "route").splitlines()),
        "rules": on_both(name, "rule"),
        "nft": [line for line in tables if not line.endswith("kube-proxy")],
        "bridges": on(name, "ovs-vsctl", "list-br") if machine.has_switch(parameters()) else "",
        "files": on(name, "sh", "-c", f"find {PLACES} ! -type d 2>/dev/null | sort"),
        "sockets": on(name, "sh", "-c", "find /run/openvswitch/ -type s -name 'br-int*'"),
    }


def on_both(name, what):
    return on(name, "ip", "-4", what) + on(name, "ip", "-6", what)


class Install(ClusterTest):
    def setUp(self):
        self.assertTrue(LAB.name.endswith("-install"), "not in a lab that is shared: run it by run_real.py")
        lab("down")
        self.addCleanup(lab, "down")
        self.parameters = bring_up.parameters_of(WANTED)
        bring_up.require(self.parameters)
        with LAB.locked():
            bring_up.create_without_network(LAB, self.parameters)
        LAB.write_parameters(self.parameters, "up")
        self.api = AdminApi.of(LAB, self.parameters)

    def kubectl(self, *arguments, manifest=None):
        return kubectl(LAB, arguments, manifest)

    def shipped(self, path=network.MANIFESTS):
        return network.shipped(self.parameters, path)

    def install(self):
        """Returns the seconds from the beginning of `kubectl apply` to all nodes Ready."""
        began = time.monotonic()
        network.install(LAB, ClusterPlan.of(self.parameters), self.parameters)
        return time.monotonic() - began

    def agents(self):
        found = self.api.items("/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io/name=ovs-cni")
        return {each["spec"]["nodeName"]: each for each in found if "deletionTimestamp" not in each["metadata"]}

    def test_one_apply_makes_nodes_ready_and_an_upgrade_of_the_agent_loses_nothing(self):
        self.assertEqual(len(status.nodes_not_ready(self.api)), len(NODES))
        self.assertEqual(status.pods_not_running(self.api, {"kube-system"})[0][:30], "Deployment kube-system/coredns")
        print(f"all nodes are Ready {self.install():.1f} s after the apply", file=sys.stderr)
        for name in NODES:
            self.assert_few_rights(name)
        self.assert_second_apply_changes_nothing()
        apply(
            [server("upgraded", name, place, {"app": name}) for name, place in PLACED.items()]
            + [admit("upgraded", name, "client") for name in ("near", "far")]
        )
        allowed, denied = (streams("upgraded", who, ["near", "far"]) for who in ("client", "stranger"))
        # Where the switch is in the agent's pod, it is replaced as well, and with it the tunnel's port.
        own_switch = machine.has_switch(self.parameters)
        with Traffic(self, allowed, denied, tunnels_flicker=not own_switch):
            self.upgrade()

    def assert_few_rights(self, name):
        folder = f"/proc/{sandboxes.container_process(Node(LAB, name), 'agent')}"
        with open(f"{folder}/status") as file:
            said = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        for which in ("CapPrm", "CapEff", "CapBnd"):
            self.assertEqual(int(said[which], 16), CAP_NET_ADMIN, which)
        self.assertEqual((said["NoNewPrivs"], said["Seccomp"]), ("1", SECCOMP_FILTER))
        with open(f"{folder}/mountinfo") as file:
            mounts = {fields[4]: fields[5].split(",") for fields in map(str.split, file)}
        self.assertIn("ro", mounts["/"])
        self.assertIn("ro", mounts["/proc/sys"])

    def assert_second_apply_changes_nothing(self):
        before = {name: each["metadata"]["uid"] for name, each in self.agents().items()}
        printed = self.kubectl("apply", "-f", "-", manifest=self.shipped()).splitlines()
        self.assertEqual([line for line in printed if not line.endswith("unchanged")], [])
        self.assertEqual({name: each["metadata"]["uid"] for name, each in self.agents().items()}, before)

    def upgrade(self):
        """To the same program under another tag."""
        image = self.agents()["node1"]["spec"]["containers"][-1]["image"]
        newer = image.rpartition(":")[0] + ":next"
        for name in NODES:
            on(name, "ctr", "images", "tag", f"docker.io/library/{image}", f"docker.io/library/{newer}")
        self.kubectl("--namespace", "kube-system", "set", "image", "daemonset/ovs-cni", f"agent={newer}")
        self.kubectl(*ROLLOUT, "daemonset/ovs-cni")
        found = {name: each["spec"]["containers"][-1]["image"] for name, each in self.agents().items()}
        self.assertEqual(found, dict.fromkeys(NODES, newer))
        status.wait_for_nodes(LAB, self.parameters, GONE_SECONDS)

    def test_a_removal_leaves_nothing_and_another_install_works(self):
        self.remove_dns()
        put_foreign("node1", "05-foreign.conflist")
        put_foreign("node2", "99-foreign.conflist")
        before = {name: state(name) for name in NODES}
        self.install_beside_others()
        on("node1", "rm", "/etc/cni/net.d/05-foreign.conflist")
        self.assert_pods_are_served()
        for name in NODES:
            self.assertNotEqual(state(name), before[name])
        self.remove()
        put_foreign("node1", "05-foreign.conflist")
        for name in NODES:
            self.assertEqual(state(name), before[name])
        on("node1", "rm", "/etc/cni/net.d/05-foreign.conflist")
        eventually(lambda: status.nodes_not_ready(self.api), "a node without a network is not Ready", GONE_SECONDS)
        self.install()
        self.assert_pods_are_served()

    def remove_dns(self):
        """The only pods that the foreign network could get. Nobody asks them here."""
        self.kubectl("--namespace", "kube-system", "scale", "deployment", "coredns", "--replicas=0")
        self.kubectl("--namespace", "kube-system", "wait", "--for=delete", "pod", "-l", "k8s-app=kube-dns")

    def install_beside_others(self):
        self.kubectl("apply", "-f", "-", manifest=self.shipped())
        self.kubectl(*ROLLOUT, "daemonset/ovs-cni")
        for name, level, words in (
            ("node1", "warning", "other networks come first"),
            ("node2", "info", "other networks are configured"),
        ):
            agent = self.agents()[name]["metadata"]["name"]
            logged = self.kubectl("--namespace", "kube-system", "logs", agent, "--container", "agent")
            found = [line for line in logged.splitlines() if words in line]
            self.assertEqual(len(found), 1, logged)
            self.assertIn(f"level={level}", found[0])
            self.assertIn("-foreign.conflist", found[0])

    def assert_pods_are_served(self):
        apply([server("served", "a", "node1"), server("served", "b", "node2")])
        for _, _, address in streams("served", "a", ["b"]):
            path = Path("served/a", "served/b", address)
            self.addCleanup(path.close)
            self.assertTrue(path.passes(5.0))
            self.assertRegex(address, r"^(10\.244\.|fd00:10:244:)")
        lab("delete", "namespace", "served")

    def remove(self):
        """As docs/install.md says."""
        self.kubectl("delete", "-f", "-", manifest=self.shipped())
        self.kubectl("apply", "-f", "-", manifest=self.shipped(network.REMOVAL))
        self.kubectl(*ROLLOUT, "daemonset/ovs-cni-remove")
        self.kubectl("delete", "-f", "-", manifest=self.shipped(network.REMOVAL))

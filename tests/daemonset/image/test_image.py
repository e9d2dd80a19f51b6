"""The image's containers as the DaemonSet runs them: read-only, with the capabilities of install.yaml and no others, in a
node's network namespace; and the removal afterwards. Needs root and a container engine's part of the kernel, no engine."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tarfile
import tempfile
import textwrap
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAX_BYTES = 250_000_000
PATIENCE_SECONDS = 10.0
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node1"},
    "spec": {"podCIDRs": ["10.244.1.0/24"]},
    "status": {"addresses": [{"type": "InternalIP", "address": "172.30.0.1"}]},
}


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def found(pattern, text, flags=0):
    """The first group of the pattern in a text that has to have it."""
    match = re.search(pattern, text, flags)
    assert match is not None, f"nothing matches {pattern}"
    return match.group(1)


def installation():
    return (ROOT / "daemonset" / "install.yaml").read_text()


def configuration():
    """The agent's, as the ConfigMap has it, for a switch without the kernel's datapath and a cluster in a folder."""
    text = found(r"agent\.yaml: \|\n(.*?)\n---", installation(), re.DOTALL)
    return textwrap.dedent(text).replace('"system"', '"netdev"') + '\nmanifests: "/cluster"\n'


class Container:
    """What one of the YAML files says of a container: its command, capabilities, and mounts (volume by path)."""

    def __init__(self, file, name):
        text = (ROOT / "daemonset" / file).read_text().split(f"- name: {name}\n", 1)[1]
        text = text.split("\n      volumes:", 1)[0].split("\n        - name: ", 1)[0].split("\n      containers:", 1)[0]
        self.name = name
        self.command = found(r"command: \[(.*?)\]", text).split(", ")
        self.capabilities = found(r"add: \[(.*?)\]", text).lower().split(", ")
        self.mounts = {path: volume for volume, path in re.findall(r"name: (\S+), mountPath: ([^,}]+)", text)}
        assert "readOnlyRootFilesystem: true" in text, name


SWITCH, AGENT = Container("install.yaml", "ovs"), Container("install.yaml", "agent")
REMOVAL = Container("remove.yaml", "remove")


def eventually(holds):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Node:
    """A node's folders and network namespace, and containers of the image in them."""

    def __init__(self, folder, image):
        self.folder, self.image = pathlib.Path(folder), image
        self.name = f"image-test-{os.getpid()}"
        for path, volume in (SWITCH.mounts | AGENT.mounts | REMOVAL.mounts | {"/cluster": "cluster"}).items():
            self.volume(volume).mkdir(exist_ok=True)
            (image / path[1:]).mkdir(parents=True, exist_ok=True)
        self.volume("configuration").joinpath("agent.yaml").write_text(configuration())
        self.volume("cluster").joinpath("node.json").write_text(json.dumps(NODE))
        self.running = {}

    def create_network(self):
        run(["ip", "netns", "add", self.name])
        self.ip("link set lo up")
        self.ip("link add eth0 type veth peer name far-end")
        self.ip("link set far-end up")
        self.ip("address add 172.30.0.1/24 dev eth0")
        self.ip("link set eth0 up")

    def volume(self, name):
        return self.folder / name

    def ip(self, arguments):
        return run(["ip", "-n", self.name, *arguments.split()])

    def command_line(self, container, command):
        """The command line that runs `command` as this container."""
        root = shlex.quote(str(self.image))
        steps = [f"mount --bind {root} {root}", f"mount -o remount,bind,ro {root}"]
        steps.append(f"mount -t proc proc {root}/proc")
        for path, volume in (container.mounts | {"/cluster": "cluster"}).items():
            source = root + "/proc/sys/net" if volume == "sysctl" else shlex.quote(str(self.volume(volume)))
            steps.append(f"mount --bind {source} {root}{path}")
        steps += [
            f"mount --bind {root}/proc/sys {root}/proc/sys",
            f"mount -o remount,bind,ro {root}/proc/sys",
            f"mount -t sysfs -o ro sysfs {root}/sys",
            f"mount -t tmpfs tmpfs {root}/dev",
            f"mkdir {root}/dev/net",
            f"mknod {root}/dev/net/tun c 10 200",
            f"mknod -m 666 {root}/dev/null c 1 3",
            f"mknod -m 666 {root}/dev/urandom c 1 9",
            f"mount -o remount,ro {root}/dev",
        ]
        bounds = ",".join(["-all"] + [f"+{name}" for name in container.capabilities])
        steps.append(
            f"exec chroot {root} env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
            f"NODE_NAME=node1 setpriv --no-new-privs --bounding-set={bounds} {shlex.join(command)}"
        )
        enter = ["nsenter", f"--net=/run/netns/{self.name}", "unshare", "--mount", "--propagation=private"]
        return enter + ["sh", "-ec", "\n".join(steps)]

    def start(self, container):
        line = self.command_line(container, container.command)
        with open(self.folder / f"{container.name}.log", "a") as log:
            self.running[container.name] = subprocess.Popen(line, stdout=log, stderr=log)

    def wait(self, container):
        """Returns its exit code."""
        return self.running.pop(container.name).wait(timeout=PATIENCE_SECONDS)

    def stop(self, container):
        """As the kubelet does; returns the exit code."""
        self.running[container.name].terminate()
        return self.wait(container)

    def inside(self, container, *command):
        return run(self.command_line(container, command))

    def remove(self):
        return self.inside(REMOVAL, *REMOVAL.command)

    def ready(self):
        question = "import urllib.request as u; u.urlopen('http://127.0.0.1:9475/readyz').read()"
        command = ["nsenter", f"--net=/run/netns/{self.name}", "python3", "-c", question]
        return subprocess.run(command, capture_output=True).returncode == 0

    def logs(self):
        return "".join(f"== {log.name}\n{log.read_text()}" for log in sorted(self.folder.glob("*.log")))

    def close(self):
        for process in self.running.values():
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)  # it may not have come so far


class Image(unittest.TestCase):
    archive: pathlib.Path
    image: pathlib.Path  # its file system

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="image-test.")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        cls.archive = folder / "image.tar"
        run([str(ROOT / "daemonset/image/build"), "--output", str(cls.archive)])
        cls.image = folder / "root"
        cls.image.mkdir()
        run(["tar", "-xf", cls.archive, "-C", folder, "manifest.json", "config.json", "layer.tar"])
        run(["tar", "-xf", folder / "layer.tar", "-C", cls.image])
        (folder / "layer.tar").unlink()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="image-node.")
        self.addCleanup(folder.cleanup)
        self.node = Node(folder.name, self.image)
        self.addCleanup(self.node.close)
        self.node.create_network()

    def assert_ready(self):
        self.assertTrue(eventually(self.node.ready), self.node.logs())

    def test_it_is_small_and_names_what_it_holds(self):
        self.assertLess(self.archive.stat().st_size, MAX_BYTES)
        with tarfile.open(self.archive) as archive:
            member = archive.extractfile("manifest.json")
            assert member is not None
            manifest = json.load(member)
            self.assertEqual(manifest[0]["RepoTags"], [found(r"image: (ovs-cni:\S+)", installation())])
            self.assertLessEqual({manifest[0]["Config"], *manifest[0]["Layers"]}, set(archive.getnames()))

    def test_the_containers_serve_with_the_capabilities_of_the_chart_alone(self):
        self.node.start(AGENT)  # in any order
        self.node.start(SWITCH)
        self.assert_ready()
        conflist = self.node.volume("cni-configuration") / "10-ovs-cni.conflist"
        self.assertTrue(eventually(conflist.exists), self.node.logs())
        self.assertTrue((self.node.volume("cni-plugins") / "ovs-cni").exists())
        self.assertIn("10.244.1.1/32", self.node.ip("address show br-int"))
        forwarding = run(["ip", "netns", "exec", self.node.name, "cat", "/proc/sys/net/ipv4/ip_forward"])
        self.assertEqual(forwarding, "1\n", "written through the mount, as /proc/sys is read-only")
        flows = self.node.inside(SWITCH, "ovs-ofctl", "--names", "dump-flows", "br-int")
        self.assertIn("table=Classifier", flows)
        self.assertEqual(self.node.stop(AGENT), 0)
        self.assertEqual(self.node.stop(SWITCH), 0)
        self.assertTrue(conflist.exists())

    def test_a_switch_that_starts_again_keeps_its_database(self):
        self.node.start(SWITCH)
        self.node.start(AGENT)
        self.assert_ready()
        self.node.inside(SWITCH, "ovs-vsctl", "set", "Open_vSwitch", ".", "external_ids:kept=yes")
        self.node.stop(SWITCH)
        self.assertTrue(eventually(lambda: not self.node.ready()))
        self.node.start(SWITCH)
        self.assert_ready()
        kept = self.node.inside(SWITCH, "ovs-vsctl", "get", "Open_vSwitch", ".", "external_ids:kept")
        self.assertEqual(kept, "yes\n")

    def test_a_switch_waits_for_its_flows_where_the_kernel_still_has_the_bridge_and_no_other(self):
        def vsctl(*arguments):
            return self.node.inside(SWITCH, "ovs-vsctl", "--no-wait", "--retry", "--timeout=10", *arguments)

        def waits():
            return "flow-restore-wait" in vsctl("get", "Open_vSwitch", ".", "other_config")

        def start_again():
            self.node.stop(SWITCH)
            self.node.start(SWITCH)
            self.assertTrue(eventually((self.node.volume("run-switch") / "ovs-vswitchd.pid").exists), self.node.logs())

        self.node.start(SWITCH)
        vsctl("add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=system")
        start_again()
        self.assertFalse(waits(), "after a start of the machine the kernel has nothing to go on with")
        self.node.ip("link add br-int type veth peer name br-int-end")  # as a datapath of the kernel would leave it
        start_again()
        self.assertTrue(waits())
        vsctl("add-br", "br-phy", "--", "set", "Bridge", "br-phy", "datapath_type=system")
        start_again()
        self.assertFalse(waits(), "the API server may be behind the other bridge")

    def test_the_switchs_container_ends_when_one_of_its_processes_does(self):
        self.node.start(SWITCH)
        self.node.start(AGENT)
        self.assert_ready()
        self.node.inside(SWITCH, "ovs-appctl", "exit")
        self.assertEqual(self.node.wait(SWITCH), 1)

    def test_removal_after_the_pods_are_gone_leaves_nothing(self):
        self.node.start(SWITCH)
        self.node.start(AGENT)
        self.assert_ready()
        conflist = self.node.volume("cni-configuration") / "10-ovs-cni.conflist"
        self.assertTrue(eventually(conflist.exists), self.node.logs())
        self.node.stop(AGENT)
        self.node.stop(SWITCH)
        printed = self.node.remove()
        self.assertIn("removed bridge br-int", printed)
        self.assertIn("removed the switch's database", printed)
        for volume in ("run-switch", "run-agent", "switch-database", "cni-configuration", "cni-plugins"):
            self.assertEqual(os.listdir(self.node.volume(volume)), [], volume)
        self.assertEqual(self.node.ip("route show proto 79"), "")
        self.assertNotIn("br-int", self.node.ip("link show"))
        tables = run(["ip", "netns", "exec", self.node.name, "nft", "list", "tables"])
        self.assertEqual(tables, "")
        self.assertIn("nothing is left to remove", self.node.remove())

    def test_removal_is_refused_while_the_agent_runs(self):
        self.node.start(SWITCH)
        self.node.start(AGENT)
        self.assert_ready()
        with self.assertRaisesRegex(RuntimeError, "stop it first"):
            self.node.remove()
        self.assertTrue(self.node.ready())


if __name__ == "__main__":
    unittest.main()

"""The container runtime's side of CNI: runs a network's chain of plugins as libcni does.

    ADD   first to last, each given the result of the one before as prevResult
    DEL   last to first, each given the cached result of ADD
"""

import json
import subprocess
from pathlib import Path

from .. import namespaces
from ..errors import LabError
from ..layout import program_folder

PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin")
CALL_SECONDS = 60
TRY_AGAIN = 11


class CniError(LabError):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


def network_of(node_folder):
    """The node's network: the first configuration in its folder, as a runtime picks it."""
    lists = sorted((node_folder / "cni").glob("*.conflist"))
    if not lists:
        raise LabError(f"{node_folder / 'cni'} holds no *.conflist: put the node's network configuration there")
    return json.loads(lists[0].read_text())


class Attachment:
    """One sandbox's interface on one network, from the node that runs it."""

    def __init__(self, network, node_namespace, container_id, sandbox, pod, interface="eth0", port_mappings=()):
        self.network = network
        self.node_namespace = node_namespace
        self.port_mappings = list(port_mappings)
        namespace, name, uid = pod
        self.environment = {
            "CNI_CONTAINERID": container_id,
            "CNI_NETNS": sandbox,
            "CNI_IFNAME": interface,
            "CNI_PATH": ":".join((str(program_folder()),) + PLUGIN_FOLDERS),
            "CNI_ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME={name};"
            f"K8S_POD_INFRA_CONTAINER_ID={container_id};K8S_POD_UID={uid}",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }

    def add(self):
        """Returns the result of the last plugin."""
        result = None
        for plugin in self.network["plugins"]:
            result = self._call("ADD", plugin, result)
        return result

    def delete(self, result):
        """`result` is what ADD returned, None when it did not get that far."""
        for plugin in reversed(self.network["plugins"]):
            self._call("DEL", plugin, result)

    def check(self, result):
        for plugin in self.network["plugins"]:
            self._call("CHECK", plugin, result)

    def _call(self, verb, plugin, previous):
        configuration = plugin | {"name": self.network["name"], "cniVersion": self.network["cniVersion"]}
        wanted = {name for name, on in configuration.pop("capabilities", {}).items() if on}
        if "portMappings" in wanted:
            configuration["runtimeConfig"] = {"portMappings": self.port_mappings}
        if previous is not None:
            configuration["prevResult"] = previous
        command = find_plugin(plugin["type"], self.environment["CNI_PATH"])
        with namespaces.inside(self.node_namespace):
            child = subprocess.Popen(
                [command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment | {"CNI_COMMAND": verb},
                text=True,
            )
        try:
            printed, complaint = child.communicate(json.dumps(configuration), timeout=CALL_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise CniError(f"CNI {verb} of {plugin['type']} did not end within {CALL_SECONDS} s", TRY_AGAIN) from None
        if child.returncode != 0:
            raise _error(verb, plugin["type"], child.returncode, printed, complaint)
        return json.loads(printed) if verb == "ADD" else None


def find_plugin(name, folders):
    for folder in folders.split(":"):
        if (Path(folder) / name).exists():
            return str(Path(folder) / name)
    raise LabError(f"the CNI plugin '{name}' is in none of {folders}")


def _error(verb, plugin, exit_code, printed, complaint):
    try:
        answer = json.loads(printed)
        text = ": ".join(part for part in (answer["msg"], answer.get("details")) if part)
        return CniError(f"CNI {verb} of {plugin}: {text} (code {answer['code']})", answer["code"])
    except (json.JSONDecodeError, KeyError, TypeError):
        text = (complaint or printed).strip() or "it said nothing"
        return CniError(f"CNI {verb} of {plugin} ended with exit code {exit_code}: {text}", 0)

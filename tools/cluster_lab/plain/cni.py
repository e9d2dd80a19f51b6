"""The container runtime's side of CNI: runs a network's chain of plugins as libcni does.

    ADD   first to last, each given the result of the one before as prevResult
    DEL   last to first, each given the cached result of ADD
"""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .. import namespaces
from ..errors import LabError
from ..json_files import Json, mapping, read_json
from ..layout import program_folder
from .object_kinds import PodName

PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin")
CALL_SECONDS = 60
TRY_AGAIN = 11
NEWEST_VERSION = (1, 1, 0)  # of the CNI specification


class CniError(LabError):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def network_of(node_folder: Path) -> Json:
    """The node's network: the first configuration in its folder, as a runtime picks it."""
    lists = sorted((node_folder / "cni").glob("*.conflist"))
    if not lists:
        raise LabError(f"{node_folder / 'cni'} holds no *.conflist: put the node's network configuration there")
    return _checked(lists[0], read_json(lists[0], "mend the node's network configuration"))


def _checked(path: Path, network: object) -> Json:
    """What CNI's specification demands of a configuration."""

    def wrong(what: str) -> LabError:
        return LabError(f"{path}: {what}: mend the node's network configuration")

    if not isinstance(network, dict):
        raise wrong("not an object")
    for name in ("cniVersion", "name"):
        if not isinstance(network.get(name), str):
            raise wrong(f"it has no {name}")
    offered = network.get("cniVersions", [])
    for version in [network["cniVersion"], *(offered if isinstance(offered, list) else [offered])]:
        if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
            raise wrong(f"{json.dumps(version)} is no version of CNI")
    plugins = network.get("plugins")
    if not isinstance(plugins, list) or not plugins:
        raise wrong("it has no list of plugins")
    for number, plugin in enumerate(plugins):
        if not isinstance(plugin, dict) or not isinstance(plugin.get("type"), str):
            raise wrong(f"plugins[{number}] has no type")
    return network


def version_of(network: Json) -> str:
    """With which version the plugins of a network are called: the highest that it offers and we speak."""
    offered = {network["cniVersion"], *network.get("cniVersions", ())}
    numbers = sorted(tuple(map(int, version.split("."))) for version in offered)
    spoken = [version for version in numbers if version <= NEWEST_VERSION]
    return ".".join(map(str, (spoken or numbers)[-1]))


class Attachment:
    """One sandbox's interface on one network, from the node that runs it."""

    def __init__(
        self,
        network: Json,
        node_namespace: str,
        container_id: str,
        sandbox: str,
        pod: PodName,
        uid: str,
        interface: str = "eth0",
        port_mappings: Sequence[Json] = (),
    ) -> None:
        self.network = network
        self.node_namespace = node_namespace
        self.port_mappings = list(port_mappings)
        self.environment = {
            "CNI_CONTAINERID": container_id,
            "CNI_NETNS": sandbox,
            "CNI_IFNAME": interface,
            "CNI_PATH": ":".join((str(program_folder()),) + PLUGIN_FOLDERS),
            "CNI_ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE={pod.namespace};K8S_POD_NAME={pod.name};"
            f"K8S_POD_INFRA_CONTAINER_ID={container_id};K8S_POD_UID={uid}",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }

    def add(self) -> Json:
        """Returns the result of the last plugin."""
        result: Json | None = None
        for plugin in self.network["plugins"]:
            printed = self._call("ADD", plugin, result)
            try:
                result = dict(json.loads(printed))
            except (ValueError, TypeError):
                what = f"CNI ADD of {plugin['type']} succeeded, but its result is no object"
                raise CniError(f"{what}: {printed.strip()[:200] or 'it said nothing'}", 0) from None
        return result or {}

    def delete(self, result: Json | None) -> None:
        """`result` is what ADD returned, None when it did not get that far."""
        for plugin in reversed(self.network["plugins"]):
            self._call("DEL", plugin, result)

    def check(self, result: Json) -> None:
        for plugin in self.network["plugins"]:
            self._call("CHECK", plugin, result)

    def _call(self, verb: str, plugin: Json, previous: Json | None) -> str:
        configuration = plugin | {"name": self.network["name"], "cniVersion": version_of(self.network)}
        wanted = {name for name, on in mapping(configuration.pop("capabilities", {})).items() if on}
        if "portMappings" in wanted:
            configuration["runtimeConfig"] = {"portMappings": self.port_mappings}
        if previous is not None:
            configuration["prevResult"] = previous
        command = find_plugin(plugin["type"], self.environment["CNI_PATH"])
        try:
            with namespaces.inside(self.node_namespace):
                child = subprocess.Popen(
                    [command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self.environment | {"CNI_COMMAND": verb},
                    text=True,
                )
        except OSError as error:
            raise CniError(f"the CNI plugin {command} cannot be run: {error.strerror}", 0) from None
        try:
            printed, complaint = child.communicate(json.dumps(configuration), timeout=CALL_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise CniError(f"CNI {verb} of {plugin['type']} did not end within {CALL_SECONDS} s", TRY_AGAIN) from None
        if child.returncode != 0:
            raise _error(verb, plugin["type"], child.returncode, printed, complaint)
        return printed


def find_plugin(name: str, folders: str) -> str:
    for folder in folders.split(":"):
        if (Path(folder) / name).exists():
            return str(Path(folder) / name)
    raise LabError(f"the CNI plugin '{name}' is in none of {folders}")


def _error(verb: str, plugin: str, exit_code: int, printed: str, complaint: str) -> CniError:
    try:
        answer = json.loads(printed)
        text = ": ".join(part for part in (answer["msg"], answer.get("details")) if part)
        return CniError(f"CNI {verb} of {plugin}: {text} (code {answer['code']})", answer["code"])
    except (json.JSONDecodeError, KeyError, TypeError):
        text = (complaint or printed).strip() or "it said nothing"
        return CniError(f"CNI {verb} of {plugin} ended with exit code {exit_code}: {text}", 0)

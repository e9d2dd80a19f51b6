"""The agent of a node, where the lab starts it: its configuration, its start, and what it answers on its HTTP address.

It makes everything that the node's switch has beside the underlay: br-int, the tunnel, the gateway.
"""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import processes, switch
from .errors import LabError
from .json_files import write_json
from .layout import program
from .node import Node
from .processes import Process
from .progress import in_parallel

PART = "agent"
HTTP = ("127.0.0.1", 9475)
START_SECONDS = 30.0


def write_configuration(node: Node, datapath: str, source: Mapping[str, object]) -> None:
    """`source`: the keys that say where the cluster's objects come from."""
    configuration = {
        "node": node.name,
        **source,
        "datapath": datapath,
        "ovsdbSocket": node.folder / "db.sock",
        "openflowSocket": node.folder / "br-int.mgmt",
        "cniSocket": node.folder / "agent.sock",
        "httpAddress": f"{HTTP[0]}:{HTTP[1]}",
    }
    (node.folder / "agent.yaml").write_text("".join(f'{key}: "{value}"\n' for key, value in configuration.items()))


def write_conflist(node: Node) -> Path:
    """The network of the node, in its `cni` folder; returns its path."""
    path = node.folder / "cni" / "10-ovs-cni.conflist"
    path.parent.mkdir()
    write_json(
        path,
        {
            "cniVersion": "1.0.0",
            "cniVersions": ["1.0.0", "1.1.0"],
            "name": "ovs-cni",
            "plugins": [{"type": "ovs-cni", "agentSocket": str(node.folder / "agent.sock")}],
        },
    )
    return path


def start(node: Node) -> None:
    """Starts the agent and returns when it is ready to serve."""
    log_path = node.folder / "agent.log"
    with node.inside(), open(log_path, "a") as log:
        child = subprocess.Popen(
            [program("ovs-cni-agent"), "--config", str(node.folder / "agent.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | switch.environment(node),
        )
    node.remember(PART, Process.of(child.pid))
    deadline = time.monotonic() + START_SECONDS
    while True:
        status, reason = request(node, "/readyz")
        if status == 200:
            return
        died = child.poll() is not None
        if died or time.monotonic() > deadline:
            what = f"ended with exit code {child.returncode}" if died else f"is not ready: {reason}"
            raise LabError(f"the agent of {node.name} {what}; the end of its log:\n{processes.tail(log_path)}")
        time.sleep(0.02)


def restart(node: Node) -> None:
    node.stop(PART)
    start(node)


def request(node: Node, path: str, timeout: float = 5.0) -> tuple[int, str]:
    """GET from the node's agent: status code and body; status 0 and the reason when it could not be asked."""
    connection = http.client.HTTPConnection(*HTTP, timeout=timeout)
    try:
        with node.inside():
            connection.sock = socket.create_connection(HTTP, timeout=timeout)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"GET http://{HTTP[0]}:{HTTP[1]}{path}: {error}"
    finally:
        connection.close()


def unsynchronised(nodes: Sequence[Node], deadline: float) -> list[str]:
    """What keeps the nodes' switches from the newest state."""
    answers: dict[str, tuple[int, str]] = {}

    def ask(node: Node) -> None:
        answers[node.name] = request(node, "/debug/sync", timeout=max(0.5, min(10.0, deadline - time.monotonic())))

    in_parallel(ask, nodes)
    return [f"{name}: {body or status}" for name, (status, body) in sorted(answers.items()) if status != 200]

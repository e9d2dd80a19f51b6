"""One node: a network namespace with its own switch and its own agent, as a machine would have them.

    start_switch   ovsdb-server, ovs-vswitchd; on the userspace datapath the underlay address is on a bridge of its own
    start_agent    the agent, which makes everything else (br-int, the tunnel, the gateway)
"""

import http.client
import json
import os
import socket
import subprocess
import time

from . import namespaces, processes, underlay
from .address_plan import with_length
from .errors import LabError
from .layout import network_namespace_path, program, write_json
from .processes import Process

AGENT_HTTP = ("127.0.0.1", 9475)
AGENT_START_SECONDS = 30.0
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
# What a node answers on, as its daemons would; the outside host answers on the same.
HOST_PORTS = ["53/udp", "53/tcp", "80/tcp", "80/udp", "443/tcp", "443/udp", "8080/tcp", "8080/udp"]


def names(parameters):
    return [f"node{number}" for number in range(1, parameters["nodes"] + 1)]


def number_of(name):
    return int(name.removeprefix("node"))


def switch_environment(lab, name):
    """The variables with which ovs-vsctl and its kin find this node's switch."""
    folder = str(lab.node_folder(name))
    return {"OVS_RUNDIR": folder, "OVS_DBDIR": folder, "OVS_LOGDIR": folder}


def node_object(plan, name):
    addresses, cidrs = plan.node(number_of(name)), plan.pod_cidrs(number_of(name))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"podCIDR": next(iter(cidrs.values())), "podCIDRs": list(cidrs.values())},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address} for address in addresses.values()]
            + [{"type": "Hostname", "address": name}]
        },
    }


def create(lab, plan, parameters, name):
    """The node's namespace and switch. Its agent is started when all nodes have come so far."""
    lab.node_folder(name).mkdir(parents=True)
    namespaces.create(lab.namespace(name))
    with namespaces.inside(lab.namespace(name)):
        namespaces.set_sysctls({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
    underlay.attach(lab, plan, name, number_of(name))
    start_switch(lab, name, parameters["datapath"])
    address_underlay(lab, plan, parameters["datapath"], name)
    _write_agent_files(lab, parameters["datapath"], name)
    started = start_responder(lab, lab.namespace(name), f"node/{name}", HOST_PORTS, shared=True)
    remember(lab, name, "responder", started)


def start_switch(lab, name, datapath):
    """Starts ovsdb-server and ovs-vswitchd; both are ready when this returns. The database is made when there is
    none."""
    folder = lab.node_folder(name)
    environment = os.environ | switch_environment(lab, name)
    database = folder / "conf.db"
    with namespaces.inside(lab.namespace(name)):
        fresh = not database.exists()
        if fresh:
            processes.run(["ovsdb-tool", "create", str(database), SCHEMA], env=environment)
        processes.run(
            ["ovsdb-server", f"--remote=punix:{folder}/db.sock", "--detach", "--pidfile", "--log-file", str(database)],
            env=environment,
        )
        if fresh:
            processes.run(["ovs-vsctl", "--no-wait", "init"], env=environment)
        processes.run(
            ["ovs-vswitchd", f"unix:{folder}/db.sock", "--detach", "--pidfile", "--log-file", "-vconsole:off"],
            env=environment,
        )
        if fresh and datapath == "netdev":
            processes.run(
                ["ovs-vsctl", "add-br", "br-phy", "--", "set", "bridge", "br-phy", "datapath_type=netdev"]
                + ["--", "add-port", "br-phy", "eth0"],
                env=environment,
            )
    for part in ("ovsdb-server", "ovs-vswitchd"):
        remember(lab, name, part, Process.of(int((folder / f"{part}.pid").read_text())))


def restart_switch(lab, plan, parameters, name):
    """Ends and starts both processes, on the same database."""
    stop_part(lab, name, "ovs-vswitchd")
    stop_part(lab, name, "ovsdb-server")
    start_switch(lab, name, parameters["datapath"])
    if parameters["datapath"] == "netdev":
        address_underlay(lab, plan, "netdev", name)


def address_underlay(lab, plan, datapath, name):
    """The node's underlay addresses. On the userspace datapath they are on br-phy, where the switch can use them for
    tunnels."""
    link = "br-phy" if datapath == "netdev" else "eth0"
    there = lab.namespace(name)
    namespaces.ip(
        [f"link set {link} up"]
        + [f"address replace {address} dev {link}" for address in with_length(plan.node(number_of(name))).values()]
        + [f"route replace default via {address} dev {link}" for address in plan.router_to_nodes().values()],
        there,
    )
    if datapath == "netdev":
        namespaces.offload_off(there, "br-phy")


def _write_agent_files(lab, datapath, name):
    write_agent_configuration(lab, datapath, name, {"manifests": lab.objects})
    write_conflist(lab, name)


def write_agent_configuration(lab, datapath, name, source):
    """`source`: the keys that say where the cluster's objects come from."""
    folder = lab.node_folder(name)
    configuration = {
        "node": name,
        **source,
        "datapath": datapath,
        "ovsdbSocket": folder / "db.sock",
        "openflowSocket": folder / "br-int.mgmt",
        "cniSocket": folder / "agent.sock",
        "httpAddress": f"{AGENT_HTTP[0]}:{AGENT_HTTP[1]}",
    }
    (folder / "agent.yaml").write_text("".join(f'{key}: "{value}"\n' for key, value in configuration.items()))


def write_conflist(lab, name):
    """The network of the node, in its `cni` folder; returns its path."""
    folder = lab.node_folder(name)
    path = folder / "cni" / "10-ovs-cni.conflist"
    path.parent.mkdir()
    write_json(
        path,
        {
            "cniVersion": "1.0.0",
            "cniVersions": ["1.0.0", "1.1.0"],
            "name": "ovs-cni",
            "plugins": [{"type": "ovs-cni", "agentSocket": str(folder / "agent.sock")}],
        },
    )
    return path


def start_agent(lab, name):
    """Starts the agent and returns when it is ready to serve."""
    folder = lab.node_folder(name)
    environment = os.environ | switch_environment(lab, name)
    with namespaces.inside(lab.namespace(name)), open(folder / "agent.log", "a") as log:
        child = subprocess.Popen(
            [program("ovs-cni-agent"), "--config", str(folder / "agent.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
    remember(lab, name, "agent", Process.of(child.pid))
    deadline = time.monotonic() + AGENT_START_SECONDS
    while True:
        status, reason = request(lab, name, "/readyz")
        if status == 200:
            return
        died = child.poll() is not None
        if died or time.monotonic() > deadline:
            what = f"ended with exit code {child.returncode}" if died else f"is not ready: {reason}"
            raise LabError(f"the agent of {name} {what}; the end of its log:\n{processes.tail(folder / 'agent.log')}")
        time.sleep(0.02)


def request(lab, name, path, timeout=5.0):
    """GET from the node's agent: status code and body; status 0 and the reason when it could not be asked."""
    connection = http.client.HTTPConnection(*AGENT_HTTP, timeout=timeout)
    try:
        with namespaces.inside(lab.namespace(name)):
            connection.sock = socket.create_connection(AGENT_HTTP, timeout=timeout)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"GET http://{AGENT_HTTP[0]}:{AGENT_HTTP[1]}{path}: {error}"
    finally:
        connection.close()


def start_responder(lab, namespace, name, ports, shared=False):
    """Starts the program that answers; the ports answer when this returns. None when the kernel has none of the
    protocols."""
    command = [program("ovs-cni-lab-responder")] + (["--share"] if shared else [])
    printed = processes.run(command + [network_namespace_path(namespace), name] + ports)
    return Process.of(int(printed.split("pid ")[1]))


def recorded(lab, name):
    """The node's processes by what they are, None for one that had ended when it was put on record."""
    try:
        records = json.loads((lab.node_folder(name) / "processes.json").read_text())
    except FileNotFoundError:
        return {}
    return {part: Process.from_record(record) for part, record in records.items()}


def remember(lab, name, part, process):
    """Puts a process of the node on record, where `down` finds it."""
    known = recorded(lab, name) | {part: process}
    records = {key: value.record() for key, value in known.items() if value}
    write_json(lab.node_folder(name) / "processes.json", records)


def stop_part(lab, name, part):
    process = recorded(lab, name).get(part)
    processes.stop([process] if process else [])


def missing_parts(lab, name):
    """The processes of the node that do not run."""
    known = recorded(lab, name)
    parts = ("ovsdb-server", "ovs-vswitchd", "agent", "responder")
    return [part for part in parts if known.get(part) is None or not known[part].alive()]

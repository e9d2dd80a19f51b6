"""The command line of tools/lab: what can be asked, and which part answers."""

import argparse
import os
import re
import signal
import sys

from . import kinds, life, node
from .probing import probe
from .address_plan import MAX_NODES
from .errors import LabError, UsageError
from .kubernetes import control_plane
from .kubernetes.network import KINDS as NETWORKS
from .kubernetes.plan import MAX_API_SERVERS
from .layout import Lab

DESCRIPTION = "A cluster on one machine: pods on real Open vSwitch, in network namespaces."


def parser():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default=argparse.SUPPRESS, help="which lab (default: lab)")
    top = argparse.ArgumentParser(prog="tools/lab", description=DESCRIPTION, parents=[common])
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name, text):
        return verbs.add_parser(name, help=text, description=text, parents=[common])

    up = verb("up", "bring the lab up; does nothing when it is")
    up.add_argument("--nodes", type=_node_count, help="how many (default: 3)")
    up.add_argument("--family", choices=("ipv4", "ipv6", "dual"), help="of underlay and pods (default: dual)")
    up.add_argument("--datapath", choices=("netdev", "system"), help="default: system where the kernel has it")
    _add_kubernetes(up)
    verb("kubeconfig", "print the path of the kubeconfig of a lab with a real Kubernetes")
    verb("down", "remove the lab and everything in it")
    apply = verb("apply", "create or change the objects of manifests, and run the pods they ask for")
    apply.add_argument("-f", dest="paths", nargs="+", action="extend", required=True, metavar="PATH")
    delete = verb("delete", "delete the objects of manifests, or one object")
    delete.add_argument("-f", dest="paths", nargs="+", action="extend", metavar="PATH")
    delete.add_argument("object", nargs="*", metavar="KIND [NAMESPACE/]NAME")
    scale = verb("scale", "change the number of a workload's pods")
    scale.add_argument("kind")
    scale.add_argument("object", metavar="NAMESPACE/NAME")
    scale.add_argument("count", type=_count)
    label = verb("label", "set labels (KEY=VALUE) or remove them (KEY-)")
    label.add_argument("kind")
    label.add_argument("object", metavar="[NAMESPACE/]NAME")
    label.add_argument("labels", nargs="+", metavar="KEY=VALUE")
    wait = verb("wait", "wait until every pod runs and every node has installed the newest state")
    wait.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds (default: 60)")
    pods = verb("pods", "list the pods")
    pods.add_argument("--json", action="store_true")
    _add_probe(verb)
    restart = verb("restart", "end a node's agent or switch and start it again")
    restart.add_argument("part", help=", ".join(kinds.KUBERNETES.nodes.RESTARTABLE))
    restart.add_argument("node", help="or control-plane")
    run = verb("exec", "run a command in a pod's network namespace")
    run.add_argument("object", metavar="NAMESPACE/POD")
    run = verb("node", "run a command in a node's network namespace; ovs-vsctl and ovs-ofctl work there")
    run.add_argument("node", metavar="NAME")
    return top


def _add_kubernetes(up):
    real = up.add_argument_group("a real Kubernetes", "beside the options above; see docs/lab.md")
    real.add_argument("--kubernetes", action="store_true", help="API servers, kubelets and container runtimes")
    real.add_argument("--api-servers", type=_server_count, metavar="M", help="how many (default: 1)")
    real.add_argument("--kube-proxy", choices=("nftables", "iptables", "none"), help="its mode (default: nftables)")
    real.add_argument("--network", choices=NETWORKS, help="who serves the pods (default: install)")


def _add_probe(verb):
    asked = verb("probe", "send packets and show who reaches whom")
    asked.add_argument("--from", dest="sources", action="append", default=[], metavar="SEL", help="default: all pods")
    asked.add_argument("--to", dest="destinations", action="append", default=[], metavar="SEL", help="the same")
    asked.add_argument("--port", dest="ports", nargs="+", action="extend", default=[], metavar="PORT/PROTOCOL")
    asked.add_argument("--family", type=int, choices=(4, 6), help="default: all that both ends have")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--since", metavar="FILE", help="print only what changed since this output of --json")
    asked.epilog = (
        "SEL: NAMESPACE/NAME, NAMESPACE/*, node/NAME, outside. Ports: those the destination declares; else 80/tcp."
    )


def _node_count(text):
    count = int(text)
    if not 1 <= count <= MAX_NODES:
        raise argparse.ArgumentTypeError(f"1 to {MAX_NODES} nodes")
    return count


def _server_count(text):
    count = int(text)
    if not 1 <= count <= MAX_API_SERVERS:
        raise argparse.ArgumentTypeError(f"1 to {MAX_API_SERVERS} API servers")
    return count


def _count(text):
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("not below 0")
    return count


def main(arguments):
    """Runs the command; returns the exit code: 0 fine, 1 failed, 2 usage."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments, command = _split_command(arguments)
    top = parser()
    wanted = top.parse_args(arguments)
    try:
        if wanted.verb in ("exec", "node") and not command:
            raise UsageError(f"{wanted.verb} needs a command after '--'")
        if wanted.verb not in ("exec", "node") and command is not None:
            raise UsageError(f"{wanted.verb} takes no command after '--'")
        lab = Lab(getattr(wanted, "name", "lab"))
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces: run it as root")
        for line in RUN[wanted.verb](lab, wanted, command) or []:
            print(line, flush=True)
        return 0
    except UsageError as error:
        top.error(str(error))
    except BrokenPipeError:
        # The reader of our output went away.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LabError, OSError) as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tools/lab: interrupted", file=sys.stderr)
        return 1


def _interrupt(*_):
    raise KeyboardInterrupt


def _split_command(arguments):
    if "--" not in arguments:
        return arguments, None
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _up(lab, wanted, _):
    parameters = {"nodes": wanted.nodes, "family": wanted.family, "datapath": wanted.datapath}
    real = {"api_servers": wanted.api_servers, "kube_proxy": wanted.kube_proxy, "network": wanted.network}
    if not wanted.kubernetes and any(value is not None for value in real.values()):
        raise UsageError("--api-servers, --kube-proxy and --network go with --kubernetes")
    kind = kinds.KUBERNETES if wanted.kubernetes else kinds.PLAIN
    with lab.locked():
        yield life.up(lab, kind, parameters | (real if wanted.kubernetes else {}))
    if wanted.kubernetes:
        yield f"kubeconfig: {control_plane.kubeconfig_path(lab)}"


def _kubeconfig(lab, _wanted, _):
    if not lab.require_up().get("kubernetes"):
        raise LabError(f"lab '{lab.name}' has no Kubernetes: such a lab is made by {lab.command('up')} --kubernetes")
    yield str(control_plane.kubeconfig_path(lab))


def _down(lab, _wanted, _):
    with lab.locked():
        yield f"lab '{lab.name}' is removed" if life.down(lab) else f"there is no lab '{lab.name}'"
        lab.forget_lock()


def _apply(lab, wanted, _):
    return kinds.of_lab(lab).changes.apply(lab, wanted.paths)


def _delete(lab, wanted, _):
    if wanted.paths and not wanted.object:
        return kinds.of_lab(lab).changes.delete_files(lab, wanted.paths)
    if not wanted.paths and len(wanted.object) == 2:
        return kinds.of_lab(lab).changes.delete_one(lab, *wanted.object)
    raise UsageError("delete needs either -f PATH... or KIND [NAMESPACE/]NAME")


def _scale(lab, wanted, _):
    return kinds.of_lab(lab).changes.scale(lab, wanted.kind, wanted.object, wanted.count)


def _label(lab, wanted, _):
    labels = {}
    for text in wanted.labels:
        key, equals, value = text.partition("=")
        if not equals and not key.endswith("-"):
            raise UsageError(f"'{text}' is not a label: write KEY=VALUE, or KEY- to remove it")
        labels[key if equals else key[:-1]] = value if equals else None
    return kinds.of_lab(lab).changes.label(lab, wanted.kind, wanted.object, labels)


def _wait(lab, wanted, _):
    kinds.of_lab(lab).status.wait(lab, wanted.timeout)


def _pods(lab, wanted, _):
    yield kinds.of_lab(lab).status.pods(lab, wanted.json)


def _probe(lab, wanted, _):
    parameters = lab.require_up()
    cluster = kinds.of(parameters).cluster(lab, parameters)
    yield probe.probe(
        cluster, wanted.sources, wanted.destinations, wanted.ports, wanted.family, wanted.json, wanted.since
    )


def _restart(lab, wanted, _):
    parameters = lab.require_up()
    nodes = kinds.of(parameters).nodes
    name = _one_of(nodes.places(parameters), wanted.node)
    if not any(re.fullmatch(part.replace("-N", "-[0-9]"), wanted.part) for part in nodes.RESTARTABLE):
        raise UsageError(f"'{wanted.part}' cannot be restarted here: {', '.join(nodes.RESTARTABLE)} can")
    with lab.locked():
        nodes.restart(lab, parameters, wanted.part, name)
    yield f"{wanted.part} of {name} restarted"


def _one_of(names, name):
    if name not in names:
        raise LabError(f"there is no node '{name}': there are {', '.join(names)}")
    return name


def _exec(lab, wanted, command):
    parameters = lab.require_up()
    pods = kinds.of(parameters).cluster(lab, parameters).select([wanted.object])
    if len(pods) != 1 or "/" not in wanted.object:
        raise LabError(f"'{wanted.object}' is not one pod: write NAMESPACE/POD")
    there = pods[0].network_namespace
    # Only a namespace that has a name can be given a /sys of its own by ip.
    enter = ["nsenter", f"--net={there}", "--"] if there.startswith("/") else ["ip", "netns", "exec", there]
    _become([*enter, *command], {})


def _node(lab, wanted, command):
    parameters = lab.require_up()
    name = _one_of(node.names(parameters), wanted.node)
    _become(*kinds.of(parameters).nodes.shell(lab, name, command))


def _become(command, environment):
    """Replaces this process by the command, so that its exit code and signals are its own."""
    sys.stdout.flush()
    environment = os.environ | environment
    os.execvpe(command[0], command, environment)


RUN = {
    "up": _up,
    "kubeconfig": _kubeconfig,
    "down": _down,
    "apply": _apply,
    "delete": _delete,
    "scale": _scale,
    "label": _label,
    "wait": _wait,
    "pods": _pods,
    "probe": _probe,
    "restart": _restart,
    "exec": _exec,
    "node": _node,
}

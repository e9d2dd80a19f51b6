"""The command line of tools/lab: what can be asked, and which part answers."""

import argparse
import math
import os
import re
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NoReturn

from . import kinds, life
from .address_plan import MAX_NODES
from .errors import LabError, UsageError
from .kubernetes import control_plane
from .kubernetes.network import KINDS as NETWORKS
from .kubernetes.plan import MAX_API_SERVERS
from .kubernetes.restart import RESTARTABLE
from .layout import Lab
from .parameters import KubernetesParameters, Wanted
from .probing import probe

DESCRIPTION = "A cluster on one machine: pods on real Open vSwitch, in network namespaces."


def parser() -> ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default=argparse.SUPPRESS, help="which lab (default: lab)")
    top = argparse.ArgumentParser(prog="tools/lab", description=DESCRIPTION, parents=[common])
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name: str, text: str) -> ArgumentParser:
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
    wait.add_argument("--timeout", type=_seconds, default=60.0, metavar="S", help="seconds (default: 60)")
    pods = verb("pods", "list the pods")
    pods.add_argument("--json", action="store_true")
    _add_probe(verb)
    restart = verb("restart", "end a node's agent or switch and start it again")
    restart.add_argument("part", help=", ".join(RESTARTABLE))
    restart.add_argument("node", help="or control-plane")
    run = verb("exec", "run a command in a pod's network namespace")
    run.add_argument("object", metavar="NAMESPACE/POD")
    run = verb("node", "run a command in a node's network namespace; ovs-vsctl and ovs-ofctl work there")
    run.add_argument("node", metavar="NAME")
    return top


def _add_kubernetes(up: ArgumentParser) -> None:
    real = up.add_argument_group("a real Kubernetes", "beside the options above; see docs/lab.md")
    real.add_argument("--kubernetes", action="store_true", help="API servers, kubelets and container runtimes")
    real.add_argument("--api-servers", type=_server_count, metavar="M", help="how many (default: 1)")
    real.add_argument("--kube-proxy", choices=("nftables", "iptables", "none"), help="its mode (default: nftables)")
    real.add_argument("--containerd", type=_release, metavar="VERSION", help="such as 1.7.35 (default: the built one)")
    real.add_argument("--network", choices=NETWORKS, help="who serves the pods (default: install)")


def _add_probe(verb: Callable[[str, str], ArgumentParser]) -> None:
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


def _node_count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MAX_NODES:
        raise argparse.ArgumentTypeError(f"1 to {MAX_NODES} nodes")
    return count


def _release(text: str) -> str:
    version = text.removeprefix("v")
    if not re.fullmatch(r"(1\.7|2\.\d+)\.\d+", version):
        raise argparse.ArgumentTypeError(f"'{text}' is no release of containerd 1.7 or 2, such as 1.7.35")
    return version


def _server_count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MAX_API_SERVERS:
        raise argparse.ArgumentTypeError(f"1 to {MAX_API_SERVERS} API servers")
    return count


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("not below 0")
    return count


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid float value: {text!r}") from None
    if math.isnan(seconds) or seconds < 0:
        raise argparse.ArgumentTypeError("not below 0")
    return seconds


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns the exit code: 0 fine, 1 failed, 2 usage."""
    signal.signal(signal.SIGTERM, _interrupt)
    own, command = _split_command(arguments)
    top = parser()
    wanted = top.parse_args(own)
    try:
        if wanted.verb in ("exec", "node") and not command:
            raise UsageError(f"{wanted.verb} needs a command after '--'")
        if wanted.verb not in ("exec", "node") and command is not None:
            raise UsageError(f"{wanted.verb} takes no command after '--'")
        lab = Lab(getattr(wanted, "name", "lab"))
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces: run it as root")
        for line in RUN[wanted.verb](lab, wanted, command or []):
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


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _split_command(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str] | None]:
    if "--" not in arguments:
        return arguments, None
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _up(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    asked = Wanted(
        kubernetes=wanted.kubernetes,
        nodes=wanted.nodes,
        family=wanted.family,
        datapath=wanted.datapath,
        api_servers=wanted.api_servers,
        kube_proxy=wanted.kube_proxy,
        containerd=wanted.containerd,
        network=wanted.network,
    )
    if not asked.kubernetes and (asked.api_servers or asked.kube_proxy or asked.containerd or asked.network):
        raise UsageError("--api-servers, --kube-proxy, --containerd and --network go with --kubernetes")
    with lab.locked():
        yield life.up(lab, asked)
    if asked.kubernetes:
        yield f"kubeconfig: {control_plane.kubeconfig_path(lab)}"


def _kubeconfig(lab: Lab, _wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    if not isinstance(lab.require_up(), KubernetesParameters):
        raise LabError(f"lab '{lab.name}' has no Kubernetes: such a lab is made by {lab.command('up')} --kubernetes")
    yield str(control_plane.kubeconfig_path(lab))


def _down(lab: Lab, _wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    with lab.locked():
        yield f"lab '{lab.name}' is removed" if life.down(lab) else f"there is no lab '{lab.name}'"
        lab.forget_lock()


def _apply(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterable[str]:
    return kinds.of_lab(lab).apply(wanted.paths)


def _delete(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterable[str]:
    if wanted.paths and not wanted.object:
        return kinds.of_lab(lab).delete_files(wanted.paths)
    if not wanted.paths and len(wanted.object) == 2:
        return kinds.of_lab(lab).delete_one(*wanted.object)
    raise UsageError("delete needs either -f PATH... or KIND [NAMESPACE/]NAME")


def _scale(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterable[str]:
    return kinds.of_lab(lab).scale(wanted.kind, wanted.object, wanted.count)


def _label(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterable[str]:
    labels: dict[str, str | None] = {}
    for text in wanted.labels:
        key, equals, value = text.partition("=")
        if key in ("", "-") or not equals and not key.endswith("-"):
            raise UsageError(f"'{text}' is not a label: write KEY=VALUE, or KEY- to remove it")
        labels[key if equals else key[:-1]] = value if equals else None
    return kinds.of_lab(lab).label(wanted.kind, wanted.object, labels)


def _wait(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterable[str]:
    kinds.of_lab(lab).wait(wanted.timeout)
    return []


def _pods(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    yield kinds.of_lab(lab).pods(wanted.json)


def _probe(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    question = probe.Question(
        wanted.sources, wanted.destinations, wanted.ports, wanted.family, wanted.json, wanted.since
    )
    yield probe.probe(kinds.of_lab(lab).endpoints(), question)


def _restart(lab: Lab, wanted: Namespace, _: Sequence[str]) -> Iterator[str]:
    kind = kinds.of_lab(lab)
    place = _one_of(kind.places(), wanted.node)
    if not any(re.fullmatch(part.replace("-N", "-[0-9]"), wanted.part) for part in kind.restartable()):
        raise UsageError(f"'{wanted.part}' cannot be restarted here: {', '.join(kind.restartable())} can")
    with lab.locked():
        kind.restart(wanted.part, place)
    yield f"{wanted.part} of {place} restarted"


def _one_of(names: Sequence[str], name: str) -> str:
    if name not in names:
        raise LabError(f"there is no node '{name}': there are {', '.join(names)}")
    return name


def _exec(lab: Lab, wanted: Namespace, command: Sequence[str]) -> NoReturn:
    pods = kinds.of_lab(lab).endpoints().select([wanted.object])
    if len(pods) != 1 or "/" not in wanted.object:
        raise LabError(f"'{wanted.object}' is not one pod: write NAMESPACE/POD")
    there = pods[0].network_namespace
    # Only a namespace that has a name can be given a /sys of its own by ip.
    enter = ["nsenter", f"--net={there}", "--"] if there.startswith("/") else ["ip", "netns", "exec", there]
    _become([*enter, *command], {})


def _node(lab: Lab, wanted: Namespace, command: Sequence[str]) -> NoReturn:
    name = _one_of(lab.require_up().node_names(), wanted.node)
    _become(*kinds.of_lab(lab).shell(name, command))


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replaces this process by the command, so that its exit code and signals are its own."""
    sys.stdout.flush()
    os.execvpe(command[0], [*command], {**os.environ, **environment})


Verb = Callable[[Lab, Namespace, Sequence[str]], Iterable[str]]  # with the command after `--`; it yields what to print
RUN: dict[str, Verb] = {
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

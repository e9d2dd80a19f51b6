"""What the command `restart` does in a lab with a real Kubernetes: parts of nodes and of the control plane."""

from collections.abc import Callable

from .. import agent, switch
from ..errors import LabError
from ..layout import Lab
from ..node import Node
from ..parameters import KubernetesParameters
from . import container_runtime, control_plane, network, worker
from .plan import ClusterPlan

RESTARTABLE = (
    "agent",
    "switch",
    container_runtime.PART,
    worker.KUBELET,
    worker.PROXY,
    "kube-apiserver-N",
    control_plane.CONTROLLERS,
    control_plane.SCHEDULER,
)
Starts = dict[str, Callable[[], object]]  # how to start a part again, by its name


def restart(node: Node, parameters: KubernetesParameters, part: str) -> None:
    """Ends a process of a node or of the control plane, if it runs, and starts it."""
    plan = ClusterPlan.of(parameters)
    if node.name == control_plane.NAME:
        has, start = control_plane.parts(parameters), _of_control_plane(node.lab, plan)
    else:
        has, start = worker.parts(parameters), _of_node(node, plan, parameters)
    if switch.PARTS[0] in has:
        has.append("switch")
        start["switch"] = lambda: switch.restart(node, plan.addresses, parameters.datapath)
    if agent.PART in has:
        start[agent.PART] = lambda: agent.restart(node)
    elif parameters.network == "install" and node.name != control_plane.NAME:
        has.append(agent.PART)
        start[agent.PART] = lambda: network.replace_agent(node)
    action = start.get(part)
    if action is None or part not in has:
        known = [each for each in start if each in has]
        raise LabError(f"{node.name} has no '{part}' to restart: it has {', '.join(known)}")
    node.stop(part)
    action()


def _of_control_plane(lab: Lab, plan: ClusterPlan) -> Starts:
    def restart_server(number: int) -> Callable[[], object]:
        return lambda: control_plane.restart_api_server(lab, plan, number)

    starts: Starts = {f"kube-apiserver-{number}": restart_server(number) for number in range(1, plan.api_servers + 1)}
    starts[control_plane.CONTROLLERS] = lambda: control_plane.start_controller_manager(lab, plan)
    starts[control_plane.SCHEDULER] = lambda: control_plane.start_scheduler(lab, plan)
    return starts


def _of_node(node: Node, plan: ClusterPlan, parameters: KubernetesParameters) -> Starts:
    return {
        container_runtime.PART: lambda: container_runtime.start(node, parameters),
        worker.KUBELET: lambda: worker.start_kubelet(node, plan),
        worker.PROXY: lambda: worker.start_proxy(node, plan, parameters),
    }

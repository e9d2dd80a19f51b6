"""What the commands `restart` and `node` do in a lab with a real Kubernetes."""

from .. import node
from ..plain import parts as node_commands
from ..errors import LabError
from . import container_runtime, control_plane, machine, network, worker
from .plan import ClusterPlan

RESTARTABLE = (
    *node_commands.RESTARTABLE,
    container_runtime.PART,
    worker.KUBELET,
    worker.PROXY,
    "kube-apiserver-N",
    control_plane.CONTROLLERS,
    control_plane.SCHEDULER,
)


def places(parameters):
    return [*node.names(parameters), control_plane.NAME]


def restart(lab, parameters, part, name):
    """Ends a process of a node or of the control plane, if it runs, and starts it."""
    plan = ClusterPlan.of(parameters)
    if name == control_plane.NAME:
        has, start = control_plane.parts(parameters), _of_control_plane(lab, plan)
    else:
        has, start = worker.parts(parameters), _of_node(lab, plan, parameters, name)
    if "ovs-vswitchd" in has:
        start["switch"] = lambda: node_commands.restart(lab, parameters, "switch", name)
    if "agent" in has:
        start["agent"] = lambda: node_commands.restart(lab, parameters, "agent", name)
    elif parameters["network"] == "install" and name != control_plane.NAME:
        has, start["agent"] = [*has, "agent"], lambda: network.replace_agent(lab, name)
    action = start.get(part)
    if action is None or part not in has and part != "switch":
        known = [each for each in start if each in has or each == "switch"]
        raise LabError(f"{name} has no '{part}' to restart: it has {', '.join(known)}")
    node.stop_part(lab, name, part)
    action()


def _of_control_plane(lab, plan):
    starts = {
        f"kube-apiserver-{number}": lambda number=number: control_plane.restart_api_server(lab, plan, number)
        for number in range(1, plan.api_servers + 1)
    }
    starts[control_plane.CONTROLLERS] = lambda: control_plane.start_controller_manager(lab, plan)
    starts[control_plane.SCHEDULER] = lambda: control_plane.start_scheduler(lab, plan)
    return starts


def _of_node(lab, plan, parameters, name):
    return {
        container_runtime.PART: lambda: container_runtime.start(lab, name),
        worker.KUBELET: lambda: worker.start_kubelet(lab, plan, name),
        worker.PROXY: lambda: worker.start_proxy(lab, plan, parameters, name),
    }


def shell(lab, name, command):
    """The command line, with its environment, that runs a command on a node, among the node's own folders."""
    environment = machine.environment() | node.switch_environment(lab, name)
    return [*machine.enter_command(lab, name), *command], environment

"""What the commands `restart` and `node` do on a plain lab's node."""

from .. import node
from ..address_plan import AddressPlan

RESTARTABLE = ("agent", "switch")


def places(parameters):
    """Where something can be restarted."""
    return node.names(parameters)


def restart(lab, parameters, part, name):
    if part == "agent":
        node.stop_part(lab, name, "agent")
        node.start_agent(lab, name)
    else:
        node.restart_switch(lab, AddressPlan.of(parameters), parameters, name)


def shell(lab, name, command):
    """The command line, with its environment, that runs a command on a node. `ip netns exec` gives it a /sys of the
    namespace too."""
    return ["ip", "netns", "exec", lab.namespace(name), *command], node.switch_environment(lab, name)

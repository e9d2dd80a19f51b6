"""Making a plain lab and taking it down.

    up    underlay and outside host ──► nodes with their switches, in parallel ──► agents, in parallel
    down  agents ──► every process on record or in the lab's namespaces ──► the namespaces ──► the folder
"""

import shutil

from .. import agent, namespaces, processes, responders, underlay
from ..address_plan import AddressPlan
from ..layout import Lab, program
from ..node import nodes_of
from ..parameters import Parameters, Wanted
from ..progress import in_parallel, progress
from ..records import recorded_processes
from ..switch import kernel_has_datapath
from . import worker
from .object_store import ObjectStore


def parameters_of(wanted: Wanted) -> Parameters:
    """What a new lab will be, from what the command line says."""
    return Parameters(
        nodes=wanted.nodes or 3,
        family=wanted.family or "dual",
        datapath=wanted.datapath or ("system" if kernel_has_datapath() else "netdev"),
    )


def require() -> None:
    """Refuses to begin without the programs that it will need."""
    for name in ("ovs-cni", "ovs-cni-agent", "ovs-cnictl", responders.PROGRAM):
        program(name)


def describe(parameters: Parameters) -> str:
    return f"{parameters.nodes} nodes, family {parameters.family}, datapath {parameters.datapath}"


def create(lab: Lab, parameters: Parameters) -> None:
    plan = AddressPlan.of(parameters.family)
    nodes = nodes_of(lab, parameters)
    for folder in (lab.folder, lab.objects, lab.sandboxes):
        folder.mkdir(parents=True)
    lab.write_parameters(parameters, "starting")
    store = ObjectStore(lab.objects)
    for node in nodes:
        store.put(worker.node_object(node, plan))
    progress("starting the underlay and the outside host")
    underlay.create(lab, plan)
    responders.start_outside(lab)
    progress(f"starting {len(nodes)} nodes with their switches")
    in_parallel(lambda node: worker.create(node, plan, parameters.datapath), nodes)
    progress("starting the agents")
    in_parallel(agent.start, nodes)
    lab.write_parameters(parameters, "up")


def down(lab: Lab) -> None:
    """Removes everything that carries the lab's name."""
    spaces = lab.namespaces()
    # The agents go first: an agent that saw its switch die would complain, and one that saw its pods go would tidy up.
    known = recorded_processes(lab)
    processes.stop([process for part, process in known if part == agent.PART])
    # A process whose namespace somebody removed by hand is only on record; one whose start was interrupted is not.
    processes.stop({process for _, process in known} | set(processes.inside(spaces)))
    namespaces.remove(spaces)
    if lab.folder.exists():
        shutil.rmtree(lab.folder)

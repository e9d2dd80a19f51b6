"""Making a plain lab and taking it down.

    up    underlay and outside host ──► nodes with their switches, in parallel ──► agents, in parallel
    down  agents ──► every process on record or in the lab's namespaces ──► the namespaces ──► the folder
"""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from .. import namespaces, node, processes, underlay
from ..address_plan import AddressPlan
from ..errors import LabError
from ..layout import program, write_json
from .object_store import ObjectStore
from ..processes import Process

PARALLEL = 4


def progress(text):
    print(text, file=sys.stderr, flush=True)


def in_parallel(function, items):
    """Calls the function for every item, a few at a time. After a failure or an interrupt no further call begins, and
    the exception is raised when those that had begun have ended."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            for future in [pool.submit(function, item) for item in items]:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def kernel_has_datapath():
    """Whether this kernel has Open vSwitch, as a module to load or built in."""
    try:
        processes.run(["modprobe", "-q", "openvswitch"])
        return True
    except (LabError, FileNotFoundError):
        try:
            with open("/proc/kallsyms") as symbols:
                return any(" ovs_dp_process_packet" in line for line in symbols)
        except OSError:
            return False


def parameters_of(wanted):
    """What a new lab will be, from what the command line says: nodes, family, datapath; None where it had nothing."""
    return {
        "nodes": wanted["nodes"] or 3,
        "family": wanted["family"] or "dual",
        "datapath": wanted["datapath"] or ("system" if kernel_has_datapath() else "netdev"),
    }


def require(_parameters):
    """Refuses to begin without the programs that it will need."""
    for name in ("ovs-cni", "ovs-cni-agent", "ovs-cnictl", "ovs-cni-lab-responder"):
        program(name)


def describe(parameters):
    return f"{parameters['nodes']} nodes, family {parameters['family']}, datapath {parameters['datapath']}"


def faults(lab, parameters):
    """What a lab that was brought up lacks now."""
    missing = {lab.namespace(part) for part in ["underlay", "outside"] + node.names(parameters)} - set(lab.namespaces())
    lacks = [f"the network namespace {name} is gone" for name in sorted(missing)]
    for name in node.names(parameters):
        lacks += [f"{part} of {name} does not run" for part in node.missing_parts(lab, name)]
    return lacks


def create(lab, parameters):
    plan = AddressPlan.of(parameters)
    nodes = node.names(parameters)
    for folder in (lab.folder, lab.objects, lab.sandboxes):
        folder.mkdir(parents=True)
    lab.write_parameters(parameters | {"state": "starting"})
    store = ObjectStore(lab.objects)
    for name in nodes:
        store.put(node.node_object(plan, name))
    progress("starting the underlay and the outside host")
    underlay.create(lab, plan)
    outside = node.start_responder(lab, lab.namespace("outside"), "outside", node.HOST_PORTS)
    write_json(lab.folder / "outside.json", outside.record())
    progress(f"starting {len(nodes)} nodes with their switches")
    in_parallel(lambda name: node.create(lab, plan, parameters, name), nodes)
    progress("starting the agents")
    in_parallel(lambda name: node.start_agent(lab, name), nodes)
    lab.write_parameters(parameters | {"state": "up"})


def down(lab):
    """Removes everything that carries the lab's name."""
    spaces = lab.namespaces()
    # The agents go first: an agent that saw its switch die would complain, and one that saw its pods go would tidy up.
    known = recorded_processes(lab)
    processes.stop([process for part, process in known if part == "agent"])
    # A process whose namespace somebody removed by hand is only on record; one whose start was interrupted is not.
    processes.stop({process for _, process in known} | set(processes.inside(spaces)))
    namespaces.remove(spaces)
    if lab.folder.exists():
        shutil.rmtree(lab.folder)


def recorded_processes(lab):
    """The processes that the lab has on record, each with what it is."""
    records = []
    for path in lab.folder.glob("nodes/*/processes.json"):
        records += json.loads(path.read_text()).items()
    for path in lab.folder.glob("sandboxes/[!.]*.json"):
        records.append(("pod", json.loads(path.read_text()).get("responder")))
    for path in lab.folder.glob("outside.json"):
        records.append(("outside", json.loads(path.read_text())))
    return [(part, Process.from_record(record)) for part, record in records if record]

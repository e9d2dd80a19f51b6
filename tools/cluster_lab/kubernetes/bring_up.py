"""Making a lab with a real Kubernetes and taking it down.

    up    underlay, outside host ──► control plane ──┐
                               ──► nodes, in parallel ──┴─► controllers ──► kubelets ──► DNS ──► network
    down  kubelets, proxies ──► everything on record or in the lab's namespaces ──► pods, by their control groups
          ──► network namespaces ──► folders
"""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .. import agent, namespaces, processes, responders, underlay
from ..address_plan import by_family
from ..errors import UsageError
from ..layout import DISK_ROOT, Lab, program
from ..node import Node, nodes_of, number_of
from ..parameters import KubernetesParameters, Wanted
from ..progress import in_parallel, progress
from ..records import recorded_processes
from ..switch import kernel_has_datapath
from . import cluster_dns, control_plane, kernel_limits, network, programs, status, worker
from .api import AdminApi, kubectl
from .cgroups import remove as remove_cgroups
from .cgroups import remove_if_empty
from .plan import MAX_API_SERVERS, MAX_NODES, ClusterPlan

REGISTER_SECONDS = 90.0
# Whoever starts others again goes first.
FIRST_TO_END = (worker.KUBELET, worker.PROXY, "containerd")


def parameters_of(wanted: Wanted) -> KubernetesParameters:
    """What a new lab will be, from what the command line says."""
    parameters = KubernetesParameters(
        nodes=wanted.nodes or 3,
        family=wanted.family or "dual",
        datapath=wanted.datapath or ("system" if kernel_has_datapath() else "netdev"),
        api_servers=wanted.api_servers or 1,
        kube_proxy=wanted.kube_proxy or "nftables",
        network=wanted.network or "install",
        port=control_plane.free_port(),
        containerd=wanted.containerd or programs.containerd_version(),
    )
    if parameters.nodes > MAX_NODES:
        raise UsageError(f"a lab with a real Kubernetes has at most {MAX_NODES} nodes")
    if parameters.api_servers > MAX_API_SERVERS:
        raise UsageError(f"a lab has at most {MAX_API_SERVERS} API servers")
    return parameters


def require(parameters: KubernetesParameters) -> None:
    """Refuses to begin without the programs that it will need."""
    programs.require()
    if parameters.containerd != programs.containerd_version():
        progress(f"containerd {parameters.containerd}, which is built the first time (two minutes)")
        programs.require_containerd(parameters.containerd)
    kernel_limits.require_inotify(parameters.nodes)
    network.require(parameters.network)
    program(responders.PROGRAM)


def describe(parameters: KubernetesParameters) -> str:
    return (
        f"Kubernetes with {parameters.nodes} nodes and {parameters.api_servers} API servers, "
        f"family {parameters.family}, kube-proxy {parameters.kube_proxy}, network {parameters.network}, "
        f"datapath {parameters.datapath}, containerd {parameters.containerd or programs.containerd_version()}"
    )


def create(lab: Lab, parameters: KubernetesParameters) -> None:
    create_without_network(lab, parameters)
    network.install(lab, ClusterPlan.of(parameters), parameters)
    lab.write_parameters(parameters, "up")


def create_without_network(lab: Lab, parameters: KubernetesParameters) -> None:
    """Everything but what serves the pods, for which all is prepared."""
    plan = ClusterPlan.of(parameters)
    nodes = nodes_of(lab, parameters)
    for folder in (lab.disk, lab.folder):
        folder.mkdir(parents=True)
    lab.write_parameters(parameters, "starting")
    progress("starting the underlay and the outside host")
    underlay.create(lab, plan.addresses)
    responders.start_outside(lab)
    progress(f"starting the control plane and {len(nodes)} nodes with their container runtimes")
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(control_plane.create, lab, plan, parameters)
        in_parallel(lambda node: worker.create(node, plan, parameters), nodes)
        serving.result()
    control_plane.start_controllers(lab, plan)
    progress("starting the kubelets")
    _join(lab, plan, parameters, nodes)
    kubectl(lab, ["apply", "-f", "-"], cluster_dns.objects(plan))
    network.give_images(lab, parameters)


def _join(lab: Lab, plan: ClusterPlan, parameters: KubernetesParameters, nodes: Sequence[Node]) -> None:
    """Starts the kubelets and the proxies; returns when every node has its ranges of pod addresses."""
    control_plane.write_kubeconfig(lab, plan, control_plane.PROXY)

    def join(node: Node) -> None:
        worker.start_kubelet(node, plan)
        if parameters.kube_proxy != "none":
            worker.start_proxy(node, plan, parameters)

    in_parallel(join, nodes)
    api = AdminApi.of(lab, parameters)
    names = [node.name for node in nodes]
    status.until_none(lambda _: _without_ranges(api, names), REGISTER_SECONDS)
    for each in api.items("/api/v1/nodes"):
        number = number_of(each["metadata"]["name"])
        underlay.route(lab, plan.addresses.node(number), by_family(each["spec"]["podCIDRs"]))


def _without_ranges(api: AdminApi, names: Sequence[str]) -> list[str]:
    known = {each["metadata"]["name"]: each for each in api.items("/api/v1/nodes")}
    lacks = [f"{name} has not registered: see its kubelet.log" for name in names if name not in known]
    return lacks + [f"{name} has no podCIDRs" for name, each in known.items() if not each["spec"].get("podCIDRs")]


def down(lab: Lab) -> None:
    """Removes everything that carries the lab's name."""
    spaces = lab.namespaces()
    known = recorded_processes(lab)
    for part in (agent.PART, *FIRST_TO_END):
        processes.stop([process for each, process in known if each == part])
    # The processes of pods are in network namespaces without a name: their control groups tell whose they are.
    remove_cgroups(lab)
    processes.stop({process for _, process in known} | set(processes.inside(spaces)))
    remove_cgroups(lab)
    namespaces.remove(spaces)
    for folder in (lab.folder, lab.disk):
        if folder.exists():
            shutil.rmtree(folder)
    remove_if_empty(DISK_ROOT)

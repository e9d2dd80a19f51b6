"""A node of a real cluster: network namespace, switch, machine, containerd, kubelet, kube-proxy.

    create          the machine and its container runtime with the images
    start_kubelet   the node joins the cluster
    start_proxy     kube-proxy, as the lab was asked for
"""

import json

from collections.abc import Mapping

from .. import agent, namespaces, switch, underlay
from ..json_files import Json
from ..node import Node
from ..parameters import KubernetesParameters
from . import cgroups, container_runtime, control_plane, daemons, machine
from .machine import has_switch
from .plan import CLUSTER_DOMAIN, POD_RANGES, ClusterPlan
from .programs import program

KUBELET, PROXY = "kubelet", "kube-proxy"
MAX_PODS = 200


def create(node: Node, plan: ClusterPlan, parameters: KubernetesParameters) -> None:
    node.folder.mkdir(parents=True)
    namespaces.create(node.namespace)
    with node.inside():
        namespaces.set_sysctls({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
    underlay.connect(node)
    if has_switch(parameters):
        switch.start(node, parameters.datapath)
    datapath = parameters.datapath if has_switch(parameters) else "system"
    switch.address_underlay(node, plan.addresses, datapath)
    machine.create(node, has_switch(parameters))
    container_runtime.start(node, parameters)
    container_runtime.load_images(node, parameters)


def _kubelet_configuration(node: Node, plan: ClusterPlan) -> Json:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{container_runtime.SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": control_plane.credentials(node.lab).path("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": plan.dns_addresses(),
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": "/etc/resolv.conf",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.root(node),
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        # Where this machine is a container itself, it may not do what these would have it do.
        "featureGates": {"KubeletInUserNamespace": True},
        "oomScoreAdj": 0,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "maxPods": MAX_PODS,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "1Mi"},
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
    }


def start_kubelet(node: Node, plan: ClusterPlan) -> None:
    configuration, kubeconfig = node.folder / "kubelet.json", node.folder / "kubelet.kubeconfig"
    configuration.write_text(json.dumps(_kubelet_configuration(node, plan), indent=1))
    addresses = plan.addresses.node(node.number)
    flags = {
        "config": configuration,
        "kubeconfig": kubeconfig,
        "hostname-override": node.name,
        "node-ip": ",".join(addresses.values()),
        "root-dir": "/var/lib/kubelet",
    }
    secrets = control_plane.credentials(node.lab)
    if not kubeconfig.exists():
        secrets.client(node.name, f"system:node:{node.name}", "system:nodes")
        secrets.kubeconfig(kubeconfig, node.name, plan.url(plan.entry()))
    _start(node, KUBELET, flags)


def _proxy_configuration(node: Node, plan: ClusterPlan, parameters: KubernetesParameters) -> Json:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(control_plane.folder(node.lab) / f"{control_plane.PROXY}.kubeconfig")},
        "mode": parameters.kube_proxy,
        "clusterCIDR": ",".join(POD_RANGES[family] for family in plan.families),
        # The limits of connection tracking are this machine's, and not a node's to change.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def start_proxy(node: Node, plan: ClusterPlan, parameters: KubernetesParameters) -> None:
    configuration = node.folder / "kube-proxy.json"
    configuration.write_text(json.dumps(_proxy_configuration(node, plan, parameters), indent=1))
    _start(node, PROXY, {"config": configuration, "hostname-override": node.name})


def _start(node: Node, part: str, flags: Mapping[str, object]) -> None:
    command = machine.enter_command(node) + [program(part)] + [f"--{key}={value}" for key, value in flags.items()]
    daemons.start_here(node, part, command, machine.environment() | control_plane.ENVIRONMENT)


def parts(parameters: KubernetesParameters) -> list[str]:
    """The names of a node's processes."""
    found = [machine.PART, container_runtime.PART, KUBELET]
    if has_switch(parameters):
        found += switch.PARTS
    if parameters.kube_proxy != "none":
        found.append(PROXY)
    if parameters.network == "agent":
        found.append(agent.PART)
    return found

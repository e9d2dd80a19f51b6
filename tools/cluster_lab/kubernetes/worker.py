"""A node of a real cluster: network namespace, switch, machine, containerd, kubelet, kube-proxy.

    create          the machine and its container runtime with the images
    start_kubelet   the node joins the cluster
    start_proxy     kube-proxy, as the lab was asked for
"""

import json

from .. import namespaces, node, underlay
from . import cgroups, container_runtime, control_plane, daemons, machine
from .plan import CLUSTER_DOMAIN, POD_RANGES
from .machine import has_switch
from .programs import program

KUBELET, PROXY = "kubelet", "kube-proxy"
MAX_PODS = 200


def create(lab, plan, parameters, name):
    lab.node_folder(name).mkdir(parents=True)
    namespaces.create(lab.namespace(name))
    with namespaces.inside(lab.namespace(name)):
        namespaces.set_sysctls({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
    underlay.connect(lab, name)
    if has_switch(parameters):
        node.start_switch(lab, name, parameters["datapath"])
    datapath = parameters["datapath"] if has_switch(parameters) else "system"
    node.address_underlay(lab, plan.addresses, datapath, name)
    machine.create(lab, name, has_switch(parameters))
    container_runtime.start(lab, name)
    container_runtime.load_images(lab, name)


def _kubelet_configuration(lab, plan, name):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{container_runtime.SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": control_plane.credentials(lab).path("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": plan.dns_addresses(),
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": "/etc/resolv.conf",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.root(lab, name),
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


def start_kubelet(lab, plan, name):
    folder = lab.node_folder(name)
    configuration = folder / "kubelet.json"
    configuration.write_text(json.dumps(_kubelet_configuration(lab, plan, name), indent=1))
    addresses = plan.addresses.node(node.number_of(name))
    flags = {
        "config": configuration,
        "kubeconfig": folder / "kubelet.kubeconfig",
        "hostname-override": name,
        "node-ip": ",".join(addresses.values()),
        "root-dir": "/var/lib/kubelet",
    }
    secrets = control_plane.credentials(lab)
    if not flags["kubeconfig"].exists():
        secrets.client(name, f"system:node:{name}", "system:nodes")
        secrets.kubeconfig(flags["kubeconfig"], name, plan.url(plan.entry()))
    _start(lab, name, KUBELET, flags)


def _proxy_configuration(lab, plan, parameters):
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(control_plane.folder(lab) / f"{control_plane.PROXY}.kubeconfig")},
        "mode": parameters["kube_proxy"],
        "clusterCIDR": ",".join(POD_RANGES[family] for family in plan.families),
        # The limits of connection tracking are this machine's, and not a node's to change.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def start_proxy(lab, plan, parameters, name):
    configuration = lab.node_folder(name) / "kube-proxy.json"
    configuration.write_text(json.dumps(_proxy_configuration(lab, plan, parameters), indent=1))
    _start(lab, name, PROXY, {"config": configuration, "hostname-override": name})


def _start(lab, name, part, flags):
    command = machine.enter_command(lab, name) + [program(part)] + [f"--{key}={value}" for key, value in flags.items()]
    daemons.start(lab, name, part, command, environment=machine.environment() | control_plane.ENVIRONMENT)


def parts(parameters):
    """The names of a node's processes."""
    found = [machine.PART, container_runtime.PART, KUBELET]
    if has_switch(parameters):
        found += ["ovsdb-server", "ovs-vswitchd"]
    if parameters["kube_proxy"] != "none":
        found.append(PROXY)
    if parameters["network"] == "agent":
        found.append("agent")
    return found

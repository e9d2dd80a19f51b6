"""The control plane: one network namespace on the underlay, as if it were one machine.

    etcd ◄── API server 1 ... M ◄── balancer ◄── this machine's kubectl, kubelets
                                        ▲
                   controller manager ──┴── scheduler
"""

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from .. import namespaces, underlay
from ..address_plan import with_length
from ..layout import CHECKOUT, Lab
from ..node import Node
from ..parameters import KubernetesParameters
from . import daemons
from .api import AdminApi
from .credentials import Credentials
from .daemons import Daemon
from .plan import PORT, ClusterPlan
from .programs import program

NAME = "control-plane"
START_SECONDS = 90.0
ADMIN, CONTROLLERS, SCHEDULER, PROXY = "admin", "kube-controller-manager", "kube-scheduler", "kube-proxy"
CLIENTS: dict[str, tuple[str, str | None]] = {
    ADMIN: ("kubernetes-admin", "system:masters"),
    "apiserver-kubelet-client": ("kube-apiserver-kubelet-client", "system:masters"),
    CONTROLLERS: ("system:kube-controller-manager", None),
    SCHEDULER: ("system:kube-scheduler", None),
    PROXY: ("system:kube-proxy", None),
}
# The runtime of these programs gives memory back sooner, for some more work: a lab is small and shares its machine.
ENVIRONMENT = {"GOGC": "50"}


def node_of(lab: Lab) -> Node:
    """Its machine."""
    return Node(lab, NAME)


def folder(lab: Lab) -> Path:
    return lab.node_folder(NAME)


def credentials(lab: Lab) -> Credentials:
    return Credentials(folder(lab) / "pki")


def kubeconfig_path(lab: Lab) -> Path:
    """The administrator's, for programs of this machine."""
    return lab.folder / "kubeconfig"


def create(lab: Lab, plan: ClusterPlan, parameters: KubernetesParameters) -> None:
    """Everything up to an API that answers; the controllers are started by `start_controllers`."""
    folder(lab).mkdir(parents=True)
    namespace = lab.namespace(NAME)
    namespaces.create(namespace)
    underlay.connect(node_of(lab))
    _address(namespace, plan)
    secrets = credentials(lab)
    secrets.create(plan)
    for name, (user, group) in CLIENTS.items():
        secrets.client(name, user, group)
    write_kubeconfig(lab, plan, ADMIN)
    secrets.kubeconfig(kubeconfig_path(lab), ADMIN, f"https://127.0.0.1:{parameters.port}")
    _start_etcd(lab)
    servers = [start_api_server(lab, plan, number) for number in range(1, plan.api_servers + 1)]
    for number, server in enumerate(servers, 1):
        _wait_for_api_server(lab, plan, number, server)
    balancer = start_balancer(lab, plan, parameters)
    balancer.wait_until(AdminApi(lab, "127.0.0.1", parameters.port).not_ready, START_SECONDS)


def _address(namespace: str, plan: ClusterPlan) -> None:
    addresses = [plan.entry()] + [plan.api_server(number) for number in range(1, plan.api_servers + 1)]
    namespaces.ip(
        [f"address add {one} dev eth0" for each in addresses for one in with_length(each).values()]
        + [f"route add default via {router} dev eth0" for router in plan.addresses.router_to_nodes().values()],
        namespace,
    )


def write_kubeconfig(lab: Lab, plan: ClusterPlan, name: str) -> Path:
    """A client's kubeconfig for use in the lab; returns its path."""
    path = folder(lab) / f"{name}.kubeconfig"
    credentials(lab).kubeconfig(path, name, plan.url(plan.entry()))
    return path


def _start_etcd(lab: Lab) -> None:
    listen = "http://127.0.0.1:2379"
    peer = "http://127.0.0.1:2380"
    command = ["etcd", "--name", "default", "--data-dir", str(lab.disk / "etcd"), "--unsafe-no-fsync"]
    command += ["--listen-client-urls", listen, "--advertise-client-urls", listen, "--listen-peer-urls", peer]
    command += ["--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    started = daemons.start(node_of(lab), "etcd", command)
    started.wait_until(lambda: daemons.not_listening(lab.namespace(NAME), "127.0.0.1", 2379), START_SECONDS)


def start_api_server(lab: Lab, plan: ClusterPlan, number: int) -> Daemon:
    address = plan.api_server(number)[plan.families[0]]
    pki = credentials(lab).path
    flags = {
        "etcd-servers": "http://127.0.0.1:2379",
        "bind-address": address,
        "advertise-address": address,
        "secure-port": PORT,
        "tls-cert-file": pki("apiserver.crt"),
        "tls-private-key-file": pki("apiserver.key"),
        "client-ca-file": pki("ca.crt"),
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "service-cluster-ip-range": plan.service_ranges(),
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki("service-accounts.pub"),
        "service-account-signing-key-file": pki("service-accounts.key"),
        "kubelet-client-certificate": pki("apiserver-kubelet-client.crt"),
        "kubelet-client-key": pki("apiserver-kubelet-client.key"),
        # There is no DNS between the machines of a lab.
        "kubelet-preferred-address-types": "InternalIP",
    }
    return _start_program(lab, "kube-apiserver", flags, f"kube-apiserver-{number}")


def _wait_for_api_server(lab: Lab, plan: ClusterPlan, number: int, server: Daemon) -> None:
    api = AdminApi(lab, plan.api_server(number)[plan.families[0]], PORT, lab.namespace(NAME))
    server.wait_until(api.not_ready, START_SECONDS)


def restart_api_server(lab: Lab, plan: ClusterPlan, number: int) -> None:
    """Starts it, and returns when it serves."""
    _wait_for_api_server(lab, plan, number, start_api_server(lab, plan, number))


def start_balancer(lab: Lab, plan: ClusterPlan, parameters: KubernetesParameters) -> Daemon:
    servers = [plan.api_server(number)[plan.families[0]] for number in range(1, plan.api_servers + 1)]
    command = [sys.executable, "-B", "-m", "cluster_lab.kubernetes.balancer", lab.namespace(NAME)]
    command += [str(parameters.port), ",".join(plan.entry().values()), *servers]
    return daemons.start_here(node_of(lab), "balancer", command, {"PYTHONPATH": str(CHECKOUT / "tools")})


def start_controllers(lab: Lab, plan: ClusterPlan) -> None:
    start_controller_manager(lab, plan)
    start_scheduler(lab, plan)


def start_controller_manager(lab: Lab, plan: ClusterPlan) -> Daemon:
    pki = credentials(lab).path
    flags = {
        "kubeconfig": write_kubeconfig(lab, plan, CONTROLLERS),
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "allocate-node-cidrs": "true",
        "cluster-cidr": plan.pod_ranges(),
        "service-cluster-ip-range": plan.service_ranges(),
        "service-account-private-key-file": pki("service-accounts.key"),
        "use-service-account-credentials": "true",
        "root-ca-file": pki("ca.crt"),
        "cluster-signing-cert-file": pki("ca.crt"),
        "cluster-signing-key-file": pki("ca.key"),
        "flex-volume-plugin-dir": lab.disk / "volume-plugins",
    }
    return _start_program(lab, CONTROLLERS, flags)


def start_scheduler(lab: Lab, plan: ClusterPlan) -> Daemon:
    flags = {"kubeconfig": write_kubeconfig(lab, plan, SCHEDULER), "bind-address": "127.0.0.1", "leader-elect": "false"}
    return _start_program(lab, SCHEDULER, flags)


def _start_program(lab: Lab, name: str, flags: Mapping[str, object], record: str | None = None) -> Daemon:
    command = [program(name)] + [f"--{flag}={value}" for flag, value in flags.items()]
    return daemons.start(node_of(lab), record or name, command, ENVIRONMENT)


def parts(parameters: KubernetesParameters) -> list[str]:
    """The names of all its processes, in the order in which they start."""
    servers = [f"kube-apiserver-{number}" for number in range(1, parameters.api_servers + 1)]
    return ["etcd", *servers, "balancer", CONTROLLERS, SCHEDULER]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""Starting and stopping single pods, as a kubelet with its runtime does.

    start   network namespace ──► Pod object, Pending ──► CNI ADD ──► Pod object, Running with addresses ──► responder
    stop    responder ──► CNI DEL ──► network namespace ──► Pod object
"""

import ipaddress
import secrets

from .. import namespaces, processes, responders
from ..address_plan import AddressPlan
from ..errors import LabError
from ..json_files import Json, field, objects
from ..layout import Lab, network_namespace_path
from ..node import number_of
from ..parameters import Parameters
from ..pods import declared_ports, is_host_network
from .cni import TRY_AGAIN, Attachment, CniError, network_of
from .object_kinds import key_of
from .object_store import ObjectStore
from .sandbox import Sandbox

ADD_ATTEMPTS = 3


class PodRuntime:
    def __init__(self, lab: Lab, parameters: Parameters, store: ObjectStore) -> None:
        self.lab = lab
        self.plan = AddressPlan.of(parameters.family)
        self.store = store

    def start(self, pod: Json) -> None:
        """Starts a scheduled pod. When a step fails, what was made is removed again and the pod stays Pending."""
        key = key_of(pod)
        self.store.put(pod | {"status": {"phase": "Pending"}})
        pod = self.store[key]
        sandbox = Sandbox(
            pod=key.pod,
            uid=pod["metadata"]["uid"],
            node=pod["spec"]["nodeName"],
            host_network=is_host_network(pod),
            container_id=secrets.token_hex(32),
            network_namespace=self.lab.pod_namespace(*key.pod),
        )
        if sandbox.host_network:
            sandbox.network_namespace = self.lab.namespace(sandbox.node)
        sandbox.write(self.lab)
        try:
            addresses = self._host_addresses(sandbox) if sandbox.host_network else self._attach(sandbox, pod)
            self.store.put(pod | {"status": self._running_status(sandbox, addresses)})
            self._start_responder(sandbox, pod)
            sandbox.state, sandbox.addresses = "running", addresses
            sandbox.write(self.lab)
        except BaseException as error:
            self.store.put(pod)
            try:
                self.stop(sandbox)
            except LabError as second:
                raise LabError(f"{error}; undoing it failed too: {second}") from error
            raise

    def _host_addresses(self, sandbox: Sandbox) -> list[str]:
        return list(self.plan.node(number_of(sandbox.node)).values())

    def _attach(self, sandbox: Sandbox, pod: Json) -> list[str]:
        """Makes the sandbox's network and runs the network's plugins for it; returns the pod's addresses."""
        namespaces.create(sandbox.network_namespace)
        network = network_of(self.lab.node_folder(sandbox.node))
        sandbox.network, sandbox.port_mappings = network, _port_mappings(pod)
        sandbox.write(self.lab)
        attachment = self._attachment(sandbox, network)
        for attempt in range(1, ADD_ATTEMPTS + 1):
            try:
                sandbox.result = attachment.add()
                break
            except CniError as error:
                if error.code != TRY_AGAIN or attempt == ADD_ATTEMPTS:
                    raise
                attachment.delete(None)
        return self._addresses_in(sandbox.result or {})

    def _addresses_in(self, result: Json) -> list[str]:
        """Those that the plugins gave, of the lab's families, the first one first."""
        try:
            found = [ipaddress.ip_interface(str(each.get("address"))).ip for each in objects(result, "ips")]
        except ValueError as error:
            raise LabError(f"the network's plugins gave a wrong address: {error}") from None
        own = [each for each in found if each.version in self.plan.families]
        if not own:
            raise LabError("the network's plugins gave the pod no address of the lab's families")
        return [str(each) for each in sorted(own, key=lambda each: self.plan.families.index(each.version))]

    def _attachment(self, sandbox: Sandbox, network: Json) -> Attachment:
        return Attachment(
            network,
            self.lab.namespace(sandbox.node),
            sandbox.container_id,
            network_namespace_path(sandbox.network_namespace),
            sandbox.pod,
            sandbox.uid,
            port_mappings=sandbox.port_mappings,
        )

    def _running_status(self, sandbox: Sandbox, addresses: list[str]) -> Json:
        host = self._host_addresses(sandbox)
        return {
            "phase": "Running",
            "hostIP": host[0],
            "hostIPs": [{"ip": address} for address in host],
            "podIP": addresses[0],
            "podIPs": [{"ip": address} for address in addresses],
        }

    def _start_responder(self, sandbox: Sandbox, pod: Json) -> None:
        sandbox.ports, sandbox.responder = declared_ports(pod), None
        if sandbox.ports:
            sandbox.responder = responders.start(
                sandbox.network_namespace, str(sandbox.pod), sandbox.ports, shared=sandbox.host_network
            )

    def refresh(self, sandbox: Sandbox, pod: Json) -> None:
        """Keeps a running pod in step with its object: answers on the ports that it declares now."""
        responder = sandbox.responder
        if sandbox.ports == declared_ports(pod) and (responder is None or responder.alive()):
            return
        processes.stop([responder] if responder else [])
        self._start_responder(sandbox, pod)
        sandbox.write(self.lab)

    def stop(self, sandbox: Sandbox) -> None:
        """Ends the pod's processes and gives back its network. The Pod object is the caller's."""
        if sandbox.host_network:
            processes.stop([sandbox.responder] if sandbox.responder else [])
        else:
            processes.stop(processes.inside([sandbox.network_namespace]))
            if sandbox.network is not None:
                self._attachment(sandbox, sandbox.network).delete(sandbox.result)
            if sandbox.network_namespace in self.lab.namespaces():
                namespaces.remove([sandbox.network_namespace])
        sandbox.forget(self.lab)


def _port_mappings(pod: Json) -> list[Json]:
    mappings = []
    for container in objects(pod, "spec", "containers"):
        for port in objects(container, "ports"):
            if port.get("hostPort"):
                protocol = str(port.get("protocol") or "TCP").lower()
                mappings.append(
                    {"hostPort": port["hostPort"], "containerPort": field(port, "containerPort"), "protocol": protocol}
                )
    return mappings

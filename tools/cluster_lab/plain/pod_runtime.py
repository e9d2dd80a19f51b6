"""Starting and stopping single pods, as a kubelet with its runtime does.

    start   network namespace ──► Pod object, Pending ──► CNI ADD ──► Pod object, Running with addresses ──► responder
    stop    responder ──► CNI DEL ──► network namespace ──► Pod object

What runs is on record in sandboxes/, one file a pod, written before the first step: whatever is interrupted can be
undone.
"""

import ipaddress
import json
import secrets

from .. import namespaces, node, processes
from ..address_plan import AddressPlan
from .cni import TRY_AGAIN, Attachment, CniError, network_of
from ..errors import LabError
from ..layout import network_namespace_path, write_json
from .object_store import key_of
from ..processes import Process
from .workloads import declared_ports, is_host_network

ADD_ATTEMPTS = 3


class PodRuntime:
    def __init__(self, lab, parameters, store):
        self.lab = lab
        self.plan = AddressPlan.of(parameters)
        self.store = store

    def sandboxes(self):
        """The record of every sandbox, by (namespace, name)."""
        records = [json.loads(path.read_text()) for path in self.lab.sandboxes.glob("[!.]*.json")]
        return {(record["namespace"], record["name"]): record for record in records}

    def _record_path(self, record):
        return self.lab.sandboxes / f"{record['container_id']}.json"

    def start(self, pod):
        """Starts a scheduled pod. When a step fails, what was made is removed again and the pod stays Pending."""
        _, namespace, name = key_of(pod)
        pod = pod | {"status": {"phase": "Pending"}}
        self.store.put(pod)
        pod = self.store.get(("Pod", namespace, name))
        record = {
            "namespace": namespace,
            "name": name,
            "uid": pod["metadata"]["uid"],
            "node": pod["spec"]["nodeName"],
            "host_network": is_host_network(pod),
            "container_id": secrets.token_hex(32),
            "network_namespace": self.lab.pod_namespace(namespace, name),
            "state": "starting",
        }
        if record["host_network"]:
            record["network_namespace"] = self.lab.namespace(record["node"])
        write_json(self._record_path(record), record)
        try:
            addresses = self._host_addresses(record) if record["host_network"] else self._attach(record, pod)
            self.store.put(pod | {"status": self._running_status(record, addresses)})
            self._start_responder(record, pod)
            record |= {"state": "running", "addresses": addresses}
            write_json(self._record_path(record), record)
        except BaseException as error:
            self.store.put(pod)
            try:
                self.stop(record)
            except LabError as second:
                raise LabError(f"{error}; undoing it failed too: {second}") from error
            raise

    def _host_addresses(self, record):
        return list(self.plan.node(node.number_of(record["node"])).values())

    def _attach(self, record, pod):
        """Makes the sandbox and runs the network's plugins for it; returns the pod's addresses."""
        namespaces.create(record["network_namespace"])
        record["network"] = network_of(self.lab.node_folder(record["node"]))
        record["port_mappings"] = _port_mappings(pod)
        write_json(self._record_path(record), record)
        attachment = self._attachment(record)
        for attempt in range(1, ADD_ATTEMPTS + 1):
            try:
                record["result"] = attachment.add()
                break
            except CniError as error:
                if error.code != TRY_AGAIN or attempt == ADD_ATTEMPTS:
                    raise
                attachment.delete(None)
        addresses = [str(ipaddress.ip_interface(one["address"]).ip) for one in record["result"].get("ips", [])]
        return sorted(addresses, key=lambda text: self.plan.families.index(ipaddress.ip_address(text).version))

    def _attachment(self, record):
        return Attachment(
            record["network"],
            self.lab.namespace(record["node"]),
            record["container_id"],
            network_namespace_path(record["network_namespace"]),
            (record["namespace"], record["name"], record["uid"]),
            port_mappings=record["port_mappings"],
        )

    def _running_status(self, record, addresses):
        host = self._host_addresses(record)
        return {
            "phase": "Running",
            "hostIP": host[0],
            "hostIPs": [{"ip": address} for address in host],
            "podIP": addresses[0],
            "podIPs": [{"ip": address} for address in addresses],
        }

    def _start_responder(self, record, pod):
        record["ports"] = declared_ports(pod)
        record["responder"] = None
        if record["ports"]:
            name = f"{record['namespace']}/{record['name']}"
            started = node.start_responder(
                self.lab, record["network_namespace"], name, record["ports"], shared=record["host_network"]
            )
            record["responder"] = started.record()

    def refresh(self, record, pod):
        """Keeps a running pod in step with its object: answers on the ports that it declares now."""
        responder = Process.from_record(record["responder"])
        if record["ports"] == declared_ports(pod) and (responder is None or responder.alive()):
            return
        processes.stop([responder] if responder else [])
        self._start_responder(record, pod)
        write_json(self._record_path(record), record)

    def stop(self, record):
        """Ends the pod's processes and gives back its network. The Pod object is the caller's."""
        if record["host_network"]:
            responder = Process.from_record(record.get("responder"))
            processes.stop([responder] if responder else [])
        else:
            processes.stop(processes.inside([record["network_namespace"]]))
            if "network" in record:
                self._attachment(record).delete(record.get("result"))
            if record["network_namespace"] in self.lab.namespaces():
                namespaces.remove([record["network_namespace"]])
        self._record_path(record).unlink()


def _port_mappings(pod):
    mappings = []
    for container in (pod.get("spec") or {}).get("containers") or []:
        for port in container.get("ports") or []:
            if port.get("hostPort"):
                protocol = (port.get("protocol") or "TCP").lower()
                mappings.append(
                    {"hostPort": port["hostPort"], "containerPort": port["containerPort"], "protocol": protocol}
                )
    return mappings

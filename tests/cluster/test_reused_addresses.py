"""A connection belongs to its two pods: who gets the address of one of them gets nothing of it, and is not kept from
what it may do itself. Real packets, while the other pod goes on sending."""

import select
import socket

from conversation import socket_in
from lab_under_test import LAB, ClusterTest, address, apply, eventually, lab, pod, policy, run_lab

PORTS = (40000, 7946)  # the client's and the server's
PATIENCE_SECONDS = 1.0


def endpoint(name, own_address, port):
    """A socket for datagrams in this pod."""
    end = socket_in(name, 6 if ":" in own_address else 4, socket.SOCK_DGRAM)
    end.bind((own_address, port))
    return end


def came(end, seconds=PATIENCE_SECONDS):
    """Whether something arrives within this time; it is taken."""
    if not select.select([end], [], [], seconds)[0]:
        return False
    end.recv(2048)
    return True


class ReusedAddresses(ClusterTest):
    def setUp(self):
        self.own_namespace("reused")
        self.own_namespace("closed")
        may_ask = policy("reused", "isolated", selects={"app": "isolated"}, policyTypes=["Ingress"])
        apply([policy("closed", "all", policyTypes=["Ingress", "Egress"]), may_ask])

    def successor(self, name, labels=None, namespace="reused", new="successor"):
        """Another pod that has the addresses of this one, on its node, when this one is gone."""
        node, heir = self.node_of[name], f"{namespace}/{new}"
        taken = [self.address[name, family] for family in (4, 6)]
        lab("delete", "pod", f"reused/{name}")
        apply([pod(namespace, new, labels or {"app": "new"}, node=node)])
        given = [address(heir, family) for family in (4, 6)]
        # An address is not given again soon. This one is, by changing the record of its attachment.
        ours = [f"external_ids:ovs-cni/pod-name={new}", f"external_ids:ovs-cni/pod-namespace={namespace}"]
        port = lab("node", node, "--", "ovs-vsctl", "--bare", "--columns=name", "find", "Interface", *ours).strip()
        addresses = '"' + ",".join(taken) + '"'
        lab("node", node, "--", "ovs-vsctl", "set", "Interface", port, f"external_ids:ovs-cni/addresses={addresses}")
        for old, wanted in zip(given, taken, strict=True):
            length = "128" if ":" in wanted else "32"
            change = f"ip addr add {wanted}/{length} dev eth0 nodad && ip addr del {old}/{length} dev eth0"
            lab("exec", heir, "--", "sh", "-c", change)
        table = ["ovs-ofctl", "-O", "OpenFlow15", "--names", "dump-flows", "br-int", "table=Routing"]
        eventually(
            lambda: all(f"_dst={each} " in lab("node", node, "--", *table) for each in taken), "its flows are there"
        )
        return heir

    def place(self, client, server, client_labels=None):
        self.node_of = {"client": client, "server": server}
        labels = client_labels or {"app": "isolated"}
        apply(
            [
                pod("reused", "client", labels, node=client),
                pod("reused", "server", {"app": "server"}, node=server),
            ]
        )
        self.address = {
            (name, family): address(f"reused/{name}", family) for name in ("client", "server") for family in (4, 6)
        }

    def talk(self, family):
        """An exchange of datagrams that the client has begun; both ends' sockets."""
        client = endpoint("reused/client", self.address["client", family], PORTS[0])
        server = endpoint("reused/server", self.address["server", family], PORTS[1])
        self.addCleanup(client.close)
        self.addCleanup(server.close)
        client.connect(server.getsockname()[:2])
        server.connect(client.getsockname()[:2])
        client.send(b"asked")
        self.assertTrue(came(server), "the server hears the client")
        server.send(b"answered")
        self.assertTrue(came(client), "an isolated client hears the answer")
        return client, server

    def on_both_sides(self, check):
        """Calls `check` with client and server on two nodes, and on one."""
        for client, server in (("node1", "node2"), ("node1", "node1")):
            with self.subTest(client=client, server=server):
                try:
                    self.place(client, server)
                    check()
                finally:
                    # One of the first two has gone, and one of the others never was.
                    for name in ("reused/client", "reused/server", "reused/successor", "closed/successor"):
                        run_lab("delete", "pod", name)

    def test_a_successor_of_the_server_does_not_reach_the_client(self):
        def check():
            clients = [self.talk(family)[0] for family in (4, 6)]
            heir = self.successor("server", namespace="closed")
            for client, family in zip(clients, (4, 6), strict=True):
                with endpoint(heir, self.address["server", family], PORTS[1]) as thief:
                    for _ in range(3):
                        thief.sendto(b"as a reply", client.getsockname()[:2])
                    self.assertFalse(came(client), f"what answers for a dead pod is no reply: IPv{family}")

        self.on_both_sides(check)

    def test_a_successor_of_the_client_is_not_reached_by_the_server(self):
        def check():
            servers = [self.talk(family)[1] for family in (4, 6)]
            name = self.successor("client", {"app": "isolated"})
            for server, family in zip(servers, (4, 6), strict=True):
                with endpoint(name, self.address["client", family], PORTS[0]) as heir:
                    for _ in range(3):
                        server.send(b"to who was here before")
                    self.assertFalse(came(heir), f"a reply to a dead pod is not its successor's: IPv{family}")

        self.on_both_sides(check)

    def test_a_successor_talks_with_the_same_ports_from_its_first_datagram(self):
        def check():
            servers = [self.talk(family)[1] for family in (4, 6)]
            name = self.successor("client", {"app": "isolated"})
            for server, family in zip(servers, (4, 6), strict=True):
                with endpoint(name, self.address["client", family], PORTS[0]) as heir:
                    server.send(b"the old server goes on")
                    heir.connect(server.getsockname()[:2])
                    heir.send(b"asked")
                    self.assertTrue(came(server), f"the server hears the successor: IPv{family}")
                    server.send(b"answered")
                    self.assertTrue(came(heir), f"the successor is answered: IPv{family}")

        self.on_both_sides(check)

    def test_a_successor_connects_with_the_ports_of_a_connection_that_was_never_closed(self):
        self.on_both_sides(lambda: self.connects_again({"app": "new"}))

    def test_an_isolated_successor_connects_with_these_ports_too(self):
        if LAB.require_up().datapath == "netdev":
            self.skipTest("the userspace datapath drops the server's answer to the second SYN as invalid")
        self.on_both_sides(lambda: self.connects_again({"app": "isolated"}))

    def connects_again(self, labels):
        listeners = [self.listening(family) for family in (4, 6)]
        for family, listener in zip((4, 6), listeners, strict=True):
            self.addCleanup(self.connected("reused/client", family, listener).close)
        heir = self.successor("client", labels)
        for family, listener in zip((4, 6), listeners, strict=True):
            with self.connected(heir, family, listener) as second:
                second.send(b"hello")

    def listening(self, family):
        listener = socket_in("reused/server", family, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind((self.address["server", family], PORTS[1]))
        listener.listen()
        return listener

    def connected(self, name, family, listener):
        end = socket_in(name, family, socket.SOCK_STREAM)
        end.bind((self.address["client", family], PORTS[0]))
        end.settimeout(5.0)
        end.connect(listener.getsockname()[:2])
        accepted = listener.accept()[0]
        self.addCleanup(accepted.close)
        return end

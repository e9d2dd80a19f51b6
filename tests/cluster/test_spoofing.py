"""A pod sends as itself or not at all: frames with somebody else's addresses are delivered to nobody.

After the forged frames the same sender sends a fence, an honest frame to the same receiver. Frames of one sender keep
their order, so a forged frame that was delivered would be there before the fence; that the fence arrives shows that
frames are seen at all.
"""

import socket

import frames
from frames import ROUTER_MAC
from lab_under_test import ClusterTest, addresses, apply, in_node, in_pod, pod, policy

FORGED, FENCE = b"forged-frame-token", b"honest-frame-token"
TIMES = 3  # each forged frame is sent: one may get lost on the way to where it would be delivered
OTHER_MAC = "0a:be:ef:00:00:01"


def mac_of(name):
    with in_pod(name):
        return frames.mac_of("eth0")


class SpoofingTest(ClusterTest):
    def setUp(self):
        self.own_namespace("forge")
        placed = {"forger": "node1", "near": "node1", "neighbour": "node1", "far": "node2", "distant": "node2"}
        apply([pod("forge", name, {"app": name}, [(80, "UDP")], node=node) for name, node in placed.items()])
        self.mac = mac_of("forge/forger")
        self.ip = addresses("forge")


class Spoofing(SpoofingTest):
    def assert_never_delivered(self, receiver, forged, fence_family=4):
        """None of the forged frames of forge/forger is seen by the receiver."""
        fence = frames.udp_frame(
            ROUTER_MAC, self.mac, self.ip["forger", fence_family], self.ip[receiver, fence_family], FENCE
        )
        with in_pod(f"forge/{receiver}"):
            watch = frames.Watch()
        with watch, in_pod("forge/forger"):
            for frame in forged * TIMES:
                frames.send(frame)
            seen = watch.tokens([FORGED], FENCE, lambda: frames.send(fence))
        self.assertIsNotNone(seen, "the honest frame did not arrive")
        self.assertEqual(seen, set(), "a forged frame was delivered")

    def forged_sources(self, family):
        """Addresses that are not the forger's: another local pod's, a remote pod's, a node's, one outside, one
        unused."""
        others = [self.ip[name, family] for name in ("neighbour", "distant")]
        if family == 4:
            return others + ["10.244.1.1", "172.30.0.1", "172.31.0.2", "10.244.1.250", "0.0.0.0", "127.0.0.1"]
        return others + ["fd00:10:244:1::1", "fd00:172:30::1", "fd00:172:31::2", "fd00:10:244:1::fafa", "::1"]

    def assert_address_cannot_be_forged(self, family):
        for receiver in ("near", "far"):
            destination = self.ip[receiver, family]
            targets = [ROUTER_MAC, mac_of(f"forge/{receiver}"), "ff:ff:ff:ff:ff:ff"]
            forged = [
                frames.udp_frame(target, self.mac, source, destination, FORGED)
                for source in self.forged_sources(family)
                for target in targets
            ]
            self.assert_never_delivered(receiver, forged, family)

    def test_IPv4_source_addresses(self):
        self.assert_address_cannot_be_forged(4)

    def test_IPv6_source_addresses(self):
        self.assert_address_cannot_be_forged(6)

    def test_MAC_source_addresses(self):
        for receiver in ("near", "far"):
            macs = [OTHER_MAC, ROUTER_MAC, mac_of("forge/neighbour"), mac_of(f"forge/{receiver}")]
            forged = [
                frames.udp_frame(ROUTER_MAC, source, self.ip["forger", family], self.ip[receiver, family], FORGED)
                for source in macs
                for family in (4, 6)
            ]
            self.assert_never_delivered(receiver, forged)

    def test_ARP_never_reaches_another_pod(self):
        victim, router = mac_of("forge/near"), "169.254.1.1"
        forged = []
        for claimed in (router, self.ip["neighbour", 4], self.ip["forger", 4]):
            for target in (victim, "ff:ff:ff:ff:ff:ff", ROUTER_MAC):
                for operation in (1, 2):
                    forged.append(frames.arp(operation, self.mac, claimed, victim, self.ip["near", 4], target, FORGED))
        self.assert_never_delivered("near", forged)

    def test_neighbour_advertisements_never_reach_another_pod(self):
        victim = mac_of("forge/near")
        forged = []
        for claimed in ("fe80::1", self.ip["neighbour", 6], self.ip["forger", 6]):
            for source in (self.ip["forger", 6], claimed):
                for destination, target in (
                    (self.ip["near", 6], victim),
                    (self.ip["near", 6], ROUTER_MAC),
                    ("ff02::1", "33:33:00:00:00:01"),
                ):
                    forged.append(frames.neighbor_advertisement(self.mac, source, claimed, destination, target, FORGED))
        self.assert_never_delivered("near", forged, 6)


class FromTheHost(SpoofingTest):
    """A pod's packets to itself stay in the pod, and through a Service they come back with the node's address."""

    GATEWAY = {4: "10.244.1.1", 6: "fd00:10:244:1::1"}

    def test_a_pod_gets_nothing_from_its_own_address(self):
        apply([policy("forge", policyTypes=["Ingress", "Egress"])])
        with in_node("node1"):
            gateway_mac = frames.mac_of("br-int")
        for family, gateway in self.GATEWAY.items():
            near = self.ip["near", family]
            forged = frames.udp_frame(ROUTER_MAC, gateway_mac, near, near, FORGED)
            fence = frames.udp_frame(ROUTER_MAC, gateway_mac, gateway, near, FENCE)
            with self.subTest(family=family):
                with in_pod("forge/near"):
                    watch = frames.Watch()
                with watch, in_node("node1"):
                    for _ in range(TIMES):
                        frames.send(forged, "br-int")
                    seen = watch.tokens([FORGED], FENCE, lambda fence=fence: frames.send(fence, "br-int"))
                self.assertIsNotNone(seen, "the node's packet did not arrive")
                self.assertEqual(seen, set(), "a forged packet was delivered")


class ForgedTunnel(SpoofingTest):
    """Nobody but a peer is heard at the tunnel, and a peer only with what its own pods may send. The reply flag in the
    Geneve option is what a peer says; a pod that has asked for nothing is answered nothing."""

    POD, REPLY = 0x08 << 120, 0x02 << 120  # flags of the identity
    PORTS, ALLOWED_PORTS = (4000, 80), (4000, 53)

    def setUp(self):
        super().setUp()
        allowed = [{"ports": [{"protocol": "UDP", "port": self.ALLOWED_PORTS[1]}]}]
        apply([policy("forge", selects={"app": "near"}, policyTypes=["Ingress"], ingress=allowed)])

    def packet(self, token, family, inner_source=None, identity=POD | REPLY, ports=ALLOWED_PORTS):
        source = inner_source or self.ip["far", family]
        inner = frames.udp_frame(OTHER_MAC, ROUTER_MAC, source, self.ip["near", family], token, ports)
        return frames.geneve(identity, inner)

    def send(self, enter, payload, target="172.30.0.1"):
        with enter:
            tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with tunnel:
            tunnel.sendto(payload, (target, 6081))

    def fence(self):
        self.send(in_node("node2"), self.packet(FENCE, 4, identity=self.POD))

    def assert_only_the_fence_arrives(self, *senders):
        with in_pod("forge/near"):
            watch = frames.Watch()
        with watch:
            for send in senders * TIMES:
                send()
            seen = watch.tokens([FORGED], FENCE, self.fence)
        self.assertIsNotNone(seen, "a peer's packet did not arrive")
        self.assertEqual(seen, set(), "a forged packet was delivered")

    def test_from_a_peer_what_it_calls_a_reply_and_nobody_has_asked_for(self):
        self.assert_only_the_fence_arrives(
            lambda: self.send(in_node("node2"), self.packet(FORGED, 4, ports=self.PORTS)),
            lambda: self.send(in_node("node2"), self.packet(FORGED, 6, ports=self.PORTS)),
        )

    def test_from_the_outside(self):
        self.assert_only_the_fence_arrives(
            lambda: self.send(in_node("outside"), self.packet(FORGED, 4)),
            lambda: self.send(in_node("outside"), self.packet(FORGED, 6)),
        )

    def test_from_a_pod_of_this_node(self):
        self.assert_only_the_fence_arrives(lambda: self.send(in_pod("forge/forger"), self.packet(FORGED, 4)))

    def test_from_a_pod_of_another_node(self):
        self.assert_only_the_fence_arrives(lambda: self.send(in_pod("forge/far"), self.packet(FORGED, 4)))

    def test_from_a_peer_with_a_source_outside_of_that_peers_range(self):
        sources = {
            4: [self.ip["neighbour", 4], "10.244.3.9", "172.31.0.2"],
            6: [self.ip["neighbour", 6], "fd00:10:244:3::9"],
        }
        self.assert_only_the_fence_arrives(
            *[
                lambda family=family, source=source: self.send(in_node("node2"), self.packet(FORGED, family, source))
                for family, found in sources.items()
                for source in found
            ]
        )

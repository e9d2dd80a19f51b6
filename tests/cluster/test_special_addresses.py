"""Packets with addresses that no network carries reach nobody: neither a node's host, nor a pod.

After them the same sender sends a fence, an ordinary packet on the same way; frames of one sender keep their order.
"""

import frames
from frames import ROUTER_MAC
from lab_under_test import ClusterTest, addresses, apply, in_node, in_pod, node_addresses, pod

SPECIAL, FENCE = b"special-address-token", b"ordinary-address-token"
TIMES = 3  # each packet is sent: one may get lost on the way to where it would be delivered
BRIDGE = "br-int"
SPECIAL_ADDRESSES = {
    4: ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
    6: ["::", "::1", "::ffff:127.0.0.1", "ff02::1"],
}
GATEWAY = {4: "10.244.1.1", 6: "fd00:10:244:1::1"}


class SpecialAddresses(ClusterTest):
    def setUp(self):
        self.own_namespace("special")
        apply([pod("special", "near", {"app": "near"}, [(80, "UDP")], node="node1")])
        self.ip = addresses("special")
        with in_pod("special/near"):
            self.pod_mac = frames.mac_of("eth0")
        with in_node("node1"):
            self.gateway_mac = frames.mac_of(BRIDGE)

    def assert_only_the_fence_arrives(self, send, watch, special, fence):
        with watch:
            for frame in special * TIMES:
                send(frame)
            seen = watch.tokens([SPECIAL], FENCE, lambda: send(fence))
        self.assertIsNotNone(seen, "the ordinary packet did not arrive")
        self.assertEqual(seen, set(), "a packet with a special address was delivered")

    def test_a_pods_packets_to_them_never_reach_its_host(self):
        for family, special in SPECIAL_ADDRESSES.items():
            for destination in special:
                with self.subTest(destination=destination):
                    self.assertIn(GATEWAY[family], node_addresses("node1"))
                    with in_node("node1"):
                        watch = frames.Watch(BRIDGE)
                    self.assert_only_the_fence_arrives(
                        self.send_from_pod,
                        watch,
                        [self.from_pod(destination, family, target, SPECIAL) for target in self.targets()],
                        self.from_pod(GATEWAY[family], family, ROUTER_MAC, FENCE),
                    )

    def targets(self):
        return [ROUTER_MAC, self.gateway_mac, "ff:ff:ff:ff:ff:ff"]

    def from_pod(self, destination, family, target, token):
        return frames.udp_frame(target, self.pod_mac, self.ip["near", family], destination, token)

    def send_from_pod(self, frame):
        with in_pod("special/near"):
            frames.send(frame)

    def test_the_hosts_packets_from_them_never_reach_a_pod(self):
        for family, special in SPECIAL_ADDRESSES.items():
            for source in special:
                with self.subTest(source=source):
                    with in_pod("special/near"):
                        watch = frames.Watch()
                    self.assert_only_the_fence_arrives(
                        self.send_from_host,
                        watch,
                        [self.from_host(source, family, SPECIAL)],
                        self.from_host(GATEWAY[family], family, FENCE),
                    )

    def from_host(self, source, family, token):
        return frames.udp_frame(ROUTER_MAC, self.gateway_mac, source, self.ip["near", family], token)

    def send_from_host(self, frame):
        with in_node("node1"):
            frames.send(frame, BRIDGE)

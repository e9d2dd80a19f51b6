"""Frames as bytes, to be sent as they are, and a way to see which of them arrive."""

import ipaddress
import json
import select
import socket
import struct
import subprocess
import time

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6, ETH_P_ARP = 0x0003, 0x0800, 0x86DD, 0x0806
UDP, ICMPV6 = 17, 58
NEIGHBOR_ADVERTISEMENT = 136
ROUTER_MAC = "ee:ee:ee:ee:ee:ee"


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_of(interface):
    """Of an interface in the namespace that the calling thread is in."""
    shown = subprocess.run(["ip", "-j", "link", "show", interface], capture_output=True, text=True, check=True)
    return json.loads(shown.stdout)[0]["address"]


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(content):
    content += b"\0" * (len(content) % 2)
    total = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(destination, source, kind, payload):
    return mac(destination) + mac(source) + struct.pack("!H", kind) + payload


def ip(source, destination, protocol, payload):
    """An IP packet of the addresses' family."""
    if ":" in source:
        header = struct.pack("!IHBB", 0x60000000, len(payload), protocol, 255)
        return header + packed(source) + packed(destination) + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    header += packed(source) + packed(destination)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def _with_checksum(source, destination, protocol, payload, offset):
    pseudo = packed(source) + packed(destination) + struct.pack("!II", len(payload), protocol)
    return payload[:offset] + struct.pack("!H", checksum(pseudo + payload)) + payload[offset + 2 :]


def udp(source, destination, token, ports=(4000, 80)):
    payload = struct.pack("!HHHH", *ports, 8 + len(token), 0) + token
    return ip(source, destination, UDP, _with_checksum(source, destination, UDP, payload, 6))


def udp_frame(destination_mac, source_mac, source, destination, token, ports=(4000, 80)):
    kind = ETH_P_IPV6 if ":" in source else ETH_P_IP
    return ethernet(destination_mac, source_mac, kind, udp(source, destination, token, ports))


def arp(operation, sender_mac, sender, target_mac, target, frame_destination, token):
    """`token` follows the packet as padding, which switches carry along."""
    body = struct.pack("!HHBBH", 1, ETH_P_IP, 6, 4, operation)
    body += mac(sender_mac) + packed(sender) + mac(target_mac) + packed(target)
    return ethernet(frame_destination, sender_mac, ETH_P_ARP, body + token)


def neighbor_advertisement(sender_mac, source, claimed, destination, frame_destination, token):
    """Claims `claimed` for the sender's MAC; the token is in an option that receivers skip."""
    option = struct.pack("!BB", 2, 1) + mac(sender_mac)
    own = struct.pack("!BB", 253, (2 + len(token) + 7) // 8) + token + b"\0" * (-(2 + len(token)) % 8)
    body = struct.pack("!BBHI", NEIGHBOR_ADVERTISEMENT, 0, 0, 0x60000000) + packed(claimed) + option + own
    packet = ip(source, destination, ICMPV6, _with_checksum(source, destination, ICMPV6, body, 2))
    return ethernet(frame_destination, sender_mac, ETH_P_IPV6, packet)


def geneve(identity, inner_frame):
    """What a node sends to another: a Geneve header with the sender's identity as option, and the frame."""
    option = struct.pack("!HBB", 0xFF10, 0, 4) + identity.to_bytes(16, "big")
    return struct.pack("!BBHI", len(option) // 4, 0, 0x6558, 0) + option + inner_frame


def send(frame, interface="eth0"):
    """Sends the frame from the namespace that the calling thread is in."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        raw.send(frame)


class Watch:
    """Sees every frame that enters the namespace it was made in through the interface."""

    def __init__(self, interface="eth0"):
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.raw.bind((interface, ETH_P_ALL))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.raw.close()

    def tokens(self, wanted, until, send_until, seconds=10.0):
        """Which of the tokens arrived before the token `until` did; None when that one never came. `send_until` sends
        it, again and again: single packets may get lost, as on every network."""
        seen, deadline = set(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            send_until()
            again = time.monotonic() + 0.25
            while (left := again - time.monotonic()) > 0 and select.select([self.raw], [], [], left)[0]:
                frame, (_, _, packet_type, *_) = self.raw.recvfrom(4096)
                if packet_type == socket.PACKET_OUTGOING:
                    continue
                seen |= {token for token in wanted if token in frame}
                if until in frame:
                    return seen
        return None

"""What a probe says, and what it reads from the answer.

    a lab's responder    speaks first over TCP, and answers any datagram: one line of JSON with its name and what it saw
    agnhost netexec      HTTP, and the datagram "clientip": the address that it saw
    a DNS server         a query for the root; that it answers is enough
"""

import json
import re
import struct

from .endpoints import Endpoint

RESPONDER_DATAGRAM = b"probe\n"
DATAGRAM = b"clientip"
HTTP = b"GET /clientip HTTP/1.0\r\nHost: probe\r\n\r\n"
# Header: an identifier, recursion desired, one question; the question: the root's name servers.
DNS = struct.pack(">HHHHHH", 0x6F76, 0x0100, 1, 0, 0, 0) + b"\0" + struct.pack(">HH", 2, 1)
ADDRESS = re.compile(rb"^\[?([0-9a-fA-F.:]+?)\]?:[0-9]+$")


def questions(destination: Endpoint, protocol: str, port: int) -> list[bytes]:
    """What to send, one after the other; an answer to any of them is one."""
    if protocol == "TCP":
        return [HTTP]
    if destination.speaks_first:
        return [RESPONDER_DATAGRAM]
    return [DATAGRAM, DNS] if protocol == "UDP" and port == 53 else [DATAGRAM]


def answer(received: bytes) -> tuple[str | None, str | None]:
    """(name, source) as far as the answer says them: other programs answer in their own way."""
    try:
        said = json.loads(received)
        return said["name"], said["source"]
    except (ValueError, KeyError, TypeError):
        found = ADDRESS.match(received.rpartition(b"\n")[2].strip())
        return None, found[1].decode().removeprefix("::ffff:") if found else None

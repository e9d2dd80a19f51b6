"""The one address of all API servers: passes a connection on to the first server that takes it.

    127.0.0.1:PORT of this machine ─┐
    172.30.0.250:6443 of the lab ───┴─► balancer ──► 172.30.0.251:6443, or .252 where that one is dead

A program of its own: `python3 -m cluster_lab.kubernetes.balancer NAMESPACE PORT ENTRY:PORT SERVER...`. It listens on
the machine first and moves into the control plane's network namespace then: a socket stays where it was made.
"""

import asyncio
import itertools
import os
import socket
import sys
from collections.abc import Sequence

from .. import namespaces
from ..layout import network_namespace_path
from .plan import PORT

CONNECT_SECONDS = 1.0
CHUNK = 64 * 1024


class Balancer:
    def __init__(self, servers: Sequence[str]) -> None:
        self.servers = servers
        self.turn = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await self._connect()
        if upstream is not None:
            ways = [_relay(reader, upstream[1]), _relay(upstream[0], writer)]
            # One side's end is the connection's: TLS has no use for half of one.
            _, pending = await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
            for way in pending:
                way.cancel()
            upstream[1].close()
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self.turn)
        for offset in range(len(self.servers)):
            address = self.servers[(first + offset) % len(self.servers)]
            try:
                return await asyncio.wait_for(asyncio.open_connection(address, PORT), CONNECT_SECONDS)
            except (OSError, asyncio.TimeoutError):
                continue
        return None


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass


def listening(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.listen(1024)
    return made


async def _run(sockets: Sequence[socket.socket], servers: Sequence[str]) -> None:
    balancer = Balancer(servers)
    listeners = [await asyncio.start_server(balancer.serve, sock=each) for each in sockets]
    await asyncio.gather(*(each.serve_forever() for each in listeners))


def main(namespace: str, port: str, entry: str, *servers: str) -> None:
    sockets = [listening("127.0.0.1", int(port))]
    target = os.open(network_namespace_path(namespace), os.O_RDONLY | os.O_CLOEXEC)
    namespaces.enter(target)
    os.close(target)
    sockets += [listening(address, PORT) for address in entry.split(",")]
    asyncio.run(_run(sockets, servers))


if __name__ == "__main__":
    main(*sys.argv[1:])

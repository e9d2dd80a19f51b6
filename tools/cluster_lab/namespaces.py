"""Network namespaces: making, entering, configuring, removing them."""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError
from .layout import network_namespace_path

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def enter(fd: int) -> None:
    """Moves the calling thread into the network namespace behind `fd`."""
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Runs its block in the namespace. Of this thread only; a process started in the block begins there."""
    try:
        target = os.open(network_namespace_path(name), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise LabError(f"the network namespace {name} is gone") from None
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(target)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(target)
        os.close(home)


def ip(lines: Sequence[str], namespace: str | None = None) -> None:
    """Runs `ip` commands in one process; the first that fails ends it."""
    command = ["ip"] + (["-n", namespace] if namespace else []) + ["-batch", "-"]
    result = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True)
    if result.returncode != 0:
        reason = " ".join(result.stderr.split())
        raise LabError(f"ip in {namespace or 'the host'}: {reason}")


def create(name: str) -> None:
    """A namespace with its loopback up and nothing else. ICMP errors are not rate-limited there: a refused datagram
    must be told from a lost one however many are sent. Addresses are usable at once: there is no one to detect
    duplicates with."""
    result = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if result.returncode != 0:
        raise LabError(f"network namespace {name}: {result.stderr.strip()}")
    with inside(name):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
            flags = struct.unpack("16sH14x", request)[1]
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
        set_sysctls(
            {
                "net/ipv4/icmp_ratelimit": 0,
                "net/ipv6/icmp/ratelimit": 0,
                "net/ipv6/conf/default/accept_dad": 0,
                "net/ipv6/conf/all/accept_dad": 0,
                "net/ipv6/conf/default/accept_ra": 0,
            }
        )


def set_sysctls(values: dict[str, int]) -> None:
    """Of the namespace that the calling thread is in."""
    for key, value in values.items():
        path = Path("/proc/sys") / key
        if not path.exists():
            raise LabError(f"the kernel has no sysctl {key.replace('/', '.')}")
        path.write_text(str(value))


def remove(names: Sequence[str]) -> None:
    if names:
        ip([f"netns delete {name}" for name in names])


def offload_off(namespace: str, *links: str) -> None:
    """The userspace datapath reads and writes whole packets: nobody would complete a checksum or split a segment."""
    with inside(namespace):
        for link in links:
            result = subprocess.run(["ethtool", "-K", link, "tx", "off"], capture_output=True, text=True)
            if result.returncode != 0:
                raise LabError(f"ethtool -K {link} tx off in {namespace}: {result.stderr.strip()}")

"""Whether the kernel lets so many daemons run: what they would say themselves is far from the cause."""

import os
from pathlib import Path

from ..errors import LabError

INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
# Counted in labs that were up; a kubelet or containerd that gets none of them fails in ways that name something else.
INSTANCES_A_NODE = 9
INSTANCES_OF_CONTROL_PLANE = 12


def _instances_in_use() -> int:
    """The inotify instances of all processes: the limit is a user's, and the lab's user is root."""
    count = 0
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            count += os.readlink(link) == "anon_inode:inotify"
        except OSError:
            pass  # closed, or its process ended, between two looks
    return count


def require_inotify(nodes: int) -> None:
    """Refuses a lab of so many nodes where it would run out of inotify instances."""
    limit, used = int(INOTIFY_LIMIT.read_text()), _instances_in_use()
    needed = INSTANCES_OF_CONTROL_PLANE + nodes * INSTANCES_A_NODE
    if used + needed > limit:
        raise LabError(
            f"{used} of {limit} inotify instances are in use, and this lab needs about {needed}: take another lab down, "
            f"or allow more with sysctl -w fs.inotify.max_user_instances={max(2 * limit, used + needed)}"
        )

"""The two kinds of lab: the lab's own small cluster, and a real Kubernetes. What differs between them, by name.

    command_line ──► kinds ─┬─► PLAIN         bring_up, apply, status, endpoints, node
                            └─► KUBERNETES    the same roles, in kubernetes/
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Callable

from .plain import apply, bring_up, status
from .plain import parts as node_commands
from .probing import endpoints
from .kubernetes import bring_up as real_bring_up
from .kubernetes import cluster_endpoints, objects, parts
from .kubernetes import status as real_status


@dataclass(frozen=True)
class Kind:
    bring_up: ModuleType  # parameters_of, require, create, describe, faults, down
    changes: ModuleType  # apply, delete_files, delete_one, scale, label
    status: ModuleType  # pods, wait
    nodes: ModuleType  # RESTARTABLE, restart, shell
    cluster: Callable  # of a lab and its parameters: who can be probed


PLAIN = Kind(bring_up, apply, status, node_commands, endpoints.Cluster)
KUBERNETES = Kind(real_bring_up, objects, real_status, parts, cluster_endpoints.RealCluster)


def of(parameters):
    return KUBERNETES if parameters.get("kubernetes") else PLAIN


def of_lab(lab):
    """Of a lab that is up."""
    return of(lab.require_up())


def of_remains(lab):
    """Of a lab in whatever state it was left: only a real Kubernetes has a folder on disk."""
    return KUBERNETES if lab.disk.exists() else PLAIN

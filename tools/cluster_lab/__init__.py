"""A cluster on one machine: nodes, pods and an outside host as network namespaces, joined by the real network.

    command_line ──► kinds         which lab: the lab's own small cluster (below), or a real Kubernetes (kubernetes/)
                 ──► life          up and down ──► bring_up: underlay, nodes (switch, agent), outside host
                 ──► apply         manifests ──► object_store ──► workloads ──► pod_runtime (the CNI plugin)
                 ──► probe         endpoints ──► prober (questions) ──► matrix
"""

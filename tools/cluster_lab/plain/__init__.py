"""The lab's own small cluster: nodes that bring pods up without a Kubernetes.

    bring_up ──► underlay, nodes (switch, agent), outside host
    apply    ──► object_store ──► convergence: workloads, scheduler ──► pod_runtime (the CNI plugin)
    status, parts                 what runs, and what of it can be started again
"""

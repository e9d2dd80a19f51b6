"""The lab's own small cluster: nodes that bring pods up without a Kubernetes.

    kind     what the commands ask, and which module answers
    bring_up ──► worker           a node: underlay, switch, agent
    apply    ──► object_store     objects/ (object_files, object_kinds): what the API server would hold
             ──► convergence      workloads, scheduler ──► pod_runtime ──► sandbox, cni
    status, endpoints             what runs, and who can be probed
"""

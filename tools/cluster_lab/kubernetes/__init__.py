"""The same cluster under a real Kubernetes: API servers, kubelets and container runtimes instead of the lab's own.

    kind     what the commands ask, and which module answers

    bring_up ──► control_plane   credentials ──► etcd, API servers, controller manager, scheduler; balancer in front
             ──► worker          machine (mounts, cgroups) ──► containerd ──► kubelet ──► kube-proxy
             ──► cluster_dns     CoreDNS, as every cluster has it
             ──► network         what serves the pods: the agent, the shipped manifests, or nothing

    objects  ──► api             apply, delete, scale, label: kubectl
    status   ──► api             pods, wait: the API
    restart                      parts of nodes and of the control plane
    endpoints ──► sandboxes      the network namespaces of real pods, for probe and exec
"""

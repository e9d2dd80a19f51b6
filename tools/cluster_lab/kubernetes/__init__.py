"""The same cluster under a real Kubernetes: API servers, kubelets and container runtimes instead of the lab's own.

    bring_up ──► control_plane   credentials ──► etcd, API servers, controller manager, scheduler; balancer in front
             ──► worker          machine (mounts, cgroups) ──► containerd ──► kubelet ──► kube-proxy
             ──► cluster_dns     CoreDNS, as every cluster has it
             ──► network         what serves the pods: the agent, the shipped manifests, or nothing

    verbs    ──► api             apply, delete, scale, label, pods, wait: kubectl and the API
             ──► sandboxes       the network namespaces of real pods, for probe and exec
"""

"""CoreDNS, as every cluster has it: one pod behind the Service kube-dns, answering names of Services and pods."""

from ..json_files import Json
from .plan import CLUSTER_DOMAIN, ClusterPlan
from .programs import image_name

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}
READ = {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]}
READ_SLICES = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}
# Names of elsewhere are not known: a lab has no way to the outside.
COREFILE = f""".:53 {{
    errors
    health {{
        lameduck 5s
    }}
    ready
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    cache 30
    reload
    loadbalance
}}
"""


def _object(api: str, kind: str, name: str, namespace: str | None = NAMESPACE, **fields: object) -> Json:
    metadata: Json = {"name": name, "labels": LABELS}
    metadata |= {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": metadata} | fields


def _access() -> list[Json]:
    rbac = "rbac.authorization.k8s.io"
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:coredns"}
    subject = {"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}
    return [
        _object("v1", "ServiceAccount", "coredns"),
        _object(f"{rbac}/v1", "ClusterRole", "system:coredns", None, rules=[READ, READ_SLICES]),
        _object(f"{rbac}/v1", "ClusterRoleBinding", "system:coredns", None, roleRef=role, subjects=[subject]),
    ]


def _container() -> Json:
    def http(path: str, port: int) -> Json:
        return {"httpGet": {"path": path, "port": port}, "periodSeconds": 2, "timeoutSeconds": 5}

    return {
        "name": "coredns",
        "image": image_name("coredns"),
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "readinessProbe": http("/ready", 8181),
        "livenessProbe": http("/health", 8080) | {"periodSeconds": 10, "failureThreshold": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "resources": {"requests": {"cpu": "10m", "memory": "20Mi"}},
    }


def _deployment() -> Json:
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "dnsPolicy": "Default",
        "containers": [_container()],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
    return _object("apps/v1", "Deployment", "coredns", spec=spec)


def objects(plan: ClusterPlan) -> Json:
    addresses = plan.dns_addresses()
    spec = {
        "selector": LABELS,
        "clusterIP": addresses[0],
        "clusterIPs": addresses,
        "ipFamilyPolicy": "RequireDualStack" if len(addresses) > 1 else "SingleStack",
        "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        ],
    }
    config = _object("v1", "ConfigMap", "coredns", data={"Corefile": COREFILE})
    service = _object("v1", "Service", "kube-dns", spec=spec)
    return {"apiVersion": "v1", "kind": "List", "items": [*_access(), config, service, _deployment()]}

"""Objects of a real cluster that several tests need, and how they get there without waiting for anything."""

import json
import os
import subprocess

import lab_under_test
from cluster_lab.kubernetes import programs
from cluster_lab.parameters import KubernetesParameters
from lab_under_test import addresses, lab, policy


def parameters():
    """The lab's, which is up."""
    found = lab_under_test.LAB.require_up()
    assert isinstance(found, KubernetesParameters), lab_under_test.LAB.name
    return found


def put(*objects):
    """Creates or changes objects. Unlike `apply`, returns when the API has them."""
    environment = os.environ | {"KUBECONFIG": lab("kubeconfig").strip()}
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    command = [programs.program("kubectl"), "apply", "-f", "-"]
    result = subprocess.run(command, env=environment, input=text, capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"kubectl apply: {result.stderr}")


def admit(namespace, name, peer):
    """A policy: only pods of the label app=`peer` reach those of app=`name`."""
    rule = [{"from": [{"podSelector": {"matchLabels": {"app": peer}}}]}]
    return policy(namespace, name, selects={"app": name}, ingress=rule)


def streams(namespace, source, targets):
    """From a pod to others, over both families, as `Traffic` takes them."""
    found = addresses(namespace)
    return [
        (f"{namespace}/{source}", f"{namespace}/{name}", found[name, family]) for name in targets for family in (4, 6)
    ]

"""What the agents ask the API for: the labels of pods that can carry an identity, and no others."""

import json

from lab_under_test import ClusterTest, apply, eventually, lab, run_lab
from test_real_lab import AGNHOST, kubectl, server


def label_sets():
    return json.loads(lab("node", "node1", "--", "curl", "-s", "http://127.0.0.1:9475/debug"))["cluster"]["labelSets"]


class Identities(ClusterTest):
    def test_pods_on_the_hosts_network_and_finished_ones_make_none(self):
        self.own_namespace("identities")
        apply([server("identities", "first", "node2", {"which": "first"})])
        before = label_sets()
        on_host = server("identities", "on-host", "node2", {"which": "on-host"})
        on_host["spec"]["hostNetwork"] = True
        on_host["spec"]["containers"][0]["args"] = ["netexec", "--http-port=18080"]
        on_host["spec"]["containers"][0]["ports"] = []
        apply([on_host, server("identities", "second", "node2", {"which": "second"})])
        self.assertEqual(label_sets(), before + 1)
        run = ["run", "short", "-n", "identities", f"--image={AGNHOST}", "--restart=Never", "--labels=which=short"]
        kubectl(*run, "--", "help")

        def finished():
            return kubectl("get", "pod", "short", "-n", "identities", "-o", "jsonpath={.status.phase}") == "Succeeded"

        eventually(finished, "the pod ends", 40)
        run_lab("wait")
        eventually(lambda: label_sets() == before + 1, "the labels of the finished pod are gone")

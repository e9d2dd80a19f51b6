"""Whole applications: what their policies say is what their packets meet. The expectations were written from the
policies by hand."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from lab_under_test import CHECKOUT, ClusterTest, lab, probe

EXAMPLES = CHECKOUT / "examples"
MORE_MANIFESTS = "OVS_CNI_TEST_MANIFESTS"  # the variable that names a folder of them

# application -> destination application and port
SHOP = {
    "shop/frontend": ["shop/api 8000/TCP", "monitoring/statsd 8125/UDP"],
    "shop/api": ["data/db 5432/TCP", "data/cache 6379/TCP", "monitoring/statsd 8125/UDP"],
    "shop/worker": [],
    "data/db": ["data/db 5432/TCP"],
    "data/cache": [],
    "monitoring/prometheus": [
        "shop/frontend 9090/TCP",
        "shop/api 9100/TCP",
        "shop/worker 9200/TCP",
        "data/db 9187/TCP",
    ],
    "monitoring/statsd": [],
}
BOUTIQUE = {
    "default/loadgenerator": ["default/frontend"],
    "default/frontend": [
        "default/adservice",
        "default/cartservice",
        "default/checkoutservice",
        "default/currencyservice",
        "default/productcatalogservice",
        "default/recommendationservice",
        "default/shippingservice",
    ],
    "default/checkoutservice": [
        "default/cartservice",
        "default/currencyservice",
        "default/emailservice",
        "default/paymentservice",
        "default/productcatalogservice",
        "default/shippingservice",
    ],
    "default/recommendationservice": ["default/productcatalogservice"],
    # No policy selects it, and two policies of another namespace let every namespace in.
    "default/redis-cart": ["frontend/asset-cache", "frontend/webapp"],
    "frontend/webapp": ["backend/checkout", "backend/recommendation", "backend/reports", "backend/shipping"],
    "backend/checkout": ["backend/notification", "backend/recommendation", "payments/gateway"],
    "backend/recommendation": ["backend/catalog"],
    "backend/reports": ["backend/catalog", "backend/recommendation"],
    "payments/gateway": ["payments/mastercard-processor 8080/TCP", "payments/visa-processor 8080/TCP"],
}


def application(pod):
    """The name without the number that its controller gave it."""
    return pod.rpartition("-")[0]


class Applications(ClusterTest):
    def setUp(self):
        for name in ("shop", "data", "monitoring", "frontend", "backend", "payments", "default"):
            self.own_namespace(name)

    def assert_reaches(self, expected, verdicts):
        """Between pods of different names, exactly what `expected` lists is allowed: by port where it names one."""
        wrong = []
        for verdict in verdicts:
            source, destination = application(verdict["from"]), application(verdict["to"])
            port = f"{destination} {verdict['port']}/{verdict['protocol']}"
            listed = expected.get(source, [])
            wanted = verdict["from"] == verdict["to"] or destination in listed or port in listed
            if verdict["allowed"] != wanted:
                state = "allowed" if verdict["allowed"] else "blocked"
                wrong.append(f"{verdict['from']} -> {verdict['to']} {port} IPv{verdict['family']} is {state}")
        self.assertEqual(wrong, [])

    def probe_between(self, *namespaces):
        chosen = [part for name in namespaces for part in ("--from", f"{name}/*", "--to", f"{name}/*")]
        return [verdict for verdict in probe(*chosen) if "node-exporter" not in verdict["from"] + verdict["to"]]

    def test_the_shop(self):
        lab("apply", "-f", EXAMPLES / "shop")
        lab("wait")
        verdicts = self.probe_between("shop", "data", "monitoring")
        self.assertGreater(len(verdicts), 300)
        self.assert_reaches(SHOP, verdicts)

        lab("apply", "-f", EXAMPLES / "changes" / "maintenance.yaml")
        lab("wait")
        during = SHOP | {"shop/worker": ["data/db 5432/TCP"]}
        during["shop/api"] = [each for each in SHOP["shop/api"] if not each.startswith("data/db")]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as before:
            json.dump(verdicts, before)
            before.flush()
            changes = lab("probe", "--since", before.name).splitlines()
        self.assert_reaches(during, self.probe_between("shop", "data", "monitoring"))
        self.assertIn("now allowed: shop/worker-0 -> data/db-0  5432/TCP (IPv4, IPv6)", changes)
        self.assertIn("now blocked: shop/api-1 -> data/db-0  5432/TCP (IPv4, IPv6)", changes)
        self.assertEqual(len(changes), 2 + 4, changes)

    def test_who_reaches_the_shop_from_outside_and_what_it_reaches_there(self):
        lab("apply", "-f", EXAMPLES / "shop")
        lab("wait")
        for verdict in probe("--from", "outside", "--to", "shop/*"):
            customers = application(verdict["to"]) == "shop/frontend" and verdict["port"] == 8080
            self.assertEqual(verdict["allowed"], customers, verdict)
        for verdict in probe("--from", "shop/*", "--to", "outside", "--port", "443/tcp", "80/tcp"):
            payment = application(verdict["from"]) == "shop/worker" and verdict["port"] == 443
            self.assertEqual(verdict["allowed"], payment, verdict)

    @unittest.skipUnless(os.environ.get(MORE_MANIFESTS), f"{MORE_MANIFESTS} names no folder of manifests to read")
    def test_manifests_that_were_written_for_other_clusters(self):
        manifests = Path(os.environ[MORE_MANIFESTS])
        lab("apply", "-f", manifests / "online-boutique", manifests / "acs-demos")
        lab("wait")
        verdicts = self.probe_between("default", "frontend", "backend", "payments")
        self.assertGreater(len(verdicts), 25 * 25)
        self.assert_reaches(BOUTIQUE, verdicts)

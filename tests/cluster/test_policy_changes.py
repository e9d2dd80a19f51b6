"""NetworkPolicy and time: labels, policies and pods that come, change and go."""

from lab_under_test import apply, lab, namespace, pod, policy, pods
from policy_test import PolicyTest, labels, to


class Changes(PolicyTest):
    def test_a_pods_new_labels_count_at_once_in_both_roles(self):
        self.addCleanup(lab, "label", "pod", "px/c", "pod=c")
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]))
        before = pods()["px/c"]["addresses"]
        lab("label", "pod", "px/c", "pod=b")
        lab("wait")
        self.assertEqual(pods()["px/c"]["addresses"], before, "a changed pod keeps running")
        self.assert_denied(to("px/a", but_from=["px/b", "px/c"]))
        lab("label", "pod", "px/c", "pod=a")
        lab("wait")
        self.assert_denied(to("px/a", "px/c", but_from=["px/b"]))

    def test_a_namespaces_new_labels_count_at_once(self):
        self.addCleanup(lab, "label", "namespace", "py", "team=y")
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"namespaceSelector": labels(team="z")}]}]))
        self.assert_denied(to("px/a"))
        lab("label", "namespace", "py", "team=z")
        lab("wait")
        self.assert_denied(to("px/a", but_from=["py/a", "py/b", "py/c"]))

    def test_a_changed_policy_replaces_the_one_before(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]))
        self.assert_denied(to("px/a", but_from=["px/b"]))
        self.apply(policy("px", selects={"pod": "b"}, ingress=[{"from": [{"podSelector": labels(pod="c")}]}]))
        self.assert_denied(to("px/b", but_from=["px/c"]))

    def test_with_its_last_policy_a_pods_isolation_goes(self):
        self.apply(policy("px", selects={"pod": "a"}))
        self.assert_denied(to("px/a"))
        lab("delete", "networkpolicy", "px/policy")
        lab("wait")
        self.applied.clear()
        self.assert_denied(lambda *_: False)

    def test_a_new_replica_is_isolated_and_admitted_like_the_others(self):
        self.own_namespace("pn")
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web", "ports": [{"containerPort": 80}]}]},
        }
        web = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"namespace": "pn", "name": "web"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        }
        apply([web, pod("pn", "other", {"app": "other"}), namespace("pn")])
        everywhere = {"namespaceSelector": {}, "podSelector": labels(app="web")}
        self.apply(
            policy("pn", selects={"app": "web"}, ingress=[{"from": [{"podSelector": labels(app="web")}]}]),
            policy("px", selects={"pod": "a"}, ingress=[{"from": [everywhere]}]),
        )
        self.applied.remove("pn/policy")
        lab("scale", "deployment", "pn/web", "4")
        replicas = [name for name in sorted(pods()) if name.startswith("pn/web")]
        self.assertEqual(len(replicas), 4)
        # Without waiting: a pod is isolated, and admitted elsewhere, from its first packet.
        self.assert_denied(lambda s, d, _: s == "pn/other", sources=["pn/*"], destinations=replicas)
        self.assert_denied(lambda s, d, _: s == "pn/other", sources=["pn/*"], destinations=["px/a"])
        lab("scale", "deployment", "pn/web", "1")
        self.assertEqual(len([name for name in pods() if name.startswith("pn/web")]), 1)

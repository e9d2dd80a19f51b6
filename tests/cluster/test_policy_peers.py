"""NetworkPolicy: who is selected, in which direction, and from or to whom traffic is let through."""

from lab_under_test import address, policy
from policy_test import PODS, PolicyTest, expression, labels, to

X, Y = [name for name in PODS if name.startswith("px")], [name for name in PODS if name.startswith("py")]


class Selection(PolicyTest):
    def test_pods_that_no_policy_selects_are_not_isolated(self):
        self.assert_denied(lambda *_: False)

    def test_an_empty_pod_selector_selects_every_pod_of_the_policys_namespace(self):
        self.apply(policy("px", policyTypes=["Ingress"]))
        self.assert_denied(to(*X))

    def test_a_pod_selector_selects_by_labels(self):
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Ingress"]))
        self.assert_denied(to("px/a"))

    def test_expressions_select_by_In_NotIn_Exists_and_DoesNotExist(self):
        def select(name, where, *expressions):
            terms = [term for each in expressions for term in each["matchExpressions"]]
            made = policy(where, name, policyTypes=["Ingress"])
            made["spec"]["podSelector"] = {"matchExpressions": terms}
            return made

        self.apply(
            select("in", "px", expression("pod", "In", "a", "b"), expression("tier", "Exists")),
            select("not-in", "py", expression("pod", "NotIn", "a", "b"), expression("nobody", "DoesNotExist")),
            select("nobody", "py", expression("pod", "DoesNotExist")),
        )
        self.assert_denied(to("px/a", "px/b", "py/c"))


class Directions(PolicyTest):
    def test_without_policyTypes_a_policy_isolates_ingress(self):
        self.apply(policy("px", selects={"pod": "a"}))
        self.assert_denied(to("px/a"))

    def test_without_policyTypes_egress_rules_isolate_egress_too(self):
        self.apply(policy("px", selects={"pod": "a"}, egress=[{"to": [{"podSelector": labels(pod="b")}]}]))
        self.assert_denied(lambda s, d, _: d == "px/a" or (s == "px/a" and d != "px/b"))

    def test_a_pod_can_be_isolated_in_egress_alone(self):
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"]))
        self.assert_denied(lambda s, d, _: s == "px/a")

    def test_rules_of_a_direction_that_is_not_in_policyTypes_mean_nothing(self):
        rules = {"ingress": [{"from": [{"podSelector": labels(pod="b")}]}]}
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"], **rules))
        self.assert_denied(lambda s, d, _: s == "px/a")

    def test_both_ends_must_allow(self):
        to_b = [{"to": [{"podSelector": labels(pod="b")}]}]
        self.apply(
            policy("px", "out", {"pod": "a"}, policyTypes=["Egress"], egress=to_b),
            policy("px", "in", {"pod": "b"}, ingress=[{"from": [{"podSelector": labels(pod="c")}]}]),
        )
        self.assert_denied(lambda s, d, _: s == "px/a" or (d == "px/b" and s != "px/c"))


class Peers(PolicyTest):
    def test_an_empty_rule_lets_everybody_in(self):
        self.apply(policy("px", policyTypes=["Ingress"], ingress=[{}]))
        self.assert_denied(lambda *_: False)

    def test_an_empty_list_of_peers_means_everybody(self):
        self.apply(policy("px", policyTypes=["Ingress"], ingress=[{"from": []}]))
        self.assert_denied(lambda *_: False)

    def test_an_empty_list_of_rules_lets_nobody_in(self):
        self.apply(policy("px", policyTypes=["Ingress"], ingress=[]))
        self.assert_denied(to(*X))

    def test_a_podSelector_means_pods_of_the_policys_own_namespace(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]))
        self.assert_denied(to("px/a", but_from=["px/b"]))

    def test_a_namespaceSelector_means_all_pods_of_these_namespaces(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"namespaceSelector": labels(team="y")}]}]))
        self.assert_denied(to("px/a", but_from=Y))

    def test_an_empty_namespaceSelector_means_the_pods_of_all_namespaces(self):
        self.apply(policy("px", ingress=[{"from": [{"namespaceSelector": {}}]}]))
        self.assert_denied(lambda *_: False)
        self.assert_denied(to(*X), sources=["outside"])

    def test_both_selectors_in_one_peer_must_both_match(self):
        peer = {"namespaceSelector": labels(team="y"), "podSelector": labels(pod="b")}
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [peer]}]))
        self.assert_denied(to("px/a", but_from=["py/b"]))

    def test_both_selectors_in_two_peers_are_alternatives(self):
        peers = [{"namespaceSelector": labels(team="y")}, {"podSelector": labels(pod="b")}]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": peers}]))
        self.assert_denied(to("px/a", but_from=[*Y, "px/b"]))

    def test_namespaces_carry_their_name_as_a_label(self):
        peer = {"namespaceSelector": expression("kubernetes.io/metadata.name", "In", "py")}
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [peer]}]))
        self.assert_denied(to("px/a", but_from=Y))

    def test_expressions_choose_peers(self):
        namespaces, pods = expression("env", "DoesNotExist"), expression("pod", "NotIn", "a", "c")
        peer = {"namespaceSelector": namespaces, "podSelector": pods}
        self.apply(policy("py", selects={"pod": "a"}, ingress=[{"from": [peer]}]))
        self.assert_denied(to("py/a", but_from=["px/b"]))

    def test_egress_peers_are_chosen_the_same_way(self):
        both = {"namespaceSelector": labels(team="y"), "podSelector": labels(pod="b")}
        peers = [both, {"podSelector": labels(pod="c")}]
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"], egress=[{"to": peers}]))
        self.assert_denied(lambda s, d, _: s == "px/a" and d not in ("py/b", "px/c"))

    def test_several_policies_on_one_pod_add_up(self):
        self.apply(
            policy("px", "one", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]),
            policy("px", "two", ingress=[{"from": [{"namespaceSelector": labels(team="y")}], "ports": [{"port": 80}]}]),
        )
        self.assert_denied(
            lambda s, d, port: d in X and not ((d, s) == ("px/a", "px/b") or (s in Y and port == "80/TCP"))
        )


class AddressBlocks(PolicyTest):
    def test_an_ipBlock_lets_the_outside_in_and_no_pod(self):
        blocks = [{"ipBlock": {"cidr": "172.31.0.0/16"}}, {"ipBlock": {"cidr": "fd00:172:31::/48"}}]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": blocks}]))
        self.assert_denied(to("px/a", but_from=["outside"]), sources=["outside", "px/*", "py/*"])

    def test_except_cuts_a_hole_into_an_ipBlock(self):
        blocks = [
            {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["172.31.0.2/32"]}},
            {"ipBlock": {"cidr": "::/0", "except": ["fd00:172:31::/120"]}},
        ]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": blocks}]))
        self.assert_denied(to("px/a", but_from=PODS), sources=["outside", "px/*", "py/*"])

    def test_an_ipBlock_covers_pod_addresses_too(self):
        blocks = [{"ipBlock": {"cidr": f"{address('py/c', 4)}/32"}}, {"ipBlock": {"cidr": f"{address('py/c', 6)}/128"}}]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": blocks}]))
        self.assert_denied(to("px/a", but_from=["py/c"]))

    def test_an_ipBlock_with_except_covers_pod_addresses_but_the_hole(self):
        blocks = [
            {"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"{address('py/c', 4)}/32"]}},
            {"ipBlock": {"cidr": "fd00:10:244::/48", "except": [f"{address('py/c', 6)}/128"]}},
        ]
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": blocks}]))
        self.assert_denied(lambda s, d, _: d == "px/a" and s == "py/c")

    def test_an_egress_ipBlock_lets_a_pod_out(self):
        blocks = [{"ipBlock": {"cidr": "172.31.0.2/32"}}, {"ipBlock": {"cidr": "fd00:172:31::2/128"}}]
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"], egress=[{"to": blocks}]))
        self.assert_denied(lambda s, d, _: s == "px/a" and d != "outside", destinations=["outside", "px/*", "py/*"])

    def test_an_egress_isolated_pod_does_not_reach_the_outside_or_other_nodes(self):
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"]))
        self.assert_denied(lambda s, *_: s == "px/a", destinations=["outside", "node/node2", "node/node3"])

    def test_an_egress_ipBlock_of_node_addresses_lets_a_pod_reach_these_nodes(self):
        blocks = [{"ipBlock": {"cidr": "172.30.0.2/32"}}, {"ipBlock": {"cidr": "fd00:172:30::2/128"}}]
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"], egress=[{"to": blocks}]))
        self.assert_denied(lambda s, d, _: s == "px/a" and d == "node/node3", destinations=["node/node2", "node/node3"])

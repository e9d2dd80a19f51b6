"""NetworkPolicy: ports and protocols."""

import subprocess

from lab_under_test import address, in_pod, policy, probe
from policy_test import WEB, PolicyTest, labels


def ports_from_b(*ports):
    return [{"from": [{"podSelector": labels(pod="b")}], "ports": list(ports)}]


class Ports(PolicyTest):
    def assert_open_from_b_to_a(self, *open_ports):
        self.assert_denied(lambda s, d, port: d == "px/a" and not (s == "px/b" and port in open_ports))

    def test_without_ports_all_are_open(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]))
        self.assert_open_from_b_to_a("80/TCP", "81/TCP", "80/UDP")

    def test_a_number_means_TCP_unless_it_says_otherwise(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 80})))
        self.assert_open_from_b_to_a("80/TCP")

    def test_a_number_of_UDP(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 80, "protocol": "UDP"})))
        self.assert_open_from_b_to_a("80/UDP")

    def test_a_protocol_alone_means_all_its_ports(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"protocol": "TCP"})))
        self.assert_open_from_b_to_a("80/TCP", "81/TCP")

    def test_a_range_includes_both_ends(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 79, "endPort": 80})))
        self.assert_open_from_b_to_a("80/TCP")
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 81, "endPort": 90})))
        self.assert_open_from_b_to_a("81/TCP")

    def test_several_ports_are_alternatives(self):
        ports = [{"port": 81}, {"port": 80, "protocol": "UDP"}]
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b(*ports)))
        self.assert_open_from_b_to_a("81/TCP", "80/UDP")

    def test_a_rule_of_SCTP_opens_nothing_else(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 80, "protocol": "SCTP"})))
        self.assert_open_from_b_to_a()

    def test_a_name_means_each_pods_own_number_and_nothing_where_it_is_lacking(self):
        self.apply(policy("px", ingress=[{"ports": [{"port": "web"}]}]))
        self.assert_denied(
            lambda s, d, port: d.startswith("px/") and port != f"{WEB.get(d[-1])}/TCP"
        )

    def test_a_name_in_egress_means_the_destinations_number(self):
        self.apply(policy("px", selects={"pod": "c"}, policyTypes=["Egress"], egress=[{"ports": [{"port": "web"}]}]))
        self.assert_denied(lambda s, d, port: s == "px/c" and port != f"{WEB.get(d[-1])}/TCP")

    def test_a_name_of_another_protocol_opens_nothing(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": "web", "protocol": "UDP"})))
        self.assert_open_from_b_to_a()

    def test_ports_of_an_egress_rule(self):
        rule = {"to": [{"namespaceSelector": labels(team="y")}], "ports": [{"port": 81}]}
        self.apply(policy("px", selects={"pod": "a"}, policyTypes=["Egress"], egress=[rule]))
        self.assert_denied(lambda s, d, port: s == "px/a" and not (d.startswith("py/") and port == "81/TCP"))


class OtherProtocols(PolicyTest):
    def answers_ping(self, source, target):
        with in_pod(source):
            commands = [["ping", "-c", "3", "-i", "0.2", "-W", "1", address(target, family)] for family in (4, 6)]
            codes = [subprocess.run(command, capture_output=True).returncode for command in commands]
        self.assertEqual(len(set(codes)), 1, f"ping from {source} to {target} differs between IPv4 and IPv6: {codes}")
        return codes[0] == 0

    def test_ICMP_passes_where_nothing_isolates(self):
        self.assertTrue(self.answers_ping("px/b", "px/a"))

    def test_ICMP_passes_a_rule_without_ports(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=[{"from": [{"podSelector": labels(pod="b")}]}]))
        self.assertTrue(self.answers_ping("px/b", "px/a"))
        self.assertFalse(self.answers_ping("px/c", "px/a"))
        self.assertTrue(self.answers_ping("px/a", "px/c"), "replies come back to a pod that is isolated in ingress")

    def test_ICMP_does_not_pass_a_rule_with_ports(self):
        self.apply(policy("px", selects={"pod": "a"}, ingress=ports_from_b({"port": 80})))
        self.assertFalse(self.answers_ping("px/b", "px/a"))

    def test_ICMP_errors_of_an_admitted_connection_pass(self):
        rule = {"to": [{"podSelector": labels(pod="b")}], "ports": [{"port": 99, "protocol": "UDP"}]}
        self.apply(
            policy("px", selects={"pod": "a"}, policyTypes=["Ingress", "Egress"], egress=[rule]),
        )
        verdicts = probe("--from", "px/a", "--to", "px/b", "--to", "px/c", "--port", "99/udp")
        refused = {(verdict["to"], verdict["family"]): verdict["allowed"] for verdict in verdicts}
        self.assertEqual(
            refused, {("px/b", 4): True, ("px/b", 6): True, ("px/c", 4): False, ("px/c", 6): False}
        )

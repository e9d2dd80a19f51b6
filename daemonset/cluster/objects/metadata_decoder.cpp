// What objects of all kinds have in common: names, labels, selectors, protocols and addresses.
#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/objects/name_syntax.h"

namespace agent::cluster {
namespace {

using flowgen::LabelRequirement;
using Operator = LabelRequirement::Operator;

std::optional<Operator> decode_operator(const Field& field) {
    const std::string text = field.required_text();
    if (text == "In") return Operator::In;
    if (text == "NotIn") return Operator::NotIn;
    if (text == "Exists") return Operator::Exists;
    if (text == "DoesNotExist") return Operator::DoesNotExist;
    if (!text.empty()) field.refuse_value("is not an operator: it must be In, NotIn, Exists or DoesNotExist");
    return std::nullopt;
}

LabelRequirement decode_requirement(const Field& field) {
    LabelRequirement requirement;
    if (field["key"].required_text().empty()) return requirement;
    requirement.key = decode_word(field["key"], label_key_fault);
    for (const Field& value : field["values"].items()) {
        if (!value.present()) value.refuse_value("is not a string");
        requirement.values.insert(decode_word(value, label_value_fault));
    }
    const auto op = decode_operator(field["operator"]);
    if (!op) return requirement;
    requirement.op = *op;
    const bool takes_values = *op == Operator::In || *op == Operator::NotIn;
    if (takes_values && requirement.values.empty()) field["values"].refuse("is required with operators In and NotIn");
    if (!takes_values && !requirement.values.empty())
        field["values"].refuse_value("is not allowed with operators Exists and DoesNotExist");
    return requirement;
}

} // namespace

std::string decode_word(const Field& field, std::string_view (*fault)(std::string_view)) {
    std::string text = field.text();
    if (!field.is_text()) return text;
    if (const auto wrong = fault(text); !wrong.empty()) field.refuse_value(wrong);
    return text;
}

flowgen::ObjectName decode_name(const Field& object) {
    const Field metadata = object["metadata"];
    flowgen::ObjectName id{"default", metadata["name"].required_text()};
    if (!id.name.empty()) id.name = decode_word(metadata["name"], subdomain_fault);
    const std::string written = metadata["namespace"].text();
    if (!written.empty()) id.namespace_ = decode_word(metadata["namespace"], dns_label_fault);
    return id;
}

flowgen::Labels decode_labels(const Field& field) {
    flowgen::Labels labels;
    for (const auto& [key, value] : field.entries()) {
        if (const auto wrong = label_key_fault(key); !wrong.empty())
            field.refuse("'" + key + "' " + std::string(wrong));
        labels.emplace(key, decode_word(value, label_value_fault));
    }
    return labels;
}

flowgen::LabelSelector decode_selector(const Field& field) {
    flowgen::LabelSelector selector;
    selector.match_labels = decode_labels(field["matchLabels"]);
    for (const Field& requirement : field["matchExpressions"].items())
        selector.match_expressions.push_back(decode_requirement(requirement));
    return selector;
}

flowgen::Protocol decode_protocol(const Field& field) {
    const std::string text = field.text();
    if (text == "UDP") return flowgen::Protocol::UDP;
    if (text == "SCTP") return flowgen::Protocol::SCTP;
    if (text != "TCP" && field.is_text()) field.refuse_value("is not a protocol: it must be TCP, UDP or SCTP");
    return flowgen::Protocol::TCP;
}

std::optional<flowgen::Prefix> decode_cidr(const Field& field) {
    const std::string text = field.required_text();
    if (text.empty()) return std::nullopt;
    const auto prefix = flowgen::Prefix::parse(text);
    if (prefix) return *prefix;
    field.refuse(prefix.error().message);
    return std::nullopt;
}

std::optional<flowgen::IpAddress> decode_address(const Field& field) {
    const std::string text = field.required_text();
    if (text.empty()) return std::nullopt;
    const auto address = flowgen::IpAddress::parse(text);
    if (address) return *address;
    field.refuse(address.error().message);
    return std::nullopt;
}

} // namespace agent::cluster

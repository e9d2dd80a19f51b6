#include "tools/ovs-cnictl/manifests_command.h"

#include "daemonset/cluster/manifests/manifest_file.h"
#include "daemonset/cluster/manifests/manifest_tree.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ovs_cnictl {
namespace {

namespace options = boost::program_options;
namespace cluster = agent::cluster;

struct Arguments {
    std::vector<std::string> paths;
    bool validate = true;
    bool help = false;
};

options::options_description visible_options(Arguments& arguments) {
    options::options_description description("Options");
    description.add_options()("help,h", options::bool_switch(&arguments.help), "print this text")(
        "validate", options::value(&arguments.validate)->default_value(true, "true")->value_name("true|false"),
        "refuse objects that the agent would refuse");
    return description;
}

std::string usage(const options::options_description& description) {
    std::ostringstream text;
    text
        << "usage: ovs-cnictl manifests [--validate=false] PATH...\n\n"
           "Prints the objects in manifests (YAML or JSON; files, folders, or '-' for standard input) as a JSON array\n"
           "of {\"file\", \"line\", \"object\"}. Lists are taken apart. Errors go to standard error as FILE:LINE: "
           "reason.\n\n"
        << description;
    return text.str();
}

/// Reads every path into one array. All errors are reported together.
class Reading {
  public:
    Reading(bool validate, std::istream& in) : validate_(validate), in_(in) {}

    void path(const std::string& path) {
        if (path == "-") {
            const std::string text(std::istreambuf_iterator<char>(in_), {});
            return add("<stdin>", cluster::Format::Yaml, text);
        }
        cluster::ManifestTree tree = cluster::walk_manifests(path);
        std::ranges::move(tree.errors, std::back_inserter(errors_));
        for (const auto& [file, stamp] : tree.files) {
            const auto text = cluster::read_text(file);
            if (text)
                add(file, cluster::format_of(file), *text);
            else
                errors_.push_back({file, 0, "cannot be read: " + text.error().message()});
        }
    }

    [[nodiscard]] const std::vector<cluster::FileError>& errors() const { return errors_; }

    void print(std::ostream& out) const {
        out << '[';
        const char* separator = "\n";
        for (const auto& object : objects_) out << std::exchange(separator, ",\n") << object.dump();
        out << (objects_.empty() ? "]\n" : "\n]\n");
    }

  private:
    void add(const std::string& file, cluster::Format format, std::string_view text) {
        auto documents = cluster::read_manifest(text, format);
        if (!documents) {
            errors_.push_back({file, documents.error().line, documents.error().reason});
            return;
        }
        if (validate_) {
            if (auto decoded = cluster::decode_documents(file, *documents); !decoded)
                std::ranges::move(decoded.error(), std::back_inserter(errors_));
        }
        for (cluster::Document& document : *documents)
            objects_.push_back({{"file", file}, {"line", document.lines.line}, {"object", std::move(document.object)}});
    }

    bool validate_;
    std::istream& in_;
    std::vector<nlohmann::json> objects_;
    std::vector<cluster::FileError> errors_;
};

} // namespace

int manifests_command(std::span<const std::string> given, Streams streams) {
    Arguments arguments;
    const options::options_description description = visible_options(arguments);
    options::options_description all;
    all.add(description).add_options()("path", options::value(&arguments.paths));
    options::positional_options_description positional;
    positional.add("path", -1);
    try {
        options::variables_map values;
        options::store(
            options::command_line_parser({given.begin(), given.end()}).options(all).positional(positional).run(),
            values);
        options::notify(values);
    } catch (const options::error& wrong) {
        streams.errors << "ovs-cnictl manifests: " << wrong.what() << "\n" << usage(description);
        return 2;
    }
    if (arguments.help) {
        streams.out << usage(description);
        return 0;
    }
    if (arguments.paths.empty()) {
        streams.errors << usage(description);
        return 2;
    }
    Reading reading(arguments.validate, streams.in);
    for (const std::string& path : arguments.paths) reading.path(path);
    for (const cluster::FileError& error : reading.errors()) streams.errors << error.text() << "\n";
    if (!reading.errors().empty()) return 1;
    reading.print(streams.out);
    return 0;
}

} // namespace ovs_cnictl

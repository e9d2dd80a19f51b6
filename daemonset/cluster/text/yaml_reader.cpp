#include "daemonset/cluster/text/yaml_reader.h"

#include "daemonset/cluster/text/yaml_scalar.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <spanstream>
#include <string>
#include <utility>

namespace agent::cluster {
namespace {

using nlohmann::json;

/// Thrown through yaml-cpp, whose parser cannot be stopped in another way, and caught in read_yaml.
struct Stopped : std::exception {};

int line_of(const YAML::Mark& mark) { return mark.line + 1; }

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

/// Passes yaml-cpp's events to the builder.
class Events : public YAML::EventHandler {
  public:
    explicit Events(DocumentBuilder& builder) : builder_(builder) {}

    YAML::Mark start; ///< where the last document began, its "---" included

    void OnDocumentStart(const YAML::Mark& mark) override { start = mark; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (builder_.wants_key()) check(builder_.fail(line_of(mark), "a key is missing"));
        check(builder_.scalar(nullptr, line_of(mark), anchor));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        check(builder_.alias(anchor, line_of(mark)));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        const int line = line_of(mark);
        if (!builder_.wants_key()) return check(builder_.scalar(typed(mark, tag, text), line, anchor));
        if (anchor != DocumentBuilder::kNoAnchor) check(builder_.fail(line, "an anchor at a key"));
        check(tag == "?" && text == "<<" ? builder_.merge_key(line) : builder_.key(text, line));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check(builder_.begin(json::value_t::array, line_of(mark), anchor));
    }
    void OnSequenceEnd() override { check(builder_.end()); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check(builder_.begin(json::value_t::object, line_of(mark), anchor));
    }
    void OnMapEnd() override { check(builder_.end()); }

  private:
    static void check(bool fine) {
        if (!fine) throw Stopped{};
    }

    /// yaml-cpp's tag is "?" for plain scalars, "!" for quoted and block ones, else what the author wrote.
    json typed(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
        if (tag == "?") return plain_scalar(text);
        if (!tag.starts_with(kTagPrefix)) return text;
        const auto type = std::string_view(tag).substr(kTagPrefix.size());
        if (type == "str" || type == "binary" || type == "timestamp") return text;
        json value = plain_scalar(text);
        const bool fits = (type == "int" && value.is_number_integer()) || (type == "float" && value.is_number()) ||
                          (type == "bool" && value.is_boolean()) || (type == "null" && value.is_null());
        if (!fits) check(builder_.fail(line_of(mark), "'" + text + "' is not of the type !!" + std::string(type)));
        return value;
    }

    DocumentBuilder& builder_;
};

/// The lines of a text, to check the separator between two documents.
class Lines {
  public:
    explicit Lines(std::string_view text) {
        for (std::size_t end = 0; end != text.npos; text.remove_prefix(end == text.npos ? 0 : end + 1)) {
            end = text.find('\n');
            lines_.push_back(text.substr(0, end));
        }
    }

    /// Whether a document that starts at `mark` is separated from the one before it: yaml-cpp
    /// starts a new document wherever the old one cannot continue, such as after a wrong
    /// indentation, and at a stray bracket does so for ever.
    [[nodiscard]] bool separated(const YAML::Mark& mark) const {
        auto at = static_cast<std::size_t>(mark.line);
        if (at >= lines_.size() || (mark.column == 0 && lines_[at].starts_with("---"))) return true;
        while (at-- > 0) {
            const auto first = lines_[at].find_first_not_of(" \t\r");
            if (first != std::string_view::npos && lines_[at][first] != '#') return lines_[at].starts_with("...");
        }
        return false;
    }

  private:
    std::vector<std::string_view> lines_;
};

} // namespace

std::expected<std::vector<BuiltValue>, DocumentBuilder::Failure> read_yaml(std::string_view text) {
    std::vector<BuiltValue> documents;
    DocumentBuilder builder;
    const Lines lines(text);
    try {
        std::ispanstream stream{std::span<const char>(text)};
        YAML::Parser parser(stream);
        Events events(builder);
        int last_start = -1;
        while (parser.HandleNextDocument(events)) {
            const bool moved = events.start.pos > std::exchange(last_start, events.start.pos);
            if (!moved || (!documents.empty() && !lines.separated(events.start)))
                return std::unexpected(DocumentBuilder::Failure{
                    line_of(events.start),
                    "this does not continue the lines above: wrong indentation, or '---' missing"});
            if (auto built = builder.take()) documents.push_back(std::move(*built));
        }
    } catch (const Stopped&) {
        return std::unexpected(*builder.failure());
    } catch (const YAML::Exception& broken) {
        return std::unexpected(DocumentBuilder::Failure{line_of(broken.mark), "not YAML: " + broken.msg});
    }
    return documents;
}

} // namespace agent::cluster

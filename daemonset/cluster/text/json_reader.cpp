#include "daemonset/cluster/text/json_reader.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

namespace agent::cluster {
namespace {

using nlohmann::json;

/// Walks over the text and exposes the parser's position, which nlohmann's parser itself does not.
class Walk {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Walk(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    Walk& operator++() {
        ++at_;
        *reached_ = at_;
        return *this;
    }
    Walk operator++(int) {
        Walk before = *this;
        ++*this;
        return before;
    }
    bool operator==(const Walk& other) const { return at_ == other.at_; }

  private:
    const char* at_;
    const char** reached_;
};

/// Passes nlohmann's events to the builder.
class Events : public nlohmann::json_sax<json> {
  public:
    Events(DocumentBuilder& builder, std::string_view text)
        : builder_(builder), reached_(text.data()), counted_(text.data()) {}

    const char** reached() { return &reached_; }

    /// The line of the token just read. The parser is one character further after a number, hence the -1.
    int line() {
        const char* last = std::max(counted_, reached_ - 1);
        line_ += static_cast<int>(std::count(counted_, last, '\n'));
        counted_ = last;
        return line_;
    }

    bool null() override { return builder_.scalar(nullptr, line()); }
    bool boolean(bool value) override { return builder_.scalar(value, line()); }
    bool number_integer(std::int64_t value) override { return builder_.scalar(value, line()); }
    bool number_unsigned(std::uint64_t value) override { return builder_.scalar(value, line()); }
    bool number_float(double value, const std::string&) override { return builder_.scalar(value, line()); }
    bool string(std::string& value) override { return builder_.scalar(std::move(value), line()); }
    bool binary(json::binary_t&) override { return builder_.fail(line(), "binary values are not JSON"); }
    bool start_object(std::size_t) override { return builder_.begin(json::value_t::object, line()); }
    bool end_object() override { return builder_.end(); }
    bool start_array(std::size_t) override { return builder_.begin(json::value_t::array, line()); }
    bool end_array() override { return builder_.end(); }
    bool key(std::string& name) override { return builder_.key(std::move(name), line()); }
    bool parse_error(std::size_t, const std::string&, const json::exception& broken) override {
        // "[json.exception.parse_error.101] parse error at line 1, column 5: WHAT"; we add our own
        // line.
        const std::string_view what = broken.what();
        const auto colon = what.find(": ");
        return builder_.fail(line(), "not JSON: " + std::string(colon == what.npos ? what : what.substr(colon + 2)));
    }

  private:
    DocumentBuilder& builder_;
    const char* reached_;
    const char* counted_;
    int line_ = 1;
};

} // namespace

std::expected<std::vector<BuiltValue>, DocumentBuilder::Failure> read_json(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    std::vector<BuiltValue> documents;
    DocumentBuilder builder;
    const char* const end = text.data() + text.size();
    Events events(builder, text);
    for (;;) {
        const char* at = *events.reached();
        const auto rest = std::string_view(at, end);
        if (rest.find_first_not_of(space) == rest.npos) return documents;
        const bool fine = json::sax_parse(Walk(at, events.reached()), Walk(end, events.reached()), &events,
                                          json::input_format_t::json, /*strict=*/false);
        if (!fine) return std::unexpected(*builder.failure());
        if (auto built = builder.take()) documents.push_back(std::move(*built));
    }
}

} // namespace agent::cluster

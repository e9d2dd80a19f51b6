// The agent's log: one line of logfmt for each thing that changed or went wrong, on standard error.
//
//   time=2024-05-01T12:00:00.123+0000 level=info msg="policy change installed" generation=12 added=3 removed=1
//
// Nothing is logged per packet or per unchanged object, so a quiet log means that nothing changes.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace agent {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

/// One key=value of a line; the value is quoted when it has to be.
struct LogField {
    template <typename T> LogField(std::string_view field_key, const T& field_value)
        : key(field_key), value(fmt::format("{}", field_value)) {}

    std::string_view key;
    std::string value;
};

/// Opens the log on standard error; lines below `threshold` are left out.
void open_log(LogLevel threshold);

/// Whether lines of the level debug are written; to be asked before a line is put together that takes long.
[[nodiscard]] bool logs_debug();

/// What follows the level in a line: msg="..." and the fields.
[[nodiscard]] std::string log_text(std::string_view message, std::initializer_list<LogField> fields);

void log_debug(std::string_view message, std::initializer_list<LogField> fields = {});
void log_info(std::string_view message, std::initializer_list<LogField> fields = {});
void log_warning(std::string_view message, std::initializer_list<LogField> fields = {});
void log_error(std::string_view message, std::initializer_list<LogField> fields = {});

/// A state that is tried again and again, such as a connection: says each reason once, not once for each try.
class FailureLog {
  public:
    explicit FailureLog(std::string_view what) : what_(what) {}

    /// A warning, unless the last one said the same.
    void failed(const std::string& reason);
    /// A line that it works again, if it had failed.
    void recovered();
    /// The last reason; empty when it works.
    [[nodiscard]] const std::string& last_error() const { return reason_; }

  private:
    std::string what_;
    std::string reason_;
};

} // namespace agent

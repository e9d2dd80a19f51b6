// The agent's log: one line of logfmt for each change or failure, on standard error.
//
//   time=2024-05-01T12:00:00.123+0000 level=info msg="policy change installed" generation=12 added=3 removed=1
//
// Nothing is logged per packet or per unchanged object, so a quiet log means that nothing is
// changing.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace agent {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

/// One key=value of a line; the value is quoted if necessary.
struct LogField {
    template <typename T> LogField(std::string_view field_key, const T& field_value)
        : key(field_key), value(fmt::format("{}", field_value)) {}

    std::string_view key;
    std::string value;
};

/// Opens the log on standard error; lines below `threshold` are left out.
void open_log(LogLevel threshold);

/// Whether lines of the level debug are written. Check it before building a line that is expensive.
[[nodiscard]] bool logs_debug();

/// The part of a line after the level: msg="..." and the fields.
[[nodiscard]] std::string log_text(std::string_view message, std::initializer_list<LogField> fields);

void log_debug(std::string_view message, std::initializer_list<LogField> fields = {});
void log_info(std::string_view message, std::initializer_list<LogField> fields = {});
void log_warning(std::string_view message, std::initializer_list<LogField> fields = {});
void log_error(std::string_view message, std::initializer_list<LogField> fields = {});

/// Logs a state that is retried, such as a connection: each reason once, not once for each attempt.
class FailureLog {
  public:
    explicit FailureLog(std::string_view what) : what_(what) {}

    /// A warning, unless the last one gave the same reason.
    void failed(const std::string& reason);
    /// Logs the recovery, if there was a failure.
    void recovered();
    /// The last reason; empty after a recovery.
    [[nodiscard]] const std::string& last_error() const { return reason_; }

  private:
    std::string what_;
    std::string reason_;
};

} // namespace agent

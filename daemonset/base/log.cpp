#include "daemonset/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

namespace agent {
namespace {

spdlog::level::level_enum threshold_of(LogLevel level) {
    switch (level) {
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Info:
        return spdlog::level::info;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    }
    return spdlog::level::info;
}

void append_quoted(std::string& line, std::string_view value) {
    line += '"';
    for (const char c : value) {
        if (c == '\n')
            line += "\\n";
        else if (c == '"' || c == '\\')
            (line += '\\') += c;
        else
            line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    line += '"';
}

bool needs_quotes(std::string_view value) {
    return value.empty() || std::ranges::any_of(value, [](char c) {
               return c == ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
           });
}

void write(spdlog::level::level_enum level, std::string_view message, std::initializer_list<LogField> fields) {
    if (spdlog::should_log(level)) spdlog::log(level, "{}", log_text(message, fields));
}

} // namespace

void open_log(LogLevel threshold) {
    // The single-threaded sink: the agent has one thread.
    auto log = std::make_shared<spdlog::logger>("agent", std::make_shared<spdlog::sinks::stderr_sink_st>());
    log->set_pattern("time=%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
    log->set_level(threshold_of(threshold));
    spdlog::set_default_logger(std::move(log));
}

bool logs_debug() { return spdlog::should_log(spdlog::level::debug); }

std::string log_text(std::string_view message, std::initializer_list<LogField> fields) {
    std::string line = "msg=";
    append_quoted(line, message);
    for (const auto& field : fields) {
        ((line += ' ') += field.key) += '=';
        if (needs_quotes(field.value))
            append_quoted(line, field.value);
        else
            line += field.value;
    }
    return line;
}

void log_debug(std::string_view message, std::initializer_list<LogField> fields) {
    write(spdlog::level::debug, message, fields);
}
void log_info(std::string_view message, std::initializer_list<LogField> fields) {
    write(spdlog::level::info, message, fields);
}
void log_warning(std::string_view message, std::initializer_list<LogField> fields) {
    write(spdlog::level::warn, message, fields);
}
void log_error(std::string_view message, std::initializer_list<LogField> fields) {
    write(spdlog::level::err, message, fields);
}

void FailureLog::failed(const std::string& reason) {
    if (reason == reason_) return;
    reason_ = reason;
    log_warning(what_ + " failed, retrying", {{"reason", reason}});
}

void FailureLog::recovered() {
    if (reason_.empty()) return;
    reason_.clear();
    log_info(what_ + " works again");
}

} // namespace agent

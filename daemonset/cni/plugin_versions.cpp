#include "daemonset/cni/plugin_versions.h"

#include "posix/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

namespace agent {
namespace {

using outcome::fail;
using outcome::Result;
using posix::Descriptor;

constexpr std::chrono::milliseconds kPatience{5000};
constexpr std::string_view kQuestion = R"({"cniVersion": "1.0.0"})";

/// Reads until the other end closes. Errors: it takes too long.
Result<std::string> read_answer(int pipe) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::string answer;
    std::array<char, 4096> chunk{};
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd readable{pipe, POLLIN, 0};
        const int ready = left.count() > 0 ? poll(&readable, 1, static_cast<int>(left.count())) : 0;
        if (ready == 0) return fail("no answer within " + std::to_string(kPatience.count()) + " ms");
        if (ready < 0) continue; // interrupted
        const auto size = read(pipe, chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return fail(std::strerror(errno));
        if (size == 0) return answer;
        answer.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

Result<std::string> ask(const std::filesystem::path& plugin) {
    const Descriptor question(memfd_create("question", MFD_CLOEXEC));
    const auto size = static_cast<ssize_t>(kQuestion.size());
    if (!question.valid() || pwrite(question.get(), kQuestion.data(), kQuestion.size(), 0) != size)
        return fail(std::strerror(errno));
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::strerror(errno));
    const Descriptor answer(ends[0]);
    pid_t child = 0;
    int failed = 0;
    {
        const Descriptor written(ends[1]); // only the plugin's copy may stay open, or its exit would go unnoticed
        posix_spawn_file_actions_t actions{};
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, question.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, written.get(), STDOUT_FILENO);
        std::string name = plugin.string();
        std::string verb = "CNI_COMMAND=VERSION";
        const std::array<char*, 2> arguments{name.data(), nullptr};
        const std::array<char*, 2> environment{verb.data(), nullptr};
        failed = posix_spawn(&child, name.c_str(), &actions, nullptr, arguments.data(), environment.data());
        posix_spawn_file_actions_destroy(&actions);
    }
    if (failed != 0) return fail(std::strerror(failed));
    auto text = read_answer(answer.get());
    if (!text) kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return text;
}

} // namespace

Result<std::vector<std::string>> plugin_versions(const std::filesystem::path& plugin) {
    const std::string what = "ask " + plugin.string() + " for its versions: ";
    const auto answer = ask(plugin);
    if (!answer) return fail(what + answer.error().message);
    const auto json = nlohmann::json::parse(*answer, nullptr, false);
    if (!json.is_object() || !json.contains("supportedVersions") || !json["supportedVersions"].is_array())
        return fail(what + "it answers no supportedVersions: " + answer->substr(0, 200));
    std::vector<std::string> versions;
    for (const auto& version : json["supportedVersions"])
        if (version.is_string()) versions.push_back(version.get<std::string>());
    return versions;
}

} // namespace agent

#include "tests/ovs-cni/plugin_process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <vector>

namespace ovs_cni {
namespace {

struct Pipe {
    Pipe() {
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    }
    std::array<int, 2> ends{};
};

std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
}

} // namespace

PluginProcess::PluginProcess(const netlink::NetworkNamespace& host, const Setting& setting) {
    std::vector<std::string> variables;
    for (const auto& [name, value] : setting.variables) variables.push_back(name + "=" + value);
    std::vector<char*> environment;
    for (auto& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    std::string program = setting.program;
    std::array<char*, 2> arguments{program.data(), nullptr};

    const Pipe input;
    const Pipe output;
    const Pipe errors;
    began_ = std::chrono::steady_clock::now();
    pid_ = fork();
    if (pid_ == 0) {
        dup2(input.ends[0], STDIN_FILENO);
        dup2(output.ends[1], STDOUT_FILENO);
        dup2(errors.ends[1], STDERR_FILENO);
        if (setns(host.fd(), CLONE_NEWNET) == 0) execve(program.c_str(), arguments.data(), environment.data());
        _exit(127);
    }
    for (const int fd : {input.ends[0], output.ends[1], errors.ends[1]}) close(fd);
    output_ = output.ends[0];
    errors_ = errors.ends[0];
    if (setting.output_closed) close(std::exchange(output_, -1));
    // Configurations fit into a pipe, so this can write without a reader.
    if (write(input.ends[1], setting.input.data(), setting.input.size()) < 0) throw std::runtime_error("no input");
    close(input.ends[1]);
}

PluginProcess::~PluginProcess() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void PluginProcess::signal(int number) const { kill(pid_, number); }

Finished PluginProcess::finish() {
    Finished finished;
    if (output_ >= 0) finished.output = read_to_end(output_);
    finished.errors = read_to_end(errors_);
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    finished.time = std::chrono::steady_clock::now() - began_;
    finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    for (const int fd : {output_, errors_}) {
        if (fd >= 0) close(fd);
    }
    return finished;
}

} // namespace ovs_cni

#include "tests/daemonset/switch/real_switch.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace agent {
namespace {

constexpr auto kSchema = "/usr/share/openvswitch/vswitch.ovsschema";

bool accepts(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool accepted = connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(socket);
    return accepted;
}

/// Waits for a listener on this unix socket; wakes whenever an entry appears in its folder.
void wait_for_listener(const std::filesystem::path& path) {
    const int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    inotify_add_watch(changes, path.parent_path().c_str(), IN_CREATE);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!accepts(path.string())) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("no listener on " + path.string());
        pollfd event{changes, POLLIN, 0};
        std::array<char, 4096> ignored{};
        if (poll(&event, 1, 10) > 0 && read(changes, ignored.data(), ignored.size()) < 0)
            throw std::runtime_error("inotify does not work");
    }
    close(changes);
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("OVS_RUNDIR", folder.c_str(), 1);
    const int log = open((folder / "output").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600); // NOLINT: the C function
    dup2(log, 1);
    dup2(log, 2);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

} // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& folder)
    : pid_(fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) become(arguments, folder);
}

ChildProcess::~ChildProcess() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

RealSwitch::RealSwitch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ovs-test.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
    command("ovsdb-tool create " + (folder_ / "conf.db").string() + " " + kSchema);
    ovsdb_.emplace(std::vector<std::string>{"ovsdb-server", (folder_ / "conf.db").string(),
                                            "--remote=punix:" + database_socket(),
                                            "--unixctl=" + (folder_ / "ovsdb.ctl").string()},
                   folder_);
    wait_for_listener(database_socket());
    restart_vswitchd();
}

RealSwitch::~RealSwitch() {
    vswitchd_.reset();
    ovsdb_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void RealSwitch::stop_vswitchd() { vswitchd_.reset(); }

void RealSwitch::restart_vswitchd() {
    vswitchd_.reset();
    std::filesystem::remove(folder_ / "vswitchd.ctl");
    std::filesystem::remove(openflow_socket());
    vswitchd_.emplace(std::vector<std::string>{"unshare", "--net", "ovs-vswitchd", "unix:" + database_socket(),
                                               "--unixctl=" + (folder_ / "vswitchd.ctl").string(),
                                               "--log-file=" + (folder_ / "vswitchd.log").string(), "-vconsole:off",
                                               "-vsyslog:off"},
                      folder_);
    wait_for_listener(folder_ / "vswitchd.ctl");
}

std::string RealSwitch::command(const std::string& text) {
    const auto inside = vswitchd_ ? "nsenter --net=/proc/" + std::to_string(vswitchd_->pid()) + "/ns/net " : "";
    const auto line = inside + text + " 2>&1";
    std::FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen failed");
    std::string output;
    std::array<char, 65536> chunk{};
    for (std::size_t bytes = 0; (bytes = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
        output.append(chunk.data(), bytes);
    if (pclose(pipe) != 0) throw std::runtime_error(line + ": " + output);
    return output;
}

std::string RealSwitch::ofctl(const std::string& verb, const std::string& arguments) {
    return command("ovs-ofctl -O OpenFlow15 " + verb + " unix:" + openflow_socket() + " " + arguments);
}

std::string RealSwitch::vsctl(const std::string& arguments) {
    return command("ovs-vsctl --timeout=20 --db=unix:" + database_socket() + " " + arguments);
}

void RealSwitch::add_veth(const std::string& name, const std::string& peer) {
    command("ip link add " + name + " type veth peer name " + peer);
}

} // namespace agent

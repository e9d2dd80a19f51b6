#include "tests/daemonset/node.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace agent {
namespace {

constexpr auto kSchema = "/usr/share/openvswitch/vswitch.ovsschema";
constexpr std::uint16_t kHttpPort = 9475; // the namespace has no other process

int connect_unix(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

bool listens(const std::filesystem::path& path) {
    const int fd = connect_unix(path);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

/// All bytes until the other side closes.
std::string read_all(int fd) {
    std::string text;
    std::array<char, 65536> chunk{};
    for (ssize_t size = 0; (size = read(fd, chunk.data(), chunk.size())) > 0;)
        text.append(chunk.data(), static_cast<std::size_t>(size));
    close(fd);
    return text;
}

void enter_private_namespace() {
    if (unshare(CLONE_NEWNET) != 0) throw std::runtime_error("unshare: run the tests as root");
}

} // namespace

Process::Process(std::vector<std::string> arguments, const std::filesystem::path& log,
                 const std::map<std::string, std::string>& environment)
    : pid_(fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

Process::~Process() { kill(); }

int Process::wait() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int Process::terminate() {
    ::kill(pid_, SIGTERM);
    return wait();
}

void Process::kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    wait();
}

Node::Node(std::string configuration) {
    enter_private_namespace();
    std::string pattern = (std::filesystem::temp_directory_path() / "agent-test.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
    std::filesystem::create_directory(path("manifests"));
    command("ip link set lo up && ip link add underlay type veth peer name far-end && ip link set far-end up && ip "
            "addr add 172.30.0.1/24 dev underlay && "
            "ip addr add fd00:172:30::1/64 dev underlay nodad && ip link set underlay mtu 1500 up");
    command("ovsdb-tool create " + path("conf.db").string() + " " + kSchema);
    write("nodes.json", R"({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"},
         "spec": {"podCIDRs": ["10.244.1.0/24", "fd00:10:244:1::/64"]},
         "status": {"addresses": [{"type": "InternalIP", "address": "172.30.0.1"}]}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node2"},
         "spec": {"podCIDRs": ["10.244.2.0/24", "fd00:10:244:2::/64"]},
         "status": {"addresses": [{"type": "InternalIP", "address": "172.30.0.2"}]}}]})");
    std::ofstream(path("agent.yaml")) << "node: node1\nmanifests: " << path("manifests").string()
                                      << "\ndatapath: netdev\novsdbSocket: " << path("db.sock").string()
                                      << "\nopenflowSocket: " << path("br-int.mgmt").string()
                                      << "\ncniSocket: " << path("agent.sock").string() << "\n"
                                      << configuration;
    start_ovsdb();
    start_vswitchd();
}

Node::~Node() {
    agent_.reset();
    vswitchd_.reset();
    ovsdb_.reset();
    std::error_code ignored; // the system cleans up the rest of its temporary folder
    std::filesystem::remove_all(folder_, ignored);
}

std::map<std::string, std::string> Node::environment() const {
    return {{"OVS_RUNDIR", folder_.string()}, {"OVS_LOGDIR", folder_.string()}};
}

void Node::configure(const std::string& lines) const { std::ofstream(path("agent.yaml"), std::ios::app) << lines; }

void Node::start_ovsdb() {
    ovsdb_ = std::make_unique<Process>(std::vector<std::string>{"ovsdb-server", path("conf.db").string(),
                                                                "--remote=punix:" + path("db.sock").string(),
                                                                "--unixctl=" + path("ovsdb.ctl").string()},
                                       path("ovsdb.log"), environment());
    if (!eventually([&] { return listens(path("db.sock")); })) throw std::runtime_error("ovsdb-server does not listen");
}

void Node::start_vswitchd() {
    std::filesystem::remove(path("vswitchd.ctl"));
    vswitchd_ = std::make_unique<Process>(std::vector<std::string>{"ovs-vswitchd", "unix:" + path("db.sock").string(),
                                                                   "--unixctl=" + path("vswitchd.ctl").string(),
                                                                   "-vsyslog:off"},
                                          path("vswitchd.log"), environment());
    if (!eventually([&] { return listens(path("vswitchd.ctl")); }))
        throw std::runtime_error("vswitchd does not listen");
}

void Node::start_agent() {
    agent_ = std::make_unique<Process>(std::vector<std::string>{AGENT_PROGRAM, "--config", path("agent.yaml").string()},
                                       path("agent.log"));
}

void Node::start_ready_agent() {
    start_agent();
    if (!eventually([&] { return get("/readyz").status == 200; }))
        throw std::runtime_error("the agent is not ready: " + get("/readyz").body + "\n" + log());
}

int Node::stop_agent() { return agent_->terminate(); }
void Node::kill_agent() { agent_->kill(); }

void Node::write(const std::string& name, const std::string& text) const {
    const auto hidden = path("manifests") / ("." + name);
    std::ofstream(hidden) << text;
    std::filesystem::rename(hidden, path("manifests") / name);
}

void Node::remove(const std::string& name) const { std::filesystem::remove(path("manifests") / name); }

void Node::write_pod(const std::string& name) const {
    write("pod-" + name + ".json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ")" + name +
                                       R"(", "namespace": "shop", "uid": "uid-)" + name + R"(", "labels": {"app": ")" +
                                       name + R"("}}, "spec": {"nodeName": "node1", "containers": [{"name": "c"}]}})");
}

void Node::make_interface(const std::string& name) {
    command("ip link add h-" + name + " type veth peer name p-" + name + " && ip link set h-" + name + " up");
}

HttpReply Node::get(const std::string& target) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kHttpPort);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(fd);
        return {};
    }
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send failed");
    const auto reply = read_all(fd);
    const auto body = reply.find("\r\n\r\n");
    if (body == std::string::npos) return {};
    return {std::stoi(reply.substr(reply.find(' ') + 1, 3)), reply.substr(body + 4)};
}

nlohmann::json Node::debug() const { return nlohmann::json::parse(get("/debug").body); }

double Node::metric(const std::string& name) const {
    std::istringstream lines(get("/metrics").body);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
    return -1;
}

std::string Node::log() const {
    std::ostringstream text;
    text << std::ifstream(path("agent.log")).rdbuf();
    return text.str();
}

int Node::send(const std::string& line) const {
    const int fd = connect_unix(path("agent.sock"));
    if (fd < 0) throw std::runtime_error("the agent does not listen");
    if (::send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send failed");
    return fd;
}

std::string Node::exchange(const std::string& line) const { return read_all(send(line)); }

ovs_cni::AddRequest Node::add_request(const std::string& name) const {
    return {.key = {"container-" + name, "eth0"},
            .host_interface = "h-" + name,
            .mac = {{0x0a, 0x58, 0, 0, 0, 1}},
            .sandbox = "/run/netns/" + name,
            .network = "ovs-cni",
            .pod = ovs_cni::PodReference{"shop", name, "uid-" + name}};
}

ovs_cni::CniResult<ovs_cni::AddResponse> Node::add(const std::string& name) const {
    return call<ovs_cni::AddResponse>(add_request(name));
}

ovs_cni::CniResult<ovs_cni::DelResponse> Node::del(const std::string& name) const {
    return call<ovs_cni::DelResponse>(ovs_cni::DelRequest{{"container-" + name, "eth0"}, "ovs-cni"});
}

ovs_cni::CniResult<ovs_cni::CheckResponse> Node::check(const std::string& name) const {
    return call<ovs_cni::CheckResponse>(ovs_cni::CheckRequest{{"container-" + name, "eth0"}, "ovs-cni"});
}

std::string Node::command(const std::string& line) {
    std::FILE* pipe = popen(("{ " + line + "; } 2>&1").c_str(), "r");
    std::string output;
    std::array<char, 65536> chunk{};
    for (std::size_t size = 0; (size = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
        output.append(chunk.data(), size);
    if (pclose(pipe) != 0) throw std::runtime_error(line + ": " + output);
    return output;
}

std::string Node::vsctl(const std::string& arguments) {
    return command("ovs-vsctl --timeout=20 --db=unix:" + path("db.sock").string() + " " + arguments);
}

std::string Node::ofctl(const std::string& verb, const std::string& arguments) {
    return command("ovs-ofctl -O OpenFlow15 " + verb + " unix:" + path("br-int.mgmt").string() + " " + arguments);
}

std::vector<std::string> Node::flows(const std::string& filter) {
    std::istringstream lines(ofctl("--no-stats --no-names dump-flows", "'" + filter + "'"));
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);) found.push_back(line);
    std::ranges::sort(found); // the switch lists them in an order of its own
    return found;
}

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + Node::kPatience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        poll(nullptr, 0, 2);
    }
    return true;
}

} // namespace agent

#include "tests/ovs-cni/scripted_agent.h"

#include "flowgen/flow/pipeline.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace ovs_cni {
namespace {

std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ovs-cni-plugin-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    return name;
}

int listen_at(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 64) != 0)
        throw std::runtime_error("cannot listen at " + path);
    return fd;
}

std::string read_line(int connection) {
    std::string line;
    std::array<char, 4096> buffer{};
    while (!line.ends_with('\n')) {
        const auto size = recv(connection, buffer.data(), buffer.size(), 0);
        if (size <= 0) break;
        line.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return line;
}

} // namespace

ScriptedAgent::ScriptedAgent() : ScriptedAgent(WorkingAgent()) {}

ScriptedAgent::ScriptedAgent(Script script)
    : folder_(make_folder()), listener_(listen_at(socket())), script_(std::move(script)), thread_([this] { serve(); }) {
}

ScriptedAgent::~ScriptedAgent() {
    stop();
    std::filesystem::remove_all(folder_);
}

void ScriptedAgent::answer(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
}

void ScriptedAgent::hang() {
    const std::lock_guard lock(mutex_);
    hanging_ = true;
}

void ScriptedAgent::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    connections_.clear();
    close(listener_);
}

std::vector<Request> ScriptedAgent::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

bool ScriptedAgent::wait_for_requests(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= number; });
}

void ScriptedAgent::serve() {
    for (;;) {
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        connections_.emplace_back([this, connection] {
            serve_one(connection);
            close(connection);
        });
    }
}

void ScriptedAgent::serve_one(int connection) {
    const auto request = decode_request(read_line(connection));
    if (!request) return;
    std::unique_lock lock(mutex_);
    requests_.push_back(*request);
    changed_.notify_all();
    if (hanging_) changed_.wait(lock, [&] { return stopped_; });
    const auto response = stopped_ ? std::string() : script_(*request);
    lock.unlock();
    (void)send(connection, response.data(), response.size(), MSG_NOSIGNAL);
}

Response WorkingAgent::respond(const AddRequest& request) {
    ++given_;
    AddResponse response{{}, {}, mtu, flowgen::kRouterMac, checksum_offload};
    for (const auto family : families) {
        const bool is_v4 = family == ipam::Family::IPv4;
        const auto base = ipam::IpAddress::parse(is_v4 ? "10.244.1.0" : "fd00:10:244:1::").value();
        response.addresses.push_back({family, base.bits + given_});
        response.gateways.push_back(is_v4 ? flowgen::kRouterIpv4 : flowgen::kRouterIpv6);
    }
    records_[request.key] = {request.host_interface, request.mac, response.addresses, request.sandbox, {}};
    return response;
}

std::string WorkingAgent::operator()(const Request& request) {
    if (const auto* const add = std::get_if<AddRequest>(&request)) return encode_response(respond(*add));
    if (const auto* const del = std::get_if<DelRequest>(&request)) {
        const auto record = records_.extract(del->key);
        return encode_response(record ? DelResponse{record.mapped().host_interface} : DelResponse{});
    }
    if (const auto* const check = std::get_if<CheckRequest>(&request)) {
        const auto record = records_.find(check->key);
        if (record != records_.end()) return encode_response(record->second);
        return encode_response(CniError{cni_code::kUnknownContainer, "no such attachment", ""});
    }
    if (std::holds_alternative<GcRequest>(request)) return encode_response(GcResponse{});
    return encode_response(StatusResponse{});
}

} // namespace ovs_cni

// The memory cost of all pods' labels: lists of N pods' metadata with 300 label sets, item by item
// as from the Kubernetes API, read twice as after a lost watch. Prints resident memory in KiB.
#include "daemonset/cluster/kubernetes/cluster_view.h"

#include <nlohmann/json.hpp>

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

constexpr int kLabelSets = 300;

long kilobytes(const std::string& field) {
    std::ifstream status("/proc/self/status");
    long value = 0;
    for (std::string word; status >> word;)
        if (word == field + ":") status >> value;
    return value;
}

nlohmann::json metadata_of_pod(int number) {
    const auto app = "application-" + std::to_string(number % kLabelSets);
    char uid[37];
    std::snprintf(uid, sizeof uid, "%08x-1c2d-4e5f-8a9b-%012x", number, number);
    return {{"metadata",
             {{"namespace", "namespace-" + std::to_string(number % 30)},
              {"name", app + "-7c9d8b6f5d-" + std::to_string(number)},
              {"uid", uid},
              {"resourceVersion", std::to_string(number + 1)},
              {"labels", {{"app.kubernetes.io/name", app}, {"pod-template-hash", "7c9d8b6f5d"}}}}}};
}

void list(agent::kubernetes::ObjectSink& sink, int pods) {
    sink.begin_list();
    for (int number = 0; number < pods; ++number) sink.listed(metadata_of_pod(number));
    sink.end_list();
}

} // namespace

int main(int argc, char** argv) {
    const int pods = argc > 1 ? std::atoi(argv[1]) : 100000;
    agent::kubernetes::ClusterView view("node1");
    auto sources = view.sources();
    auto& sink = sources.at(1).sink;
    const long before = kilobytes("VmRSS");
    for (const auto* const which : {"first", "second"}) {
        list(sink, pods);
        malloc_trim(0);
        std::printf("%s list of %d pods: %ld KiB resident, %ld at the peak\n", which, pods, kilobytes("VmRSS") - before,
                    kilobytes("VmHWM") - before);
    }
    const auto errors = view.errors();
    if (errors.empty()) return 0;
    std::printf("%s\n", errors.front().c_str());
    return 1;
}

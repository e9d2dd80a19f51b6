// Addresses that go to another pod, and entries of connection tracking that are lost, while
// connections are open: what bypasses policy as a reply belongs to the two pods that the connection
// was admitted for. JUDGE_SEED=N replays a run.
#include "tests/judge/agreement.h"
#include "tests/judge/describe.h"
#include "tests/judge/random_attempts.h"
#include "tests/judge/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace judge {
namespace {

constexpr int kClusters = 25;
constexpr int kAttempts = 60; ///< tried in each cluster
constexpr std::uint16_t kSuccessorPort = 900;

/// A cluster with one open connection between two pods, to which something happens.
class OpenConnection {
  public:
    OpenConnection(Cluster cluster, const Attempt& attempt, std::uint16_t source_port)
        : cluster_(std::move(cluster)), attempt_(attempt),
          wire_(crossing(cluster_, attempt, Path::Direct, source_port)),
          fabric_(std::move(compile_fabric(cluster_).value())) {}

    /// False when policy does not allow it.
    [[nodiscard]] bool open() {
        if (!judge(cluster_.state, attempt_).allowed) return false;
        return sent(wire_.entry, wire_.request, wire_.exit) && sent(wire_.exit, wire_.reply(), wire_.entry);
    }

    void set_policies(const std::map<flowgen::ObjectName, flowgen::NetworkPolicy>& policies) {
        cluster_.state.policies = policies;
        reload();
    }

    /// The pod at one end is gone, and another has its address.
    void replace(End& end, Random& random);
    void replace_server(Random& random) { replace(attempt_.to, random); }
    void replace_client(Random& random) { replace(attempt_.from, random); }

    void forget_everywhere() { fabric_.forget_connections(); }
    void forget_at_server() { fabric_.forget_connections(wire_.exit.node); }
    void forget_at_client() { fabric_.forget_connections(wire_.entry.node); }
    [[nodiscard]] bool on_one_node() const { return wire_.entry.node == wire_.exit.node; }
    [[nodiscard]] bool tcp() const { return attempt_.protocol == protocol::kTcp; }

    /// What the server sends as if it were a reply is delivered if policy allows it as a packet of
    /// its own. Returns the deviation.
    [[nodiscard]] std::string server_is_no_opener() {
        return expect("server's packet", wire_.exit, wire_.reply(), wire_.entry, reversed());
    }
    [[nodiscard]] std::string client_meets_policy(bool opening) {
        auto frame = wire_.request;
        frame.opening &= opening;
        return expect("client's packet", wire_.entry, frame, wire_.exit, attempt_);
    }
    /// The connection that the client opens anew between the same ports works at once.
    [[nodiscard]] std::string works_anew() {
        auto wrong = client_meets_policy(true);
        if (!wrong.empty() || !judge(cluster_.state, attempt_).allowed) return wrong;
        if (!sent(wire_.exit, wire_.reply(), wire_.entry)) return complaint("reply of the new connection is dropped");
        return client_meets_policy(false);
    }

  private:
    [[nodiscard]] Attempt reversed() const {
        return {.from = attempt_.to,
                .to = attempt_.from,
                .protocol = attempt_.protocol,
                .destination_port = wire_.request.tuple.source_port};
    }
    void reload() {
        const auto reloaded = fabric_.reload(compile_nodes(cluster_).value());
        ASSERT_TRUE(reloaded) << reloaded.error().message;
    }
    bool sent(const Place& from, const Frame& frame, const Place& to) {
        const auto journey = fabric_.send(from, frame);
        trace_ = journey.trace + journey.error;
        return journey.delivered_to(to);
    }
    [[nodiscard]] std::string expect(const std::string& what, const Place& from, const Frame& frame, const Place& to,
                                     const Attempt& as) {
        const bool allowed = judge(cluster_.state, as).allowed;
        if (sent(from, frame, to) == allowed) return "";
        return complaint(what + (allowed ? " is dropped, but allowed" : " passes, but is denied"));
    }
    [[nodiscard]] std::string complaint(const std::string& what) const {
        return attempt_.text() + "\n" + what + "\n" + trace_ + describe(cluster_, attempt_);
    }

    Cluster cluster_;
    Attempt attempt_;
    Crossing wire_;
    Fabric fabric_;
    std::string trace_;
};

void OpenConnection::replace(End& end, Random& random) {
    const auto before = std::get<PodEnd>(end.who).pod;
    auto pod = cluster_.state.pods.at(before);
    auto& attachments = cluster_.locals.at(pod.node).attachments;
    auto& attachment = *std::ranges::find(attachments, before, &flowgen::Attachment::pod);
    // Of any namespace and labels that the cluster has, since policies select by them.
    const auto& model =
        std::next(cluster_.state.pods.begin(), random.between(0, static_cast<int>(cluster_.state.pods.size()) - 1))
            ->second;
    pod.id = {.namespace_ = model.id.namespace_, .name = "successor"};
    pod.labels = model.labels;
    pod.uid = "successor";
    attachment.container_id = "successor";
    attachment.pod = pod.id;
    attachment.pod_uid = pod.uid;
    attachment.ofport = kSuccessorPort;
    attachment.ct_zone = kSuccessorPort;
    attachment.mac.bytes[5] ^= 0x80;
    cluster_.state.pods.erase(before);
    cluster_.state.pods[pod.id] = pod;
    end.who = PodEnd{pod.id};
    wire_ = crossing(cluster_, attempt_, Path::Direct, wire_.request.tuple.source_port);
    reload();
}

class ReusedAddresses : public testing::Test {
  protected:
    /// Calls `check` with open connections between pods, until one returns a deviation.
    template <typename Check> void with_open_connections(Check check) {
        Random random(seed_of_run());
        int checked = 0;
        for (int i = 0; i < kClusters; ++i) {
            auto cluster = random_cluster(random);
            cluster.state.policies = random_policies(cluster, random);
            AttemptMaker attempts(cluster, random);
            for (int j = 0; j < kAttempts; ++j) {
                const auto attempt = attempts.next();
                if (!attempt) break;
                const bool pods = std::holds_alternative<PodEnd>(attempt->from.who) &&
                                  std::holds_alternative<PodEnd>(attempt->to.who);
                if (!pods || attempt->from == attempt->to || !has_ports(attempt->protocol)) continue;
                OpenConnection connection(cluster, *attempt, static_cast<std::uint16_t>(50000 + j));
                if (!connection.open()) continue;
                ++checked;
                ASSERT_EQ(check(connection, cluster, random), "");
            }
        }
        std::cout << checked << " open connections\n";
        EXPECT_GT(checked, kClusters) << "the run proves little";
    }
};

TEST_F(ReusedAddresses, a_successor_of_the_server_answers_nothing) {
    with_open_connections([](OpenConnection& connection, const Cluster&, Random& random) {
        connection.replace_server(random);
        return connection.server_is_no_opener();
    });
}

TEST_F(ReusedAddresses, a_successor_of_the_server_is_opened_to_by_policy) {
    with_open_connections([](OpenConnection& connection, const Cluster&, Random& random) {
        connection.replace_server(random);
        return connection.works_anew();
    });
}

TEST_F(ReusedAddresses, a_successor_of_the_client_is_answered_nothing) {
    with_open_connections([](OpenConnection& connection, const Cluster&, Random& random) {
        connection.replace_client(random);
        return connection.server_is_no_opener();
    });
}

TEST_F(ReusedAddresses, a_successor_of_the_client_uses_the_same_ports_while_the_server_still_sends) {
    with_open_connections([](OpenConnection& connection, const Cluster&, Random& random) {
        connection.replace_client(random);
        auto wrong = connection.server_is_no_opener();
        return wrong.empty() ? connection.works_anew() : wrong;
    });
}

TEST_F(ReusedAddresses, where_the_entries_are_lost_the_server_is_no_opener) {
    with_open_connections([](OpenConnection& connection, const Cluster& cluster, Random& random) {
        // Without its beginning, a flow of datagrams has no opener but the first who sends.
        if (!connection.tcp()) return std::string();
        connection.forget_everywhere();
        auto wrong = connection.server_is_no_opener();
        connection.set_policies(random_policies(cluster, random));
        for (int round = 0; round < 2 && wrong.empty(); ++round) {
            wrong = connection.client_meets_policy(false);
            if (wrong.empty()) wrong = connection.server_is_no_opener();
        }
        return wrong.empty() ? connection.works_anew() : wrong;
    });
}

TEST_F(ReusedAddresses, where_one_end_has_lost_its_entry_the_server_is_no_opener) {
    with_open_connections([](OpenConnection& connection, const Cluster& cluster, Random& random) {
        if (connection.on_one_node()) return std::string();
        connection.forget_at_server();
        auto wrong = connection.server_is_no_opener();
        connection.set_policies(random_policies(cluster, random));
        return wrong.empty() ? connection.client_meets_policy(false) : wrong;
    });
}

} // namespace
} // namespace judge

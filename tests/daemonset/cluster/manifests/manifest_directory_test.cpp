// The watched directory on a real file system, with the kernel's own events.
#include "daemonset/cluster/manifests/manifest_directory.h"
#include "tests/daemonset/cluster/manifests/temporary_directory.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace agent::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ObjectKey pod(const std::string& name) { return {"Pod", {"default", name}}; }

class ManifestDirectoryTest : public testing::Test {
  protected:
    /// Watches `files` and reads their current contents.
    void start() {
        auto opened = ManifestDirectory::open(context_.get_executor(), files.path());
        ASSERT_TRUE(opened) << opened.error().message;
        directory = std::move(*opened);
        first = directory->rescan();
    }

    /// The next change; a failure when none comes within five seconds.
    Change next() {
        // Shared: after a deadline the coroutine still exists.
        const auto came = std::make_shared<std::optional<outcome::Result<Change>>>();
        boost::asio::co_spawn(
            context_, [this]() { return directory->next_change(); },
            [came](const std::exception_ptr& thrown, outcome::Result<Change> change) {
                if (thrown) std::rethrow_exception(thrown);
                *came = std::move(change);
            });
        const auto until = std::chrono::steady_clock::now() + 5s;
        context_.restart();
        while (!*came && context_.run_one_until(until) > 0) {
        }
        if (!*came || !**came) {
            ADD_FAILURE() << (*came ? (*came)->error().message : "no change came");
            return {};
        }
        return std::move(***came);
    }

    /// Changes until `done` holds, combined.
    Change next_until(const std::function<bool()>& done) {
        Change all;
        while (!done() && !HasFailure()) {
            const Change change = next();
            std::ranges::copy(change.objects, std::back_inserter(all.objects));
            std::ranges::copy(change.errors, std::back_inserter(all.errors));
        }
        return all;
    }

    [[nodiscard]] std::string label(const std::string& name) const {
        const auto& pods = directory->state().pods;
        const auto found = pods.find({"default", name});
        return found == pods.end() ? "nowhere" : found->second.labels.at("l");
    }

  private:
    boost::asio::io_context context_;

  protected:
    TemporaryDirectory files;
    Change first;
    std::unique_ptr<ManifestDirectory> directory;
};

TEST_F(ManifestDirectoryTest, what_is_there_at_first_is_read) {
    files.write("a.yaml", pod_yaml("a", "1") + "---\n{apiVersion: v1, kind: Service}\n");
    files.write("sub/b.json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}})");
    files.write("broken.yaml", "a: [");
    start();
    EXPECT_THAT(first.objects, ElementsAre(pod("a"), pod("b")));
    EXPECT_THAT(first.errors, ElementsAre(testing::Field(&FileError::file, files.path("broken.yaml"))));
    EXPECT_THAT(first.skipped, ElementsAre(testing::Field(&SkippedObject::kind, UnknownKind{"v1", "Service"})));
    EXPECT_EQ(directory->errors(), first.errors);
    EXPECT_EQ(directory->generation(), 1U);
}

TEST_F(ManifestDirectoryTest, a_new_file_is_a_change) {
    start();
    EXPECT_TRUE(first.empty());
    files.write("a.yaml", pod_yaml("a", "1"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "1");
}

TEST_F(ManifestDirectoryTest, a_file_written_in_place_is_a_change) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.write("a.yaml", pod_yaml("a", "2"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, a_file_renamed_over_another_is_a_change) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.replace("a.yaml", pod_yaml("a", "2"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, a_deleted_file_takes_its_objects_along) {
    files.write("a.yaml", pod_yaml("a", "1"));
    files.write("b.yaml", pod_yaml("b", "1"));
    start();
    files.remove("a.yaml");
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "nowhere");
    EXPECT_EQ(label("b"), "1");
}

TEST_F(ManifestDirectoryTest, a_file_moved_away_takes_its_objects_along_after_its_time) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    const auto moved = std::chrono::steady_clock::now();
    std::filesystem::rename(files.path("a.yaml"), files.path("a.yaml.off"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "nowhere");
    EXPECT_GE(std::chrono::steady_clock::now() - moved, 10ms);
}

class RenamedFile : public ManifestDirectoryTest,
                    public testing::WithParamInterface<std::pair<std::string, std::string>> {};

TEST_P(RenamedFile, changes_nothing) {
    const auto& [from, to] = GetParam();
    files.write(from, pod_yaml("a", "1"));
    start();
    std::filesystem::rename(files.path(from), files.path(to));
    files.write("other.yaml", pod_yaml("other", "1"));
    Change change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("other")));
    EXPECT_THAT(change.errors, IsEmpty());
    // A later deletion is decided later, so the old name has been decided by then.
    files.remove("other.yaml");
    change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("other")));
    EXPECT_THAT(directory->errors(), IsEmpty());
    EXPECT_EQ(label("a"), "1");
    EXPECT_TRUE(directory->rescan().empty());
}

INSTANTIATE_TEST_SUITE_P(BothWays, RenamedFile,
                         testing::Values(std::pair("b.yaml", "a.yaml"), std::pair("a.yaml", "c.yaml")));

TEST_F(ManifestDirectoryTest, an_editor_that_moves_the_old_file_aside_leaves_no_gap) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    // As vim does with a backup: rename, create, write (later), close, delete the backup.
    std::filesystem::rename(files.path("a.yaml"), files.path("a.yaml~"));
    std::ofstream slow(files.path("a.yaml"));
    files.write("tick.yaml", pod_yaml("tick", "1"));
    EXPECT_THAT(next().objects, ElementsAre(pod("tick")));
    files.remove("tick.yaml"); // decided after 10 ms, as a.yaml would be
    EXPECT_THAT(next().objects, ElementsAre(pod("tick")));
    EXPECT_EQ(label("a"), "1");
    slow << pod_yaml("a", "2");
    slow.close();
    files.remove("a.yaml~");
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, a_tool_that_deletes_the_old_file_first_leaves_no_gap) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.remove("a.yaml");
    files.write("a.yaml", pod_yaml("a", "2"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, swap_files_and_backups_are_no_manifests) {
    start();
    files.write(".a.yaml.swp", "broken: [");
    files.write("a.yaml~", "broken: [");
    files.write("4913", "");
    files.write("a.yaml", pod_yaml("a", "1"));
    const Change change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("a")));
    EXPECT_THAT(change.errors, IsEmpty());
}

TEST_F(ManifestDirectoryTest, a_broken_file_keeps_its_last_good_objects_and_the_rest_goes_on) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.write("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: A}\n");
    Change change = next();
    EXPECT_THAT(change.objects, IsEmpty());
    ASSERT_EQ(change.errors.size(), 1U);
    EXPECT_THAT(change.errors[0].text(), HasSubstr(files.path("a.yaml:3: Pod A: metadata.name: \"A\" is not")));
    EXPECT_EQ(label("a"), "1");

    files.write("b.yaml", pod_yaml("b", "1"));
    change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("b")));
    EXPECT_THAT(change.errors, IsEmpty()) << "an error is reported once";
    EXPECT_EQ(directory->errors().size(), 1U);

    files.write("a.yaml", pod_yaml("a", "2"));
    change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("a")));
    EXPECT_EQ(change.resolved.size(), 1U);
    EXPECT_THAT(directory->errors(), IsEmpty());
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, a_policy_that_cannot_be_read_fails_closed_and_the_rest_of_its_file_stays) {
    const auto policy = [](const std::string& port) {
        return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
               "spec: {podSelector: {}, ingress: [{ports: [{port: " +
               port + "}]}]}\n";
    };
    files.write("a.yaml", pod_yaml("a", "1") + policy("80"));
    start();
    const auto& policies = directory->state().policies;
    ASSERT_EQ(policies.at({"default", "p"}).ingress.size(), 1U);
    files.replace("a.yaml", pod_yaml("a", "2") + policy("0"));
    Change change = next();
    EXPECT_THAT(change.objects, ElementsAre(ObjectKey{"NetworkPolicy", {"default", "p"}}));
    EXPECT_TRUE(policies.at({"default", "p"}).ingress.empty());
    EXPECT_EQ(label("a"), "1");
    ASSERT_EQ(change.errors.size(), 2U);
    EXPECT_THAT(change.errors[0].text(),
                HasSubstr("NetworkPolicy p: until this is fixed, spec.ingress[0] allows nothing"));
    EXPECT_THAT(change.errors[1].text(), HasSubstr("port: 0 is out of range"));

    files.replace("b.yaml", policy("0").substr(4)); // never valid: the file that sorts first takes precedence
    change = next();
    EXPECT_EQ(change.errors.size(), 3U);
    files.replace("a.yaml", pod_yaml("a", "2"));
    change = next_until([&] { return label("a") == "2"; });
    EXPECT_TRUE(policies.at({"default", "p"}).ingress.empty()) << "b.yaml's policy, never valid, isolates";
    files.remove("b.yaml");
    change = next_until([&] { return policies.empty(); });
    EXPECT_THAT(directory->errors(), IsEmpty());
}

TEST_F(ManifestDirectoryTest, a_policy_of_another_group_fails_closed_until_it_is_fixed) {
    files.write("a.yaml", "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: p}\n");
    start();
    const auto& policies = directory->state().policies;
    ASSERT_TRUE(policies.contains({"default", "p"}));
    EXPECT_TRUE(policies.at({"default", "p"}).pod_selector.empty());
    EXPECT_EQ(policies.at({"default", "p"}).policy_types.size(), 2U);
    ASSERT_EQ(first.errors.size(), 2U);
    EXPECT_THAT(first.errors[0].text(), HasSubstr("use networking.k8s.io/v1"));
    EXPECT_THAT(first.errors[1].text(), HasSubstr("until this is fixed, all pods of namespace default are isolated"));
    EXPECT_THAT(first.skipped, IsEmpty());

    files.write("a.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
                          "spec: {podSelector: {matchLabels: {app: web}}}\n");
    EXPECT_EQ(next().resolved.size(), 2U);
    EXPECT_FALSE(policies.at({"default", "p"}).pod_selector.empty());
}

TEST_F(ManifestDirectoryTest, a_broken_file_that_is_deleted_takes_its_objects_along) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.write("a.yaml", "a: [");
    next();
    files.remove("a.yaml");
    const Change change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("a")));
    EXPECT_EQ(change.resolved.size(), 1U);
}

TEST_F(ManifestDirectoryTest, an_object_in_two_files_names_both_until_one_is_gone) {
    files.write("b.yaml", pod_yaml("a", "b"));
    start();
    files.write("a.yaml", "# first\n" + pod_yaml("a", "a"));
    Change change = next();
    EXPECT_EQ(label("a"), "a");
    ASSERT_EQ(change.errors.size(), 1U);
    EXPECT_EQ(change.errors[0].text(), files.path("b.yaml") + ":1: Pod default/a is also in " + files.path("a.yaml") +
                                           ":2, which takes precedence: remove one");
    files.remove("a.yaml");
    change = next_until([&] { return label("a") == "b"; });
    EXPECT_THAT(directory->errors(), IsEmpty());
}

TEST_F(ManifestDirectoryTest, an_object_may_move_from_file_to_file) {
    files.write("a.yaml", pod_yaml("x", "1"));
    files.write("b.yaml", pod_yaml("y", "1"));
    start();
    files.replace("a.yaml", pod_yaml("y", "2"));
    files.replace("b.yaml", pod_yaml("x", "2"));
    const Change change = next();
    EXPECT_THAT(change.objects, ElementsAre(pod("x"), pod("y")));
    EXPECT_THAT(change.errors, IsEmpty());
}

TEST_F(ManifestDirectoryTest, subdirectories_are_followed_as_they_come_and_go) {
    start();
    files.write("one/two/a.yaml", pod_yaml("a", "1"));
    next_until([&] { return label("a") == "1"; });
    files.write("one/two/a.yaml", pod_yaml("a", "2"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    std::filesystem::rename(files.path("one"), files.path("three"));
    files.write("three/two/b.yaml", pod_yaml("b", "1"));
    const Change change = next_until([&] { return label("b") == "1"; });
    EXPECT_THAT(change.objects, ElementsAre(pod("b")));
    EXPECT_THAT(change.errors, IsEmpty());
    files.remove("three");
    next_until([&] { return label("a") == "nowhere" && label("b") == "nowhere"; });
    EXPECT_THAT(directory->errors(), IsEmpty());
}

TEST_F(ManifestDirectoryTest, a_directory_moved_out_is_followed_no_more) {
    const TemporaryDirectory elsewhere;
    files.write("one/a.yaml", pod_yaml("a", "1"));
    start();
    std::filesystem::rename(files.path("one"), elsewhere.path("one"));
    next_until([&] { return label("a") == "nowhere"; });
    elsewhere.write("one/a.yaml", pod_yaml("a", "2"));
    files.write("b.yaml", pod_yaml("b", "1"));
    EXPECT_THAT(next().objects, ElementsAre(pod("b")));
    EXPECT_EQ(label("a"), "nowhere");
}

TEST_F(ManifestDirectoryTest, a_config_map_volume_changes_with_its_link) {
    files.write("..v1/a.yaml", pod_yaml("a", "1"));
    files.write("..v2/a.yaml", pod_yaml("a", "2"));
    std::filesystem::create_directory_symlink("..v1", files.path("..data"));
    std::filesystem::create_symlink("..data/a.yaml", files.path("a.yaml"));
    start();
    EXPECT_EQ(label("a"), "1");
    std::filesystem::create_directory_symlink("..v2", files.path("..data_tmp"));
    std::filesystem::rename(files.path("..data_tmp"), files.path("..data"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    EXPECT_EQ(label("a"), "2");
}

TEST_F(ManifestDirectoryTest, a_linked_file_counts_at_once) {
    files.write("a.off", pod_yaml("a", "1"));
    files.write("b.off", pod_yaml("b", "1"));
    start();
    std::filesystem::create_hard_link(files.path("a.off"), files.path("a.yaml"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
    std::filesystem::create_symlink("b.off", files.path("b.yaml"));
    EXPECT_THAT(next().objects, ElementsAre(pod("b")));
}

TEST_F(ManifestDirectoryTest, a_file_without_meaning_changes_nothing) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.write("a.yaml", pod_yaml("a", "1") + "# remark\n");
    files.write("service.yaml", "{apiVersion: v1, kind: Service}");
    files.write("b.yaml", "{apiVersion: v1, kind: Service}");
    const Change change = next();
    EXPECT_THAT(change.objects, IsEmpty());
    EXPECT_EQ(change.skipped.size(), 1U) << "a kind is reported once";
    EXPECT_EQ(directory->generation(), 2U);
}

TEST_F(ManifestDirectoryTest, a_rescan_finds_everything_at_once) {
    files.write("a.yaml", pod_yaml("a", "1"));
    files.write("b.yaml", pod_yaml("b", "1"));
    start();
    files.remove("a.yaml");
    files.write("b.yaml", pod_yaml("b", "2"));
    files.write("sub/c.yaml", pod_yaml("c", "1"));
    EXPECT_THAT(directory->rescan().objects, ElementsAre(pod("a"), pod("b"), pod("c")));
    EXPECT_EQ(label("a"), "nowhere");
    EXPECT_EQ(label("b"), "2");
    EXPECT_TRUE(directory->rescan().empty());
}

TEST_F(ManifestDirectoryTest, a_rescan_notices_a_second_write_within_one_tick_of_the_clock) {
    for (int round = 0; round < 20; ++round) {
        // Not closed in between, so that the kernel reports nothing and only the file itself shows
        // the change.
        std::ofstream file(files.path("a.yaml"));
        file << pod_yaml("a", "1") << std::flush;
        start();
        file.seekp(0) << pod_yaml("a", "2") << std::flush;
        EXPECT_THAT(directory->rescan().objects, ElementsAre(pod("a")));
        EXPECT_EQ(label("a"), "2");
    }
}

TEST_F(ManifestDirectoryTest, events_that_were_lost_are_made_up_for) {
    files.write("noise.0", "");
    files.write("noise.1", "");
    start();
    // More events than the kernel queues for one descriptor: it drops the rest and reports that.
    int most = 0;
    ASSERT_TRUE(std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most);
    for (int i = 0; i < most + 10; ++i)
        std::filesystem::permissions(files.path("noise." + std::to_string(i % 2)), std::filesystem::perms::owner_all);
    files.write("a.yaml", pod_yaml("a", "1"));
    next_until([&] { return label("a") == "1"; });
}

TEST_F(ManifestDirectoryTest, thousands_of_files_are_one_state) {
    constexpr int file_count = 3000;
    for (int i = 0; i < file_count; ++i)
        files.write("d" + std::to_string(i % 7) + "/" + std::to_string(i) + ".json",
                    R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p)" + std::to_string(i) + R"("}})");
    start();
    EXPECT_EQ(directory->state().pods.size(), file_count);
    for (int i = 0; i < file_count; i += 2)
        files.remove("d" + std::to_string(i % 7) + "/" + std::to_string(i) + ".json");
    next_until([&] { return directory->state().pods.size() == file_count / 2; });
    EXPECT_THAT(directory->errors(), IsEmpty());
}

TEST_F(ManifestDirectoryTest, a_burst_is_few_changes) {
    start();
    constexpr int file_count = 500;
    for (int i = 0; i < file_count; ++i)
        files.replace(std::to_string(i) + ".yaml", pod_yaml("p" + std::to_string(i), "1"));
    int changes = 0;
    while (directory->state().pods.size() < file_count && !HasFailure()) {
        next();
        ++changes;
    }
    EXPECT_LT(changes, file_count / 10);
}

TEST_F(ManifestDirectoryTest, a_saved_file_is_a_change_within_milliseconds) {
    start();
    std::vector<std::chrono::nanoseconds> took;
    for (int i = 0; i < 21; ++i) {
        const std::string text = pod_yaml("a", std::to_string(i));
        std::jthread writer([&] { files.replace("a.yaml", text); });
        writer.join();
        const auto saved = std::chrono::steady_clock::now();
        next();
        took.push_back(std::chrono::steady_clock::now() - saved);
    }
    std::ranges::sort(took);
    RecordProperty("median_us", static_cast<int>(took[10].count() / 1000));
    EXPECT_LT(took[10], 5ms);
}

TEST_F(ManifestDirectoryTest, a_link_that_leads_nowhere_keeps_the_last_good_objects) {
    files.write("a.off", pod_yaml("a", "1"));
    std::filesystem::create_symlink("a.off", files.path("a.yaml"));
    start();
    std::filesystem::create_symlink("nowhere", files.path("b.off"));
    std::filesystem::rename(files.path("b.off"), files.path("a.yaml"));
    const Change change = next();
    EXPECT_THAT(change.objects, IsEmpty());
    EXPECT_THAT(change.errors,
                ElementsAre(FileError{files.path("a.yaml"), 0, "cannot be read: No such file or directory"}));
    EXPECT_TRUE(directory->rescan().empty());
    files.remove("a.yaml");
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
}

/// Lets this process open that many more files, while this object exists.
class OpenFileLimit {
  public:
    explicit OpenFileLimit(rlim_t more) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int free = ::open("/", O_RDONLY | O_CLOEXEC);
        ::close(free);
        const rlimit limit{static_cast<rlim_t>(free) + more, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    OpenFileLimit(const OpenFileLimit&) = delete;
    OpenFileLimit& operator=(const OpenFileLimit&) = delete;
    ~OpenFileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(ManifestDirectoryTest, a_directory_that_cannot_be_listed_keeps_its_objects) {
    files.write("a.yaml", pod_yaml("a", "1"));
    files.write("sub/b.yaml", pod_yaml("b", "1"));
    start();
    files.remove("a.yaml");
    // Only the rescan runs under the limit: sanitizers open files of their own.
    const Change limited = [&] {
        const OpenFileLimit root_only(1);
        return directory->rescan();
    }();
    EXPECT_THAT(limited.objects, ElementsAre(pod("a")));
    EXPECT_THAT(limited.errors, ElementsAre(FileError{files.path("sub"), 0, "cannot be listed: Too many open files"}));
    EXPECT_EQ(label("b"), "1");
    const Change change = directory->rescan();
    EXPECT_THAT(change.objects, IsEmpty());
    EXPECT_EQ(change.resolved.size(), 1U);
}

TEST_F(ManifestDirectoryTest, a_root_that_disappears_keeps_its_state_and_is_found_again) {
    files.write("a.yaml", pod_yaml("a", "1"));
    start();
    files.remove("");
    const Change lost = next();
    EXPECT_THAT(lost.objects, IsEmpty());
    EXPECT_THAT(lost.errors, ElementsAre(FileError{files.path(), 0, "cannot be read: No such file or directory"}));
    EXPECT_EQ(label("a"), "1");
    files.write("a.yaml", pod_yaml("a", "2"));
    const Change found = next();
    EXPECT_THAT(found.objects, ElementsAre(pod("a")));
    EXPECT_EQ(found.resolved.size(), 1U);
    files.write("a.yaml", pod_yaml("a", "3"));
    EXPECT_THAT(next().objects, ElementsAre(pod("a")));
}

TEST_F(ManifestDirectoryTest, a_root_that_is_no_directory_is_an_error) {
    files.write("a.yaml", "");
    boost::asio::io_context context;
    const auto absent = ManifestDirectory::open(context.get_executor(), files.path("absent"));
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().message,
              "manifests: " + files.path("absent") + ": cannot be read: No such file or directory");
    const auto file = ManifestDirectory::open(context.get_executor(), files.path("a.yaml"));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message, "manifests: " + files.path("a.yaml") + " is not a directory");
}

} // namespace
} // namespace agent::cluster

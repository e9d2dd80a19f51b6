#include "daemonset/cluster/manifests/manifest_directory.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace agent::cluster {
namespace {

namespace asio = boost::asio;
using What = WatchEvent::What;

/// A longer burst counts as more than one change.
constexpr std::chrono::milliseconds kLongestBurst{5};
/// Longer than a tick of the clock that stamps files.
constexpr std::chrono::milliseconds kClockTick{20};

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Whether a created file is complete at once: a link to an existing file. Others are still being
/// written.
bool is_link(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return false;
    return S_ISLNK(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink > 1);
}

/// Whether the name exists, including a dangling link.
bool exists(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

std::vector<FileError> difference(const std::vector<FileError>& from, const std::vector<FileError>& without) {
    std::vector<FileError> left;
    std::ranges::set_difference(from, without, std::back_inserter(left));
    return left;
}

} // namespace

outcome::Result<std::unique_ptr<ManifestDirectory>> ManifestDirectory::open(const asio::any_io_executor& executor,
                                                                            std::string root) {
    while (root.size() > 1 && root.ends_with('/')) root.pop_back();
    const ManifestTree tree = walk_manifests(root);
    if (!tree.errors.empty()) return outcome::fail("manifests: " + tree.errors.front().text());
    if (tree.directories.empty()) return outcome::fail("manifests: " + root + " is not a directory");
    ASSIGN_OR_RETURN(auto watch, DirectoryWatch::open());
    RETURN_IF_ERROR(watch.watch(tree.directories));
    return std::unique_ptr<ManifestDirectory>(new ManifestDirectory(executor, std::move(root), std::move(watch)));
}

ManifestDirectory::ManifestDirectory(const asio::any_io_executor& executor, std::string root, DirectoryWatch watch)
    : root_(std::move(root)), watch_(std::move(watch)), readable_(executor, watch_.descriptor()), timer_(executor) {}

// The descriptor belongs to watch_.
ManifestDirectory::~ManifestDirectory() { readable_.release(); }

std::vector<FileError> ManifestDirectory::errors() const {
    std::vector<FileError> all = tree_errors_;
    for (const auto& [file, errors] : file_errors_) std::ranges::copy(errors, std::back_inserter(all));
    for (const Conflict& conflict : claims_.conflicts()) {
        // One of the two may be the other's old name: decide_due finds out.
        if (vanished_.contains(conflict.loser) || vanished_.contains(conflict.winner)) continue;
        all.push_back(conflict.error());
    }
    std::ranges::sort(all);
    return all;
}

Change ManifestDirectory::rescan() {
    auto events = watch_.take_events();
    if (events) follow(*events);
    scan(Missing::IsGone);
    if (!events) tree_errors_.push_back({root_, 0, events.error().message});
    return take_change();
}

Task<outcome::Result<Change>> ManifestDirectory::next_change() {
    for (;;) {
        auto change = catch_up();
        if (!change || !change->empty()) co_return change;
        if (const auto failed = co_await wait())
            co_return outcome::fail("wait for changes of " + root_ + ": " + failed.message());
    }
}

Task<boost::system::error_code> ManifestDirectory::wait() {
    using namespace asio::experimental::awaitable_operators;
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    const auto until = deadline();
    if (!until) {
        const auto [failed] = co_await readable_.async_wait(asio::posix::stream_descriptor::wait_read, token);
        co_return failed;
    }
    timer_.expires_at(*until);
    const auto first =
        co_await (readable_.async_wait(asio::posix::stream_descriptor::wait_read, token) || timer_.async_wait(token));
    co_return std::visit([](const auto& result) { return std::get<0>(result); }, first);
}

outcome::Result<Change> ManifestDirectory::catch_up() {
    const auto until = Clock::now() + kLongestBurst;
    do {
        ASSIGN_OR_RETURN(const auto events, watch_.take_events());
        if (events.empty()) break;
        follow(events);
    } while (Clock::now() < until);
    decide_due(Clock::now());
    return take_change();
}

Change ManifestDirectory::take_change() {
    Change change;
    change.objects = claims_.take_changed();
    std::vector<FileError> now = errors();
    change.errors = difference(now, told_errors_);
    change.resolved = difference(told_errors_, now);
    told_errors_ = std::move(now);
    change.skipped = std::exchange(new_skipped_, {});
    std::ranges::sort(change.skipped);
    if (!change.empty()) ++generation_;
    return change;
}

void ManifestDirectory::follow(const std::vector<WatchEvent>& events) {
    std::set<std::string> written;
    bool tree_changed = false;
    for (const WatchEvent& event : events) {
        const std::string& path = event.path;
        if (event.what == What::TreeChanged) {
            tree_changed = true;
        } else if (!is_manifest_name(file_name(path))) {
            continue;
        } else if (event.what == What::MovedOut || event.what == What::Deleted) {
            written.erase(path);
            may_be_gone(path);
        } else if (event.what == What::Created && !is_link(path)) {
            const auto waiting = vanished_.find(path);
            if (waiting != vanished_.end()) waiting->second = Clock::now() + kWriting;
        } else if (event.what != What::Touched || file_errors_.contains(path)) {
            vanished_.erase(path);
            written.insert(path);
        }
    }
    for (const std::string& path : written) read(path);
    if (tree_changed) scan(Missing::MayReturn);
}

ManifestTree ManifestDirectory::walk_and_watch() {
    ManifestTree tree = walk_manifests(root_);
    auto watched = watch_.watch(tree.directories);
    // A file written between the listing and the watch would cause no event: list the directory
    // again.
    while (watched && *watched) {
        tree = walk_manifests(root_);
        watched = watch_.watch(tree.directories);
    }
    if (!watched) tree.errors.push_back({root_, 0, watched.error().message});
    if (tree.directories.empty() && tree.errors.empty()) tree.errors.push_back({root_, 0, "is not a directory"});
    return tree;
}

void ManifestDirectory::scan(Missing missing) {
    ManifestTree tree = walk_and_watch();
    tree_errors_ = std::move(tree.errors);
    root_retry_.reset();
    if (tree.directories.empty()) {
        // The files that have just vanished went with the root, and the others are unknown.
        vanished_.clear();
        root_retry_ = Clock::now() + kRootRetry;
        return;
    }
    for (const auto& [path, stamp] : tree.files) {
        if (missing == Missing::MayReturn && vanished_.contains(path)) continue; // being written anew
        const auto record = files_.find(path);
        const bool known = record != files_.end() && record->second.settled && record->second.stamp == stamp;
        if (known)
            vanished_.erase(path);
        else
            read(path);
    }
    std::vector<std::string> absent;
    for (const auto& [path, record] : files_)
        if (!tree.files.contains(path) && listed(path)) absent.push_back(path);
    for (const std::string& path : absent) {
        if (missing == Missing::IsGone)
            forget(path);
        else
            may_be_gone(path);
    }
}

bool ManifestDirectory::listed(const std::string& path) const {
    return std::ranges::none_of(
        tree_errors_, [&](const FileError& error) { return path == error.file || path.starts_with(error.file + "/"); });
}

void ManifestDirectory::read(const std::string& path) {
    const auto stamp = stamp_of(path);
    const auto text = stamp ? read_text(path) : std::unexpected(stamp.error());
    if (!text && !exists(path)) return may_be_gone(path);
    vanished_.erase(path);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    FileRecord& record = files_[path];
    record.stamp = stamp ? *stamp : FileStamp{};
    record.settled = stamp && std::chrono::nanoseconds(stamp->modified) + kClockTick < now;
    auto file = text ? decode_manifest(path, *text)
                     : std::unexpected(std::vector{FileError{path, 0, "cannot be read: " + text.error().message()}});
    if (!file) {
        auto& errors = file_errors_[path] = std::move(file.error());
        for (auto& [object, reason] : text ? restricted_policies(path, *text) : std::vector<RestrictedObject>()) {
            claims_.set_one(path, std::move(object));
            errors.push_back(std::move(reason));
        }
        return;
    }
    file_errors_.erase(path);
    for (SkippedObject& object : file->skipped)
        if (told_kinds_.insert(object.kind).second) new_skipped_.push_back(std::move(object));
    claims_.set(path, std::move(file->objects));
}

void ManifestDirectory::forget(const std::string& path) {
    files_.erase(path);
    file_errors_.erase(path);
    vanished_.erase(path);
    claims_.remove(path);
}

void ManifestDirectory::may_be_gone(const std::string& path) {
    if (files_.contains(path)) vanished_.try_emplace(path, Clock::now() + kAbsence);
}

void ManifestDirectory::decide_due(Clock::time_point now) {
    if (root_retry_ && *root_retry_ <= now) scan(Missing::MayReturn);
    std::vector<std::string> due;
    for (const auto& [path, deadline] : vanished_)
        if (deadline <= now) due.push_back(path);
    for (const std::string& path : due) {
        if (exists(path))
            read(path);
        else
            forget(path);
    }
}

std::optional<ManifestDirectory::Clock::time_point> ManifestDirectory::deadline() const {
    std::optional<Clock::time_point> first = root_retry_;
    for (const auto& [path, decided] : vanished_) first = first ? std::min(*first, decided) : decided;
    return first;
}

} // namespace agent::cluster

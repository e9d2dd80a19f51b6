// A directory of its own for each test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace agent::cluster {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = testing::TempDir() + "/manifests-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::filesystem::filesystem_error("mkdtemp", {});
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }

    /// Writes a file in place and creates its directories.
    void write(std::string_view name, std::string_view text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::trunc) << text;
    }
    /// Writes a hidden file and renames it.
    void replace(std::string_view name, std::string_view text) const {
        write(".new", text);
        std::filesystem::rename(path_ / ".new", path_ / name);
    }
    void remove(std::string_view name) const { std::filesystem::remove_all(path_ / name); }

  private:
    std::filesystem::path path_;
};

/// The manifest of a pod in namespace default.
inline std::string pod_yaml(const std::string& name, const std::string& label) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", labels: {l: \"" + label + "\"}}\n";
}

} // namespace agent::cluster

#include "daemonset/base/whole_file.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace agent {
namespace {

class WholeFile : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "whole-file.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    std::filesystem::path folder;
};

TEST_F(WholeFile, what_was_written_is_read_with_its_zero_bytes_and_however_long) {
    const std::string bytes = std::string("a\0b", 3) + std::string(200000, 'x');
    EXPECT_TRUE(write_whole(folder / "file", bytes, 0600).value());
    EXPECT_EQ(read_whole(folder / "file").value(), bytes);
    EXPECT_FALSE(write_whole(folder / "file", bytes, 0600).value()); // it has them already
}

TEST_F(WholeFile, an_empty_file_is_an_empty_text) { EXPECT_EQ(read_whole("/dev/null").value(), ""); }

TEST_F(WholeFile, errors_say_what_the_file_is_its_path_and_the_reason) {
    const auto path = folder / "none";
    EXPECT_EQ(read_whole(path).error().message, "open " + path.string() + ": No such file or directory");
    EXPECT_EQ(read_whole(path, "the list").error().message,
              "open the list " + path.string() + ": No such file or directory");
    EXPECT_EQ(read_whole(folder, "the list").error().message, "read the list " + folder.string() + ": Is a directory");
}

} // namespace
} // namespace agent

#include "posix/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace posix {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(Descriptor, it_is_closed_when_its_owner_goes) {
    int number = -1;
    {
        const Descriptor file(open_null());
        ASSERT_TRUE(file.valid());
        number = file.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, one_that_was_never_opened_is_not_valid) { EXPECT_FALSE(Descriptor(-1).valid()); }

TEST(Descriptor, moving_hands_it_over_still_open) {
    Descriptor first(open_null());
    const int number = first.get();
    const Descriptor second(std::move(first));
    EXPECT_FALSE(first.valid()); // NOLINT(bugprone-use-after-move): what is left is what is tested
    EXPECT_EQ(second.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(Descriptor, assigning_closes_what_was_owned_before) {
    Descriptor kept(open_null());
    Descriptor given(open_null());
    const int before = kept.get();
    const int after = given.get();
    kept = std::move(given);
    EXPECT_FALSE(is_open(before));
    EXPECT_EQ(kept.get(), after);
    EXPECT_TRUE(is_open(after));
}

TEST(Descriptor, closing_early_closes_once) {
    Descriptor file(open_null());
    const int number = file.get();
    file.close();
    EXPECT_FALSE(is_open(number));
    const Descriptor other(open_null()); // gets the same number, which the first must not close again
    file.close();
    EXPECT_TRUE(is_open(other.get()));
}

} // namespace
} // namespace posix

// A file descriptor that closes itself. This room is below agent, plugin and tools: each may use it.
//
//   open(), socket(), pipe2() ... ──► Descriptor ──► closed when its owner is destroyed
#pragma once

#include <unistd.h>

#include <utility>

namespace posix {

class Descriptor {
  public:
    /// Takes over the result of open() or the like; negative when that failed.
    explicit Descriptor(int opened) : number_(opened) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        Descriptor taken(std::move(other));
        std::swap(number_, taken.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] bool valid() const { return number_ >= 0; }
    /// The number, for system calls; -1 or another negative number when it is not valid.
    [[nodiscard]] int get() const { return number_; }
    /// Closes it before its owner is destroyed.
    void close() {
        if (valid()) ::close(std::exchange(number_, -1));
    }

  private:
    int number_;
};

} // namespace posix

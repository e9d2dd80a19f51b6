// A file descriptor that closes itself. This room is below the agent, the plugin and the tools: each may use it.
//
//   open(), socket(), pipe2() ... ──► Descriptor ──► closed when its owner goes
#pragma once

#include <unistd.h>

#include <utility>

namespace posix {

class Descriptor {
  public:
    /// Takes over what open() or the like returned; negative when that failed.
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
    /// Closes it before its owner goes.
    void close() {
        if (valid()) ::close(std::exchange(number_, -1));
    }

  private:
    int number_;
};

} // namespace posix

// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

namespace agent {

class Descriptor {
  public:
    /// Takes over what open() or the like returned; negative when that failed.
    explicit Descriptor(int opened) : number_(opened) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (valid()) close(number_);
    }

    [[nodiscard]] bool valid() const { return number_ >= 0; }
    [[nodiscard]] int get() const { return number_; }

  private:
    int number_;
};

} // namespace agent

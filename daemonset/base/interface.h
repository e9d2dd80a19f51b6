// The base of abstract classes: implemented elsewhere, destroyed through their base, never copied.
//
//   class Listener : public Interface { public: virtual void changed() = 0; };
#pragma once

namespace agent {

class Interface {
  public:
    Interface() = default;
    Interface(const Interface&) = delete;
    Interface& operator=(const Interface&) = delete;
    virtual ~Interface() = default;
};

} // namespace agent

// What every class of virtual functions is: implemented elsewhere, destroyed through its base, never copied.
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

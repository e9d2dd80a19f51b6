// Where a JSON text ends, found without reading it: for streams of texts that nothing separates.
//
//   character ──► JsonNesting ──► how many objects and arrays are open, and whether that was the end of the text
//
// Whether it is right JSON, its reader says.
#pragma once

namespace agent {

class JsonNesting {
  public:
    /// Takes the next character. True when it ends a text: a bracket closed, and none is open any more. One that closes
    /// what was never opened is such an end too, so that its reader complains instead of waiting for more.
    bool take(char c) {
        if (in_string_) {
            if (escaped_)
                escaped_ = false;
            else if (c == '\\')
                escaped_ = true;
            else if (c == '"')
                in_string_ = false;
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if (c == '}' || c == ']') {
            depth_ = depth_ > 0 ? depth_ - 1 : 0;
            return depth_ == 0;
        }
        return false;
    }
    [[nodiscard]] int depth() const { return depth_; }
    [[nodiscard]] bool in_string() const { return in_string_; }

  private:
    int depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
};

} // namespace agent

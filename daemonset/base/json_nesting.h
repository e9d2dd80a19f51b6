// Finds the end of a JSON text without parsing it, for streams of texts without separators.
//
//   character ──► JsonNesting ──► how many objects and arrays are open, and whether the text has ended
//
// The reader of the text checks that it is valid JSON.
#pragma once

namespace agent {

class JsonNesting {
  public:
    /// Takes the next character. True when it ends a text: it closes the last open bracket. A
    /// closing bracket without an opening one also ends a text, so that the reader reports an error
    /// instead of waiting for more.
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

#ifndef ACTION_TEXT_H_
#define ACTION_TEXT_H_

namespace action {

// What a terminal would obey, and no name has a use for.
inline bool IsControlCharacter(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

}  // namespace action

#endif  // ACTION_TEXT_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef ACTION_TEXT_H_
#define ACTION_TEXT_H_

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace action {

// What a terminal would obey, and no name has a use for.
inline bool IsControlCharacter(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

// What every picture, file, page and message says when the features were no measurement.
inline constexpr const char *kStandInNotice = "stand-in backbone: not a measurement";

// The name of the standard input, where a file is read.
inline constexpr const char *kStandardInput = "-";

// ASCII letters count the same in both cases.
inline bool EqualNoCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// The one of `values` whose NameOf is `text`; nothing when there is none.
template <typename Enum>
std::optional<Enum> Named(std::string_view text, std::initializer_list<Enum> values) {
  for (const Enum value : values) {
    if (text == NameOf(value)) return value;
  }
  return std::nullopt;
}

}  // namespace action

#endif  // ACTION_TEXT_H_

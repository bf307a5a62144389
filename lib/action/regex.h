// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Regular expressions, as GLib reads them; without GLib's headers.
#ifndef ACTION_REGEX_H_
#define ACTION_REGEX_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct _GRegex;

namespace action {

class Regex {
 public:
  // Throws Error that says why it is none.
  explicit Regex(const std::string &pattern);
  // The whole match, then what each group matches ("": nothing); nothing when the pattern is not found in the text.
  std::optional<std::vector<std::string>> Find(const std::string &text) const;

 private:
  std::unique_ptr<_GRegex, void (*)(_GRegex *)> regex_;
};

}  // namespace action

#endif  // ACTION_REGEX_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one exception type that is meant for a user's screen.
#ifndef ACTION_ERROR_H_
#define ACTION_ERROR_H_

#include <stdexcept>
#include <string>

#include "action/export.h"

namespace action {

// what() says what was being done and with which file or value, what was found, what was expected, and what to do.
class ACTION_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string &message) : std::runtime_error(message) {}
  ~Error() override;
};

}  // namespace action

#endif  // ACTION_ERROR_H_

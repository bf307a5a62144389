// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef TESTS_HELPERS_ERROR_OF_H_
#define TESTS_HELPERS_ERROR_OF_H_

#include <functional>
#include <string>

#include "action/error.h"

namespace action {

// What an Error says; empty when there is none.
inline std::string ErrorOf(const std::function<void()> &body) {
  try {
    body();
  } catch (const Error &e) {
    return e.what();
  }
  return {};
}

}  // namespace action

#endif  // TESTS_HELPERS_ERROR_OF_H_

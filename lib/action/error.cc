// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/error.h"

#include <cerrno>

namespace action {

// Out of line, so that the type's identity lives in this library alone and a throw in one library is caught in another.
Error::~Error() = default;

Error ReadError(const std::string &file, int error_number, const std::string &message) {
  const bool missing = error_number == ENOENT || error_number == ENOTDIR;
  return {missing ? ErrorKind::kNotFound : ErrorKind::kOpenRead, file, message};
}

Error WriteError(const std::string &file, int error_number, const std::string &message) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return {full ? ErrorKind::kNoSpaceLeft : ErrorKind::kOpenWrite, file, message};
}

}  // namespace action

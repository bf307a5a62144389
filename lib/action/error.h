// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one exception type that is meant for a user's screen.
#ifndef ACTION_ERROR_H_
#define ACTION_ERROR_H_

#include <stdexcept>
#include <string>
#include <utility>

#include "action/export.h"

namespace action {

// What kind of thing is wrong, for who has to sort errors (an application by GStreamer's domains and codes).
enum class ErrorKind {
  kSettings,     // of what the user has set, or that two things do not fit together
  kNotFound,     // a file or folder that is not there
  kOpenRead,     // one that cannot be read
  kOpenWrite,    // one that cannot be made or written
  kNoSpaceLeft,  // on the disk
  kFormat,       // a file, or a stream, that holds something else than it should
};

// what() says what was being done and with which file or value, what was found, what was expected, and what to do.
class ACTION_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string &message) : std::runtime_error(message) {}
  // file: the one to blame.
  Error(ErrorKind kind, std::string file, const std::string &message)
      : std::runtime_error(message), kind_(kind), file_(std::move(file)) {}
  Error(const Error &) = default;
  ~Error() override;

  ErrorKind kind() const { return kind_; }
  const std::string &file() const { return file_; }  // empty: none

 private:
  ErrorKind kind_ = ErrorKind::kSettings;
  std::string file_;
};

// Errors of files. message says all; error_number is errno: ENOENT is kNotFound, ENOSPC and EDQUOT are kNoSpaceLeft.
ACTION_API Error ReadError(const std::string &file, int error_number, const std::string &message);
ACTION_API Error WriteError(const std::string &file, int error_number, const std::string &message);

// Runs body, which looks at what a file holds: an Error of it that names no file is one of this file's format.
template <typename Body>
auto OfFile(const std::string &file, Body &&body) {
  try {
    return body();
  } catch (const Error &e) {
    if (!e.file().empty()) throw;
    throw Error(ErrorKind::kFormat, file, e.what());
  }
}

}  // namespace action

#endif  // ACTION_ERROR_H_

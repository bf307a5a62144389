// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/input_file.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "action/error.h"
#include "action/text.h"

namespace action {
namespace {

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// O_NONBLOCK: opening a pipe that nobody writes to would wait.
int Open(const std::string &path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

// A name for what this program has open, which the shell makes of <(command) too.
bool IsOpenAlready(const std::string &path) {
  return path == kStandardInput || path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/self/fd/");
}

[[noreturn]] void FailLarge(const std::string &path, const std::string &what, uint64_t most) {
  throw Error(ErrorKind::kFormat, path,
              "cannot read " + what + ": it has more than " + std::to_string(most >> 20) +
                  " MiB, the most that is read of such a file");
}

// text or bytes
template <typename Buffer>
Buffer Read(int opened, const std::string &path, const std::string &what, uint64_t most) {
  const auto fail = [&]() { throw ReadError(path, errno, "cannot read " + what + ": " + std::strerror(errno)); };
  const OpenFile file(opened);
  if (file.fd() < 0) fail();
  struct stat facts {};
  if (fstat(file.fd(), &facts) != 0) fail();
  const bool regular = S_ISREG(facts.st_mode);
  if (S_ISDIR(facts.st_mode)) throw ReadError(path, EISDIR, "cannot read " + what + ": it is a folder");
  if (!regular && !IsOpenAlready(path)) {
    throw ReadError(path, EINVAL,
                    "cannot read " + what + ": it is not a regular file, but a pipe, a socket or a device");
  }
  if (!regular) fcntl(file.fd(), F_SETFL, fcntl(file.fd(), F_GETFL) & ~O_NONBLOCK);
  const uint64_t size = regular ? static_cast<uint64_t>(facts.st_size) : 0;
  if (size > most) FailLarge(path, what, most);
  Buffer buffer;
  try {
    // One more than it has: the end is seen without growing.
    constexpr size_t kPiece = 1 << 16;
    buffer.resize(regular ? static_cast<size_t>(size) + 1 : kPiece);
    size_t done = 0;
    for (;;) {
      if (done > most) FailLarge(path, what, most);
      if (done == buffer.size()) buffer.resize(2 * buffer.size());
      const ssize_t got = read(file.fd(), buffer.data() + done, buffer.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail();
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    buffer.resize(done);
  } catch (const std::bad_alloc &) {
    throw Error("cannot read " + what + ": there is not enough memory for its " + std::to_string(size) + " bytes");
  }
  return buffer;
}

}  // namespace

std::vector<std::byte> ReadBytes(const std::string &path, const std::string &what, uint64_t most) {
  return Read<std::vector<std::byte>>(Open(path), path, what, most);
}

std::string ReadText(const std::string &path, const std::string &what, uint64_t most) {
  return Read<std::string>(path == kStandardInput ? dup(STDIN_FILENO) : Open(path), path, what, most);
}

void CheckText(std::string_view text, const std::string &what, size_t first_line, const std::string &advice) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw Error(what + " is a text in UTF-16. " + advice);
  }
  const char *end = nullptr;  // where the first letter that is none begins; GLib takes a NUL for one
  if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), &end) != FALSE) return;
  const std::string where =
      what + " line " + std::to_string(first_line + static_cast<size_t>(std::count(text.data(), end, '\n')));
  if (*end != '\0') throw Error(where + ": its letters are not in UTF-8. " + advice);
  throw Error(where + ": it holds a NUL, so it is no text (it may be UTF-16, or a program's own format). " + advice);
}

}  // namespace action

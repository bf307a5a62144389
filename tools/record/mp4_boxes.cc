// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/mp4_boxes.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "action/error.h"

namespace action {
namespace {

struct Box {
  std::string type;
  uint64_t begin = 0;   // of its header, in the file
  uint64_t inside = 0;  // of what it holds
  uint64_t end = 0;
};

uint64_t BigEndian(const char *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The box that begins there; nothing where none fits before `end`.
std::optional<Box> BoxAt(std::fstream &file, uint64_t begin, uint64_t end) {
  constexpr uint64_t kHeader = 8, kLongHeader = 16;
  if (end - begin < kHeader) return std::nullopt;
  std::array<char, kLongHeader> bytes{};
  file.seekg(static_cast<std::streamoff>(begin));
  file.read(bytes.data(), end - begin < kLongHeader ? kHeader : kLongHeader);
  if (!file) return std::nullopt;
  Box box{std::string(bytes.data() + 4, 4), begin, begin + kHeader, 0};
  uint64_t size = BigEndian(bytes.data(), 4);
  if (size == 1 && end - begin >= kLongHeader) {
    size = BigEndian(bytes.data() + kHeader, 8);
    box.inside = begin + kLongHeader;
  } else if (size == 0) {
    size = end - begin;  // up to the end of the file
  }
  if (size < box.inside - begin || size > end - begin) return std::nullopt;
  box.end = begin + size;
  return box;
}

// The first of a type between two places that `fits`.
std::optional<Box> Find(std::fstream &file, uint64_t begin, uint64_t end, const char *type,
                        const std::function<bool(const Box &)> &fits = {}) {
  while (begin < end) {
    const auto box = BoxAt(file, begin, end);
    if (!box) return std::nullopt;
    if (box->type == type && (!fits || fits(*box))) return box;
    begin = box->end;
  }
  return std::nullopt;
}

// By its handler: bytes 8 to 11 of `hdlr` say what kind of track it is.
bool IsSubtitleTrack(std::fstream &file, const Box &track) {
  const auto media = Find(file, track.inside, track.end, "mdia");
  const auto handler = media ? Find(file, media->inside, media->end, "hdlr") : std::nullopt;
  std::array<char, 12> bytes{};
  if (!handler || handler->end - handler->inside < bytes.size()) return false;
  file.seekg(static_cast<std::streamoff>(handler->inside));
  file.read(bytes.data(), bytes.size());
  const std::string kind(bytes.data() + 8, 4);
  return file && (kind == "sbtl" || kind == "text" || kind == "subt");
}

}  // namespace

bool DropSubtitleTrack(const std::filesystem::path &path) {
  std::error_code failed;
  const uint64_t size = std::filesystem::file_size(path, failed);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  if (failed || !file) return false;  // whoever reads it says so
  const auto movie = Find(file, 0, size, "moov");
  if (!movie) return false;
  const auto track =
      Find(file, movie->inside, movie->end, "trak", [&file](const Box &box) { return IsSubtitleTrack(file, box); });
  if (!track) return false;
  file.clear();
  file.seekp(static_cast<std::streamoff>(track->begin + 4));
  file.write("free", 4);
  file.flush();
  if (!file) throw WriteError(path.string(), errno, "cannot write to " + path.string() + ": " + std::strerror(errno));
  return true;
}

}  // namespace action

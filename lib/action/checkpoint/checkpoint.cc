// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

#include "action/checkpoint/formats.h"
#include "action/error.h"
#include "action/io/input_file.h"

namespace action {
namespace {

bool LooksLikeOldTar(std::span<const std::byte> bytes) {
  return bytes.size() > 262 && std::memcmp(bytes.data() + 257, "ustar", 5) == 0;
}

std::string FirstBytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes.first(std::min<size_t>(bytes.size(), 16))) {
    const char c = static_cast<char>(b);
    text += c >= 0x20 && c < 0x7f ? c : '.';
  }
  return text;
}

ValuePtr ParseAny(const std::shared_ptr<const std::vector<std::byte>> &bytes, CheckpointFormat &format) {
  if (bytes->empty()) throw Error("the file is empty. Copy or download it again");
  if (LooksLikeZip(*bytes)) {
    format = CheckpointFormat::kTorchZip;
    return ParseTorchZip(bytes);
  }
  if (LooksLikeLegacy(*bytes)) {
    format = CheckpointFormat::kTorchLegacy;
    return ParseTorchLegacy(bytes);
  }
  if (LooksLikeSafetensors(*bytes)) {
    format = CheckpointFormat::kSafetensors;
    return ParseSafetensors(bytes);
  }
  if (LooksLikeOldTar(*bytes)) {
    throw Error("this is the tar format of PyTorch before 0.4. Load it with an old PyTorch and save it again");
  }
  throw Error("neither a PyTorch file (zip or legacy) nor safetensors; it starts with '" + FirstBytes(*bytes) + "'");
}

}  // namespace

const char *NameOf(CheckpointFormat format) {
  switch (format) {
    case CheckpointFormat::kTorchZip:
      return "PyTorch zip";
    case CheckpointFormat::kTorchLegacy:
      return "PyTorch legacy";
    case CheckpointFormat::kSafetensors:
      return "safetensors";
  }
  return "?";
}

Checkpoint ParseCheckpoint(std::shared_ptr<const std::vector<std::byte>> bytes, const std::string &name) {
  Checkpoint checkpoint;
  checkpoint.path = name;
  checkpoint.bytes = std::move(bytes);
  try {
    checkpoint.root = ParseAny(checkpoint.bytes, checkpoint.format);
  } catch (const Error &e) {
    throw Error(ErrorKind::kFormat, name, "cannot read the checkpoint " + name + ": " + e.what());
  } catch (const std::bad_alloc &) {
    throw Error("cannot read the checkpoint " + name + ": there is not enough memory for it");
  }
  return checkpoint;
}

Checkpoint ReadCheckpoint(const std::string &path) {
  return ParseCheckpoint(std::make_shared<const std::vector<std::byte>>(ReadBytes(path, path, kMostOfCheckpoint)),
                         path);
}

void CheckStateDictPath(const std::string &path) {
  for (const char *ending : {".pt", ".pth", ".safetensors"}) {
    if (path.ends_with(ending)) return;
  }
  throw Error("cannot write " + path + ": the name must end in .pt, .pth or .safetensors, which decides the format");
}

void WriteStateDict(const std::string &path, const StateDict &state) {
  CheckStateDictPath(path);
  if (path.ends_with(".safetensors")) {
    WriteSafetensors(path, state);
  } else {
    WriteTorchZip(path, state);
  }
}

}  // namespace action

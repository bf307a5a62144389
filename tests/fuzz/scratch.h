// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A folder in memory for what is read by its name.
#ifndef FUZZ_SCRATCH_H_
#define FUZZ_SCRATCH_H_

#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace fuzz {

// Removed when the program ends.
class Scratch {
 public:
  Scratch() {
    std::string name = "/dev/shm/gst-action-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  std::string At(const std::string &name) const { return (folder_ / name).string(); }
  std::string Write(const std::string &name, std::string_view content) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return At(name);
  }

 private:
  std::filesystem::path folder_;
};

inline std::string_view TextOf(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

}  // namespace fuzz

#endif  // FUZZ_SCRATCH_H_

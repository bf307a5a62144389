// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs a fuzz target without libFuzzer, as any compiler builds it: each seed as it is, then seeds that are cut, joined,
// repeated and changed at random, for so many seconds. It sees no coverage; the long search is libFuzzer's.
//
//   FUZZ-TARGET SEEDS SECONDS [RANDOM SEED]
//
// What makes the target crash or wait lies in FUZZ-TARGET.last-input.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

constexpr size_t kLargest = 1 << 16;
constexpr unsigned kPatience = 20;  // s, for one input: of a reader that hangs
std::string last_input;

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, uint64_t seed) : seeds_(std::move(seeds)), random_(seed) {}

  std::string Next() {
    std::string input = Any();
    for (size_t changes = 1 + Below(6); changes > 0; --changes)
      Change(input);
    input.resize(std::min(input.size(), kLargest));
    return input;
  }

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string &Any() { return seeds_[Below(seeds_.size())]; }

  void Change(std::string &input) {
    // What has broken readers before.
    static const std::vector<std::string> kWords = {std::string(1, '\0'),
                                                    "\xff",
                                                    "\xef\xbb\xbf",
                                                    "\xe5\xbc",
                                                    "\"",
                                                    "\\",
                                                    "\n",
                                                    "\r",
                                                    ",",
                                                    ";",
                                                    ":",
                                                    "[",
                                                    "{",
                                                    "]",
                                                    "}",
                                                    "<",
                                                    ">",
                                                    "&",
                                                    "null",
                                                    "true",
                                                    "-1",
                                                    "0",
                                                    "1e999",
                                                    "-0.0",
                                                    "nan",
                                                    "9223372036854775807",
                                                    "18446744073709551616",
                                                    "4294967295",
                                                    "1970-01-01T00:00:00.000Z",
                                                    "00:00:00,000 --> 99:99:99,999"};
    const size_t at = Below(input.size() + 1), length = Below(std::min<size_t>(input.size() - at, 64) + 1);
    switch (Below(7)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      case 2:
        input.insert(at, kWords[Below(kWords.size())]);
        break;
      case 3:
        input.erase(at, length);
        break;
      case 4: {
        const std::string part = input.substr(at, length);
        for (size_t times = Below(40); times > 0; --times)
          input.insert(at, part);
        break;
      }
      case 5: {
        const std::string &other = Any();
        const size_t from = Below(other.size() + 1);
        input.insert(at, other, from, Below(256));
        break;
      }
      default:
        if (at < input.size()) input.replace(at, length, kWords[Below(kWords.size())]);
        break;
    }
  }

  const std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

void Try(const std::string &input) {
  std::ofstream(last_input, std::ios::binary) << input;
  alarm(kPatience);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
  alarm(0);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SEEDS SECONDS [RANDOM SEED]\n", argv[0]);
    return 2;
  }
  last_input = std::string(argv[0]) + ".last-input";
  std::vector<std::string> seeds;
  for (const auto &entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::ranges::sort(seeds);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s: no seeds in %s\n", argv[0], argv[1]);
    return 2;
  }
  for (const std::string &seed : seeds)
    Try(seed);
  const uint64_t random = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device()();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[2]));
  Mutator mutator(seeds, random);
  size_t count = 0;
  for (; std::chrono::steady_clock::now() < end; ++count)
    Try(mutator.Next());
  std::printf("%zu seeds, %zu inputs made of them (random seed %llu)\n", seeds.size(), count,
              static_cast<unsigned long long>(random));
  std::remove(last_input.c_str());
  return 0;
}

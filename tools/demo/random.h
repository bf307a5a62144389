// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Chance that is the same in every run, on every machine and with every C++ library.
#ifndef GST_ACTION_DEMO_RANDOM_H_
#define GST_ACTION_DEMO_RANDOM_H_

#include <random>
#include <string>

namespace action {

// Numbers that follow from a name.
class Random {
 public:
  explicit Random(const std::string &name) {
    std::seed_seq seed(name.begin(), name.end());
    generator_.seed(seed);
  }

  // From low to high, high not included. The standard's distributions differ from library to library, the generator
  // does not.
  double Between(double low, double high) {
    return low + (high - low) * (static_cast<double>(generator_() >> 11) * 0x1p-53);
  }
  // One of low, low + 1, ..., high.
  int Whole(int low, int high) { return low + static_cast<int>(Between(0, high - low + 1)); }

 private:
  std::mt19937_64 generator_;
};

}  // namespace action

#endif  // GST_ACTION_DEMO_RANDOM_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Frame and sample rates, as exact fractions.
#ifndef ACTION_FRACTION_H_
#define ACTION_FRACTION_H_

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace action {

// numerator / denominator, denominator > 0. 0/1 stands for "unknown or variable", as in GStreamer caps.
struct Fraction {
  int64_t numerator = 0;
  int64_t denominator = 1;

  std::string ToString() const { return std::to_string(numerator) + "/" + std::to_string(denominator); }
  // "8/1" or "8"; nothing when it is neither, or the denominator is not positive.
  static std::optional<Fraction> Parse(std::string_view text) {
    Fraction rate;
    const char *end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, rate.numerator);
    if (error == std::errc() && at != end && *at == '/') {
      const auto rest = std::from_chars(at + 1, end, rate.denominator);
      at = rest.ptr;
      error = rest.ec;
    }
    if (error != std::errc() || at != end || rate.denominator < 1) return std::nullopt;
    return rate;
  }
  bool known() const { return numerator > 0 && denominator > 0; }
  friend bool operator==(const Fraction &, const Fraction &) = default;
};

__extension__ using Int128 = __int128;

// time * numerator / denominator without overflow in between, rounded down. time >= 0.
inline int64_t Scale(int64_t time, int64_t numerator, int64_t denominator) {
  return static_cast<int64_t>(static_cast<Int128>(time) * numerator / denominator);
}

}  // namespace action

#endif  // ACTION_FRACTION_H_

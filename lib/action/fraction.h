// Frame and sample rates, as exact fractions.
#ifndef ACTION_FRACTION_H_
#define ACTION_FRACTION_H_

#include <cstdint>
#include <string>

namespace action {

// numerator / denominator, denominator > 0. 0/1 stands for "unknown or variable", as in GStreamer caps.
struct Fraction {
  int64_t numerator = 0;
  int64_t denominator = 1;

  std::string ToString() const { return std::to_string(numerator) + "/" + std::to_string(denominator); }
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

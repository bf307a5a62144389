// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/picture.h"

#include <charconv>
#include <cstdio>

#include "action/error.h"

namespace action {

const char *NameOf(Colorimetry colorimetry) {
  return colorimetry == Colorimetry::kReference ? "reference" : "stream";
}

Region Region::Parse(std::string_view text) {
  const auto fail = [text](const char *why) -> Region {
    throw Error("region '" + std::string(text) + "' " + why +
                "; it is x,y,width,height as fractions of the picture, such as 0.5,0,0.5,1 for its right half");
  };
  std::array<double, 4> values{};
  const char *at = text.data();
  const char *end = text.data() + text.size();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto [stop, error] = std::from_chars(at, end, values[i]);
    const bool last = i + 1 == values.size();
    if (error != std::errc() || (last ? stop != end : stop == end || *stop != ',')) return fail("is not four numbers");
    at = stop + 1;
  }
  const Region region{values[0], values[1], values[2], values[3]};
  constexpr double kSlack = 1e-9;  // 0.1 + 0.9 may be a little more than 1
  const bool inside = region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0 &&
                      region.x + region.width <= 1 + kSlack && region.y + region.height <= 1 + kSlack;
  return inside ? region : fail("is not inside the picture");
}

std::string Region::ToString() const {
  std::string text;
  for (const double value : {x, y, width, height}) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text += (text.empty() ? "" : ",") + std::string(digits.data(), end);
  }
  return text;
}

}  // namespace action

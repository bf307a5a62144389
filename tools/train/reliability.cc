// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/reliability.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace action {
namespace {

constexpr double kSide = 260, kMargin = 46;  // pixels

double X(double share) {
  return kMargin + share * kSide;
}

double Y(double share) {
  return 10 + (1 - share) * kSide;
}

std::string Points(std::span<const ScoredPrediction> judged, const char *colour, size_t total) {
  std::string line, dots;
  char text[200];
  for (const ReliabilityBin &bin : Reliability(judged)) {
    if (bin.count == 0) continue;
    std::snprintf(text, sizeof(text), "%.1f,%.1f ", X(bin.confidence), Y(bin.accuracy));
    line += text;
    const double radius = 2.5 + 7 * std::sqrt(static_cast<double>(bin.count) / static_cast<double>(total));
    std::snprintf(text, sizeof(text),
                  "<circle cx='%.1f' cy='%.1f' r='%.1f' fill='%s'><title>%zu steps</title></circle>", X(bin.confidence),
                  Y(bin.accuracy), radius, colour, bin.count);
    dots += text;
  }
  return "<polyline points='" + line + "' fill='none' stroke='" + colour + "' stroke-width='1.5'/>" + dots + "\n";
}

}  // namespace

std::string ReliabilitySvg(std::span<const ScoredPrediction> calibrated,
                           std::span<const ScoredPrediction> uncalibrated) {
  std::string svg =
      "<svg xmlns='http://www.w3.org/2000/svg' width='340' height='320' font-family='sans-serif' font-size='11'>\n";
  char text[300];
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double share = tenth / 10.0;
    std::snprintf(text, sizeof(text),
                  "<path d='M%.1f %.1fV%.1fM%.1f %.1fH%.1f' stroke='#ddd'/><text x='%.1f' y='%.1f' "
                  "text-anchor='middle'>%.1f</text><text x='%.1f' y='%.1f' text-anchor='end'>%.1f</text>\n",
                  X(share), Y(0), Y(1), X(0), Y(share), X(1), X(share), Y(0) + 15, share, X(0) - 6, Y(share) + 4,
                  share);
    svg += text;
  }
  std::snprintf(text, sizeof(text),
                "<path d='M%.1f %.1fL%.1f %.1f' stroke='#888' stroke-dasharray='4 3'/><text x='%.1f' y='%.1f' "
                "text-anchor='middle'>confidence</text><text x='12' y='%.1f' text-anchor='middle' "
                "transform='rotate(-90 12 %.1f)'>share that was right</text>\n",
                X(0), Y(0), X(1), Y(1), X(0.5), Y(0) + 34, Y(0.5), Y(0.5));
  svg += text;
  const size_t total = std::max<size_t>(1, calibrated.size());
  svg += Points(uncalibrated, "#b0b0b0", total) + Points(calibrated, "#1f5ca8", total);
  return svg + "</svg>\n";
}

}  // namespace action

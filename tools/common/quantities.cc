// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/quantities.h"

#include <glib.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "action/error.h"

namespace action {
namespace {

using Unit = std::pair<const char *, double>;

constexpr std::array<Unit, 5> kTimes = {{{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
constexpr std::array<Unit, 4> kSizes = {{{"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}};
constexpr double kMost = 9e18;  // fits into 63 bits

// The number that the text begins with, >= 0, and what follows it. False: there is none.
bool SplitNumber(const std::string &text, double &number, std::string &rest) {
  if (text.empty() || !g_ascii_isdigit(text.front())) return false;
  gchar *end = nullptr;
  number = g_ascii_strtod(text.c_str(), &end);
  rest = end;
  return std::isfinite(number);
}

template <size_t N>
double FactorOf(const std::string &unit, const std::array<Unit, N> &units) {
  for (const auto &[name, factor] : units) {
    if (unit == name) return factor;
  }
  return 0;
}

}  // namespace

int64_t ParseDuration(const std::string &text) {
  double number = 0;
  std::string unit;
  const double factor = SplitNumber(text, number, unit) ? FactorOf(unit, kTimes) : 0;
  if (factor == 0 || number * factor >= kMost)
    throw Error("'" + text + "' is not a length of time, such as 500ms, 5s, 10m, 1h or 30d");
  return std::llround(number * factor);
}

std::string DurationText(int64_t ns) {
  for (auto unit = kTimes.rbegin(); unit != kTimes.rend(); ++unit) {
    const auto factor = static_cast<int64_t>(unit->second);
    if (ns >= factor && ns % factor == 0) return std::to_string(ns / factor) + unit->first;
  }
  return std::to_string(ns / 1000000) + "ms";
}

uint64_t ParseBytes(const std::string &text) {
  if (text == "0") return 0;
  double number = 0;
  std::string unit;
  const double factor = SplitNumber(text, number, unit)
                            ? FactorOf(unit.ends_with("B") ? unit.substr(0, unit.size() - 1) : unit, kSizes)
                            : 0;
  if (factor == 0 || number * factor >= kMost)
    throw Error("'" + text + "' is not a size, such as 500G, 20M or 1T (a letter says of what)");
  return static_cast<uint64_t>(number * factor);
}

std::string BytesText(uint64_t bytes) {
  const char *unit = "B";
  auto value = static_cast<double>(bytes);
  for (const char *next : {"kB", "MB", "GB", "TB"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  char text[40];
  std::snprintf(text, sizeof(text), value < 10 && value != std::floor(value) ? "%.1f %s" : "%.0f %s", value, unit);
  return text;
}

FreeSpace ParseFreeSpace(const std::string &text) {
  double number = 0;
  std::string rest;
  if (SplitNumber(text, number, rest) && rest == "%") {
    if (number >= 100) throw Error("'" + text + "' of the disk leaves no room for recordings");
    return {number / 100, 0};
  }
  try {
    return {0, ParseBytes(text)};
  } catch (const Error &) {
    throw Error("'" + text + "' is neither a share of the disk, such as 5%, nor a size, such as 20G");
  }
}

double ParseNumber(const std::string &text) {
  double number = 0;
  std::string rest;
  if (!SplitNumber(text, number, rest) || !rest.empty()) throw Error("'" + text + "' is not a number of 0 or more");
  return number;
}

}  // namespace action

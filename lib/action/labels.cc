// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/labels.h"

#include <glib.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "action/deleter.h"

namespace action {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The letters outside ASCII whose lower case is, or begins with, a letter of ASCII (Unicode's SpecialCasing): the
// Kelvin sign and the capital I with a dot.
constexpr std::string_view kKelvin = "\xe2\x84\xaa";
constexpr std::string_view kDottedI = "\xc4\xb0";

}  // namespace

const char *NameOf(ValueCategory category) {
  switch (category) {
    case ValueCategory::kVa:
      return "VA";
    case ValueCategory::kRnva:
      return "RNVA";
    case ValueCategory::kNva:
      return "NVA";
    case ValueCategory::kUnknown:
      return "UNKNOWN";
  }
  return "?";
}

std::string NormaliseLabel(std::string_view text) {
  std::string label;
  const auto add_gap = [&label] {
    if (!label.empty() && label.back() != '_') label += '_';
  };
  while (!text.empty()) {
    const char c = text.front();
    size_t used = 1;
    if ((c >= 'a' && c <= 'z') || IsDigit(c)) {
      label += c;
    } else if (c >= 'A' && c <= 'Z') {
      label += static_cast<char>(c - 'A' + 'a');
    } else if (text.starts_with(kKelvin)) {
      label += 'k';
      used = kKelvin.size();
    } else if (text.starts_with(kDottedI)) {
      label += 'i';
      add_gap();  // the dot, as a character of its own
      used = kDottedI.size();
    } else {
      add_gap();
    }
    text.remove_prefix(used);
  }
  while (!label.empty() && label.back() == '_')
    label.pop_back();
  return label.empty() ? "unknown" : label;
}

std::string SafeLabel(const std::string &name, bool *changed) {
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (changed != nullptr) *changed = !is_ascii;
  if (is_ascii || g_utf8_validate(name.data(), static_cast<gssize>(name.size()), nullptr) == FALSE) {
    return NormaliseLabel(name);
  }
  std::string label, word;
  bool foreign = false;  // the word has a letter, and the letter no ASCII in it
  const auto finish = [&] {
    std::string part = NormaliseLabel(word);
    if (foreign) {
      const std::unique_ptr<char, Deleter<g_free>> hash(
          g_compute_checksum_for_data(G_CHECKSUM_MD5, reinterpret_cast<const guchar *>(word.data()), word.size()));
      part = "x" + std::string(hash.get(), 6);
    } else if (part == "unknown" && word != "unknown") {
      part.clear();
    }
    if (!part.empty()) label += (label.empty() ? "" : "_") + part;
    word.clear();
    foreign = false;
  };
  for (const char *at = name.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    const bool symbol = c >= 0x80 && g_unichar_type(c) == G_UNICODE_OTHER_SYMBOL;  // an emoji, say
    const bool letter = symbol || g_unichar_isalnum(c) != FALSE || g_unichar_ismark(c) != FALSE;
    if (!letter) {
      finish();
      continue;
    }
    gunichar first = c;
    if (c >= 0x80) g_unichar_fully_decompose(c, FALSE, &first, 1);
    const GUnicodeScript script = g_unichar_get_script(c);
    foreign = foreign || symbol ||
              (c >= 0x80 && first >= 0x80 && script != G_UNICODE_SCRIPT_LATIN && script != G_UNICODE_SCRIPT_INHERITED &&
               script != G_UNICODE_SCRIPT_COMMON);
    word.append(at, static_cast<size_t>(g_utf8_next_char(at) - at));
  }
  finish();
  return label.empty() ? "unknown" : label;
}

std::string CoarseLabel(std::string_view label) {
  return std::string(label.substr(0, label.find('_')));
}

ValueCategory CategoryOf(std::string_view label) {
  if (label.ends_with("_va")) return ValueCategory::kVa;
  if (label.ends_with("_rnva")) return ValueCategory::kRnva;
  if (label.ends_with("_nva")) return ValueCategory::kNva;
  return ValueCategory::kUnknown;
}

std::string_view WithoutValue(std::string_view label) {
  for (const std::string_view suffix : {"_va", "_rnva", "_nva"}) {
    if (label.ends_with(suffix)) return label.substr(0, label.size() - suffix.size());
  }
  return label;
}

Meaning MeaningOf(std::string_view label, std::string_view coarse) {
  for (const std::string_view name : {WithoutValue(label), coarse}) {
    if (name == "waiting" || name == "idle") return Meaning::kWaiting;
    if (name == "absent") return Meaning::kAbsent;
    if (name == kBackgroundLabel) return Meaning::kUnmeasured;
  }
  return Meaning::kWork;
}

}  // namespace action

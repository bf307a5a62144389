// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/clip_name.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "action/text.h"

namespace action {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsOfWord(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::optional<ValueCategory> ValueIn(std::string_view word) {
  for (const ValueCategory value : {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva}) {
    if (EqualNoCase(word, NameOf(value))) return value;
  }
  return std::nullopt;
}

bool EndsWithNoCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && EqualNoCase(text.substr(text.size() - end.size()), end);
}

void TrimEnd(std::string_view &text) {
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
}

// What file managers put behind the name of a copy: "x (1)", "x - Copy", "x - Copy (2)".
std::string_view WithoutCopyMark(std::string_view stem) {
  for (;;) {
    const size_t before = stem.size();
    std::string_view rest = stem;
    TrimEnd(rest);
    if (rest.ends_with(')')) {
      rest.remove_suffix(1);
      const size_t digits = rest.size();
      while (!rest.empty() && IsDigit(rest.back()))
        rest.remove_suffix(1);
      if (rest.size() < digits && rest.ends_with('(')) {
        rest.remove_suffix(1);
        TrimEnd(rest);
        if (!rest.empty()) stem = rest;
      }
    } else if (constexpr std::string_view kCopy = " - copy";
               rest.size() > kCopy.size() && EndsWithNoCase(rest, kCopy)) {
      stem = rest.substr(0, rest.size() - kCopy.size());
    }
    if (stem.size() == before) return stem;
  }
}

// "x_001": the number goes, and what divides it from the label.
std::string_view WithoutNumber(std::string_view stem) {
  size_t end = stem.size();
  while (end > 0 && IsDigit(stem[end - 1]))
    --end;
  if (end == stem.size() || end == 0 || IsOfWord(stem[end - 1])) return stem;
  while (end > 0 && !IsOfWord(stem[end - 1]))
    --end;
  return end > 0 ? stem.substr(0, end) : stem;
}

bool IsNumber(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return IsDigit(c) || !IsOfWord(c); });
}

// Where the last value category of a name ends ("mount_wheel_VA-p01" -> 14); nothing where it has none, or nothing
// before it. Words are letters, digits and whatever is not ASCII.
std::optional<size_t> EndOfValue(std::string_view stem) {
  std::optional<size_t> found;
  bool first = true;
  for (size_t at = 0; at < stem.size();) {
    size_t end = at;
    while (end < stem.size() && IsOfWord(stem[end]))
      ++end;
    if (end > at) {
      if (!first && ValueIn(stem.substr(at, end - at))) found = end;
      first = false;
    }
    at = end + 1;
  }
  return found;
}

ClipName OfText(std::string text) {
  ClipName name;
  name.label = SafeLabel(text, &name.foreign);
  name.text = std::move(text);
  return name;
}

// ACTION_VALUE_ID, split at the '_'; of fewer than three parts nothing is known.
ClipName ByDeployment(const std::string &stem) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= stem.size();) {
    const size_t end = std::min(stem.find('_', at), stem.size());
    parts.push_back(stem.substr(at, end - at));
    at = end + 1;
  }
  constexpr size_t kFewest = 3;
  if (parts.size() < kFewest) return OfText("unknown");
  parts.pop_back();
  const std::optional<ValueCategory> value = ValueIn(parts.back());
  if (value) parts.pop_back();
  std::string action;
  for (const std::string &part : parts)
    action += (action.empty() ? "" : "_") + part;
  ClipName name = OfText(std::move(action));
  name.value = value.value_or(ValueCategory::kUnknown);
  return name;
}

}  // namespace

const char *NameOf(LabelRule rule) {
  switch (rule) {
    case LabelRule::kStandard:
      return "standard";
    case LabelRule::kNotebook:
      return "notebook";
    case LabelRule::kScripts:
      return "scripts";
    case LabelRule::kDeployment:
      return "deployment";
  }
  return "?";
}

ClipName ReadClipName(const std::string &stem, LabelRule rule) {
  switch (rule) {
    case LabelRule::kNotebook:
      return OfText(stem);
    case LabelRule::kScripts:
      return OfText(std::string(WithoutNumber(stem)));
    case LabelRule::kDeployment:
      return ByDeployment(stem);
    case LabelRule::kStandard:
      break;
  }
  const std::string_view whole = stem, kept = WithoutCopyMark(stem);
  const size_t end = EndOfValue(kept).value_or(WithoutNumber(kept).size());
  ClipName name = OfText(stem.substr(0, end));
  if (!IsNumber(whole.substr(end)) || kept.size() != whole.size()) {
    std::string_view id = whole.substr(end);
    while (!id.empty() && (id.front() == '_' || id.front() == ' ' || id.front() == '-'))
      id.remove_prefix(1);
    name.id = id;
  }
  return name;
}

}  // namespace action

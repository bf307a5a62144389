// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/regex.h"

#include <glib.h>

#include "action/deleter.h"
#include "action/error.h"

namespace action {

Regex::Regex(const std::string &pattern) : regex_(nullptr, &g_regex_unref) {
  GError *error = nullptr;
  regex_.reset(
      g_regex_new(pattern.c_str(), static_cast<GRegexCompileFlags>(0), static_cast<GRegexMatchFlags>(0), &error));
  if (regex_) return;
  const std::unique_ptr<GError, Deleter<g_error_free>> owner(error);
  throw Error("'" + pattern + "' is not a regular expression: " + error->message);
}

std::optional<std::vector<std::string>> Regex::Find(const std::string &text) const {
  GMatchInfo *match = nullptr;
  const bool found = g_regex_match(regex_.get(), text.c_str(), static_cast<GRegexMatchFlags>(0), &match) != FALSE;
  const std::unique_ptr<GMatchInfo, Deleter<g_match_info_unref>> owner(match);
  if (!found) return std::nullopt;
  std::vector<std::string> groups;
  for (int i = 0; i <= g_regex_get_capture_count(regex_.get()); ++i) {
    const std::unique_ptr<char, Deleter<g_free>> group(g_match_info_fetch(match, i));
    groups.emplace_back(group ? group.get() : "");
  }
  return groups;
}

}  // namespace action

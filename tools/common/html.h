// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the HTML pages of the tools have in common: one file each, without anything from elsewhere, for a screen, a
// phone and paper.
#ifndef GST_ACTION_HTML_H_
#define GST_ACTION_HTML_H_

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace action {

// As printf does it; at most 299 bytes.
template <typename... Values>
std::string Format(const char *format, Values... values) {
  std::array<char, 300> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

// As text, or the value of an attribute in quotes.
std::string HtmlEscaped(const std::string &text);

// A whole page. title: text; body: HTML.
std::string HtmlPage(const std::string &title, const std::string &body);

// A table in a frame that scrolls by itself where it is wider than the page. Cells are HTML; those of the first column
// are text, the others numbers. head: empty for a table without one.
std::string HtmlTable(const std::vector<std::string> &head, const std::vector<std::vector<std::string>> &rows);

}  // namespace action

#endif  // GST_ACTION_HTML_H_

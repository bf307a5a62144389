// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/csv.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "action/error.h"
#include "action/io/input_file.h"

namespace action {
namespace {

// What stands between fields: the one of comma, semicolon and tab that is most often outside quotes in the first line.
// Spreadsheets write semicolons where the comma is the decimal point.
char SeparatorOf(std::string_view text) {
  constexpr std::string_view kSeparators = ",;\t";
  std::array<size_t, kSeparators.size()> count{};
  bool quoted = false, begun = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r') && begun) break;
    begun = begun || (c != '\n' && c != '\r');
    const size_t which = kSeparators.find(c);
    if (!quoted && which != std::string_view::npos) ++count[which];
  }
  return kSeparators[static_cast<size_t>(std::ranges::max_element(count) - count.begin())];
}

std::vector<CsvRow> Parse(std::string_view text, const std::string &what) {
  const char separator = SeparatorOf(text);
  std::vector<CsvRow> rows;
  CsvRow row{{""}, 1};
  size_t line = 1;
  bool quoted = false;
  const auto finish = [&] {
    const bool empty = std::ranges::all_of(row.fields, [](const std::string &field) { return Trimmed(field).empty(); });
    if (!empty) rows.push_back(row);
    row = {{""}, line};
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ends_line = c == '\n' || (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
    if (ends_line) ++line;
    if (quoted) {
      if (c != '"') {
        row.fields.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        row.fields.back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"' && row.fields.back().empty()) {
      quoted = true;
    } else if (c == separator) {
      row.fields.emplace_back();
    } else if (ends_line) {
      finish();
    } else if (c != '\r') {
      row.fields.back() += c;
    }
  }
  if (quoted) throw Error(what + " line " + std::to_string(row.line) + ": a quote is opened and never closed");
  finish();
  return rows;
}

}  // namespace

std::vector<CsvRow> ReadCsv(const std::string &path, const std::string &what) {
  return ParseCsv(ReadText(path, what, kMostOfTable), what);
}

std::vector<CsvRow> ParseCsv(std::string_view text, const std::string &what) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  CheckText(text, what, 1, "Save the file as \"CSV UTF-8\"");
  return Parse(text, what);
}

std::string Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string CsvField(const std::string &text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string CsvLine(std::span<const std::string> fields) {
  std::string line;
  for (const std::string &field : fields)
    line += (&field == fields.data() ? "" : ",") + CsvField(field);
  return line;
}

}  // namespace action

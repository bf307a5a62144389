// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/csv.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "action/error.h"

namespace action {
namespace {

std::vector<CsvRow> Parse(const std::string &text, const std::string &what) {
  std::vector<CsvRow> rows;
  CsvRow row{{""}, 1};
  size_t line = 1;
  bool quoted = false;
  const auto finish = [&] {
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(row);
    row = {{""}, line};
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
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
    } else if (c == ',') {
      row.fields.emplace_back();
    } else if (c == '\n') {
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
  std::ifstream file(path, std::ios::binary);
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) throw Error("cannot read " + what + ": it is a folder");
  if (!file) throw Error("cannot read " + what);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw Error("cannot read " + what);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
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

}  // namespace action

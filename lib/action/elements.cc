// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/elements.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "action/error.h"
#include "action/io/csv.h"
#include "action/text.h"

namespace action {
namespace {

constexpr std::array<const char *, 8> kColumns = {
    "label", "name", "value", "group", "order", "optional", "standard_seconds", "min_seconds"};

std::string ColumnList() {
  std::string list;
  for (const char *column : kColumns)
    list += std::string(list.empty() ? "" : ", ") + column;
  return list;
}

std::string Upper(std::string text) {
  for (char &c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// One row, and where it stands.
struct Fields {
  const CsvRow &row;
  const std::vector<std::string> &columns;
  std::string where;

  std::string At(std::string_view column) const {
    for (size_t i = 0; i < std::min(columns.size(), row.fields.size()); ++i) {
      if (columns[i] == column) return Trimmed(row.fields[i]);
    }
    return {};
  }
  // What frames, messages and JSON can carry.
  std::string Text(const char *column) const {
    std::string text = At(column);
    if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) == FALSE) {
      throw Error(where + ": " + column + " is not UTF-8. Save the table as \"CSV UTF-8\"");
    }
    if (std::ranges::any_of(text, [](char c) { return IsControlCharacter(static_cast<unsigned char>(c)); })) {
      throw Error(where + ": " + column +
                  " holds a line break or another control character; expected one line of text");
    }
    return text;
  }
  [[noreturn]] void Fail(const char *column, const std::string &found, const char *expected) const {
    throw Error(where + ": " + column + " is '" + found + "'; expected " + expected + ", or nothing");
  }
  std::optional<double> Number(const char *column, bool zero_too, const char *expected) const {
    std::string text = At(column);
    if (text.empty()) return std::nullopt;
    std::ranges::replace(text, ',', '.');  // the decimal point of many spreadsheets
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool number = failed == std::errc() && end == text.data() + text.size() && std::isfinite(value);
    if (!number || value > 1e6 || value < 0 || (value == 0 && !zero_too)) Fail(column, text, expected);
    return value;
  }
};

std::vector<std::string> ColumnsOf(const CsvRow &header, const std::string &path) {
  std::vector<std::string> columns;
  for (const std::string &field : header.fields) {
    const std::string column = Trimmed(field).empty() ? std::string() : NormaliseLabel(field);
    const auto known = std::ranges::find(kColumns, column) != kColumns.end();
    if (!known && !column.empty()) {
      throw Error(path + " line " + std::to_string(header.line) + ": unknown column '" + Trimmed(field) +
                  "'; expected some of " + ColumnList() + ", separated by commas, semicolons or tabs");
    }
    if (known && std::ranges::find(columns, column) != columns.end()) {
      throw Error(path + " line " + std::to_string(header.line) + ": the column " + column + " is there twice");
    }
    columns.push_back(column);
  }
  if (std::ranges::find(columns, "label") == columns.end()) {
    throw Error(path + " line " + std::to_string(header.line) + ": no column 'label'. The first line should name the " +
                "columns: " + ColumnList());
  }
  return columns;
}

ElementRow RowOf(const Fields &fields) {
  ElementRow row;
  row.line = fields.row.line;
  row.label = fields.Text("label");
  if (row.label.empty()) throw Error(fields.where + ": the label is missing");
  row.label = NormaliseLabel(row.label);

  if (const std::string value = fields.At("value"); !value.empty()) {
    row.value =
        Named(Upper(value), {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown});
    if (!row.value) fields.Fail("value", value, "VA, RNVA, NVA or UNKNOWN");
  }
  Element &element = row.element;
  element.name = fields.Text("name");
  element.group = fields.Text("group");
  constexpr const char *kOrder = "a whole number from 0 on";
  if (const auto order = fields.Number("order", true, kOrder)) {
    if (*order != std::floor(*order)) fields.Fail("order", fields.At("order"), kOrder);
    element.order = static_cast<int>(*order);
  }
  if (const std::string text = Upper(fields.At("optional")); !text.empty()) {
    element.optional = text == "YES" || text == "TRUE" || text == "1";
    if (!element.optional && text != "NO" && text != "FALSE" && text != "0") {
      fields.Fail("optional", fields.At("optional"), "yes or no");
    }
  }
  element.standard_seconds = fields.Number("standard_seconds", false, "a number of seconds, more than 0");
  element.min_seconds = fields.Number("min_seconds", true, "a number of seconds, 0 or more");
  return row;
}

}  // namespace

namespace {

std::vector<ElementRow> ReadTable(const std::string &path) {
  const std::vector<CsvRow> rows = ReadCsv(path, "the elements " + path);
  if (rows.empty()) {
    throw Error("the elements " + path + " are empty; the first line should name the columns: " + ColumnList() +
                ". gst-action-elements MODEL writes a template");
  }
  const std::vector<std::string> columns = ColumnsOf(rows.front(), path);
  std::vector<ElementRow> elements;
  std::map<std::string, size_t> lines;  // by label
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::string where = path + " line " + std::to_string(rows[i].line);
    if (rows[i].fields.size() > columns.size()) {
      throw Error(where + ": it has " + std::to_string(rows[i].fields.size()) + " fields, the first line names " +
                  std::to_string(columns.size()) + " columns. A field with a comma in it stands in quotes");
    }
    ElementRow row = RowOf({rows[i], columns, where});
    const auto [twin, is_new] = lines.try_emplace(row.label, row.line);
    if (!is_new) {
      throw Error(where + ": the label '" + row.label + "' is in line " + std::to_string(twin->second) + " already");
    }
    elements.push_back(std::move(row));
  }
  return elements;
}

}  // namespace

std::vector<ElementRow> ReadElements(const std::string &path) {
  return OfFile(path, [&path] { return ReadTable(path); });
}

std::string ElementsFileOf(const std::string &model_folder, const std::string &asked) {
  if (!asked.empty()) return asked;
  const std::filesystem::path own = std::filesystem::path(model_folder) / kElementsFile;
  return std::filesystem::exists(own) ? own.string() : "";
}

void ForgetElements(LabelTable &labels) {
  for (FineLabel &fine : labels.fine) {
    fine.element = {};
    fine.category = CategoryOf(fine.label);
  }
}

void ApplyElements(const std::vector<ElementRow> &rows, const std::string &path, LabelTable &labels) {
  std::multimap<std::string_view, FineLabel *> by_label;  // two families may have a label of one name
  for (FineLabel &fine : labels.fine)
    by_label.emplace(fine.label, &fine);
  for (const ElementRow &row : rows) {
    const auto [first, last] = by_label.equal_range(row.label);
    for (auto place = first; place != last; ++place) {
      place->second->element = row.element;
      if (row.value) place->second->category = *row.value;
    }
    if (first != last) continue;
    std::string known;
    for (const FineLabel &fine : labels.fine)
      known += (known.empty() ? "" : ", ") + fine.label;
    throw Error(
        ErrorKind::kFormat, path,
        path + " line " + std::to_string(row.line) + ": the model has no label '" + row.label + "'. It knows " + known);
  }
}

std::string ElementsText(const std::vector<ElementRow> &rows) {
  const auto number = [](const std::optional<double> &value) {
    if (!value) return std::string();
    std::array<char, G_ASCII_DTOSTR_BUF_SIZE> text{};
    return std::string(g_ascii_formatd(text.data(), static_cast<int>(text.size()), "%g", *value));
  };
  std::string text = kElementsHeading;
  for (const ElementRow &row : rows) {
    const Element &element = row.element;
    text += CsvField(row.label) + "," + CsvField(element.name) + "," + (row.value ? NameOf(*row.value) : "") + "," +
            CsvField(element.group) + "," + (element.order ? std::to_string(*element.order) : "") + "," +
            (element.optional ? "yes" : "no") + "," + number(element.standard_seconds) + "," +
            number(element.min_seconds) + "\n";
  }
  return text;
}

namespace {

bool LacksCategory(const FineLabel &fine) {
  return fine.category == ValueCategory::kUnknown && MeaningOf(fine.label, fine.coarse) == Meaning::kWork;
}

}  // namespace

std::string ElementsTemplate(const LabelTable &labels) {
  std::vector<ElementRow> rows;
  std::set<std::string> written;  // two families may have a label of one name
  for (const FineLabel &fine : labels.fine) {
    if (!written.insert(fine.label).second) continue;
    ElementRow row{fine.label, fine.category, fine.element};
    std::string &name = row.element.name;
    if (name.empty()) {
      name = WithoutValue(fine.label);
      std::ranges::replace(name, '_', ' ');
      if (!name.empty()) name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    }
    if (row.element.group.empty()) row.element.group = fine.coarse;
    const bool waiting = MeaningOf(fine.label, fine.coarse) == Meaning::kWaiting;
    if (waiting && fine.category == ValueCategory::kUnknown) row.value = ValueCategory::kNva;
    if (LacksCategory(fine)) row.value.reset();
    rows.push_back(std::move(row));
  }
  return ElementsText(rows);
}

std::vector<std::string> WithoutCategory(const LabelTable &labels) {
  std::vector<std::string> without;
  for (const FineLabel &fine : labels.fine) {
    if (LacksCategory(fine)) without.push_back(fine.label);
  }
  return without;
}

std::string NoValuesNotice(const LabelTable &labels, const std::string &model_folder) {
  const size_t without = WithoutCategory(labels).size();
  const auto has_value = [](const FineLabel &fine) { return fine.category != ValueCategory::kUnknown; };
  if (without == 0 || std::ranges::any_of(labels.fine, has_value)) return {};
  return "the model " + model_folder +
         " does not say what adds value: none of its labels ends in _va, _rnva or _nva, " + "and no " + kElementsFile +
         " tells. All segments are UNKNOWN. gst-action-elements " + model_folder +
         " writes the table to fill in (with --dataset FOLDER, from the names of the clips)";
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "report/spreadsheet.h"

#ifdef HAVE_XLSXWRITER
#include <xlsxwriter.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "action/error.h"
#include "action/io/atomic_file.h"

namespace action {

#ifdef HAVE_XLSXWRITER

namespace {

constexpr size_t kWidest = 40;  // characters

void Fill(lxw_workbook *book, lxw_worksheet *sheet, const ReportTable &table) {
  lxw_format *bold = workbook_add_format(book);
  format_set_bold(bold);
  lxw_format *number = workbook_add_format(book);
  format_set_num_format(number, "0.00");
  lxw_format *whole = workbook_add_format(book);
  format_set_num_format(whole, "0");
  std::vector<size_t> widths;
  for (size_t column = 0; column < table.head.size(); ++column) {
    worksheet_write_string(sheet, 0, static_cast<lxw_col_t>(column), table.head[column].c_str(), bold);
    widths.push_back(table.head[column].size());
  }
  for (size_t row = 0; row < table.rows.size(); ++row) {
    for (size_t column = 0; column < table.rows[row].size(); ++column) {
      const auto y = static_cast<lxw_row_t>(row + 1);
      const auto x = static_cast<lxw_col_t>(column);
      if (const auto *text = std::get_if<std::string>(&table.rows[row][column])) {
        if (!text->empty()) worksheet_write_string(sheet, y, x, text->c_str(), nullptr);
        widths[column] = std::max(widths[column], text->size());
      } else {
        const double value = std::get<double>(table.rows[row][column]);
        worksheet_write_number(sheet, y, x, value,
                               value == static_cast<double>(static_cast<long>(value)) ? whole : number);
      }
    }
  }
  for (size_t column = 0; column < widths.size(); ++column) {
    const auto x = static_cast<lxw_col_t>(column);
    worksheet_set_column(sheet, x, x, static_cast<double>(std::min(widths[column], kWidest) + 2), nullptr);
  }
  worksheet_freeze_panes(sheet, 1, 0);
  if (!table.rows.empty())
    worksheet_autofilter(sheet, 0, 0, static_cast<lxw_row_t>(table.rows.size()),
                         static_cast<lxw_col_t>(table.head.size() - 1));
}

}  // namespace

void WriteSpreadsheet(const std::string &path, const std::vector<ReportTable> &tables) {
  CheckReplaceable(path);
  const std::filesystem::path whole(path);
  const std::string part = (whole.parent_path() / ("." + whole.filename().string() + ".part")).string();
  lxw_workbook *book = workbook_new(part.c_str());
  if (book == nullptr) throw Error(ErrorKind::kOpenWrite, path, "cannot write " + path);
  for (const ReportTable &table : tables)
    Fill(book, workbook_add_worksheet(book, table.name.c_str()), table);
  errno = 0;
  const lxw_error error = workbook_close(book);  // writes it, and frees the book
  std::error_code failed;
  if (error != LXW_NO_ERROR) {
    const int number = errno;
    std::filesystem::remove(part, failed);
    throw WriteError(path, number,
                     "cannot write " + path + ": " + (number != 0 ? std::strerror(number) : lxw_strerror(error)));
  }
  std::filesystem::rename(part, whole, failed);
  if (failed) throw WriteError(path, failed.value(), "cannot write " + path + ": " + failed.message());
}

#else

void WriteSpreadsheet(const std::string &path, const std::vector<ReportTable> &) {
  throw Error(path + ": gst-action was built without libxlsxwriter, which .xlsx needs; .csv works without");
}

#endif

}  // namespace action

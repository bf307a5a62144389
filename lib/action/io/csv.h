// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tables as spreadsheets write them.
#ifndef ACTION_IO_CSV_H_
#define ACTION_IO_CSV_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"

namespace action {

struct CsvRow {
  std::vector<std::string> fields;
  size_t line = 0;  // in the file, from 1
};

// RFC 4180: commas, fields in quotes, "" for a quote inside; semicolons or tabs instead of commas where the first line
// has more of them. Lines end in CR LF, LF or CR. Rows without any text are left out, and so is a byte order mark. Text
// is UTF-8. "-" is the standard input. `what` names the file in errors: "the annotations FILE". Throws Error.
ACTION_API std::vector<CsvRow> ReadCsv(const std::string &path, const std::string &what);
// The same of a text.
ACTION_API std::vector<CsvRow> ParseCsv(std::string_view text, const std::string &what);

// Without blanks at its ends.
ACTION_API std::string Trimmed(std::string_view text);

// A field as it is written: in quotes where it needs them.
ACTION_API std::string CsvField(const std::string &text);

// Fields with commas between them, without the end of a line.
ACTION_API std::string CsvLine(std::span<const std::string> fields);

}  // namespace action

#endif  // ACTION_IO_CSV_H_

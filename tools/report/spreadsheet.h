// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_REPORT_SPREADSHEET_H_
#define GST_ACTION_REPORT_SPREADSHEET_H_

#include <string>
#include <vector>

#include "report/report.h"

namespace action {

// An .xlsx file with a sheet for each table, in the place of what lies there. Numbers are numbers, whatever the
// language of the spreadsheet program. Throws Error, also when gst-action was built without libxlsxwriter.
void WriteSpreadsheet(const std::string &path, const std::vector<ReportTable> &tables);

}  // namespace action

#endif  // GST_ACTION_REPORT_SPREADSHEET_H_

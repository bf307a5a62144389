// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How everything is, in the words of those who ask: Prometheus, a supervisor, the page.
#ifndef GST_ACTION_RECORD_SITE_STATUS_H_
#define GST_ACTION_RECORD_SITE_STATUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "record/retention.h"
#include "record/station.h"

namespace action {

struct SiteStatus {
  std::vector<StationStatus> stations;
  DiskSpace disk;
  uint64_t resident_memory = 0;  // bytes
};

// Bytes of this process that lie in memory.
uint64_t ResidentMemory();

// What is wrong, a line each; empty: every camera sends fresh frames, its network keeps up, and the disk takes them.
std::vector<std::string> ProblemsOf(const SiteStatus &status);
// In Prometheus' text format 0.0.4.
std::string MetricsText(const SiteStatus &status);
// For the page: one JSON object.
std::string StatusJson(const SiteStatus &status);

}  // namespace action

#endif  // GST_ACTION_RECORD_SITE_STATUS_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/processors.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace action {
namespace {

using std::filesystem::path;

std::optional<double> ReadNumber(const path &file) {
  std::ifstream in(file);
  double number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

// Of one group, in processors. "max", -1 and 0 stand for no limit.
std::optional<double> LimitOf(const path &group) {
  std::optional<double> quota;
  std::optional<double> period;
  if (std::ifstream in(group / "cpu.max"); in) {
    double a = 0;
    double b = 0;
    if (in >> a >> b) {
      quota = a;
      period = b;
    }
  } else {
    quota = ReadNumber(group / "cpu.cfs_quota_us");
    period = ReadNumber(group / "cpu.cfs_period_us");
  }
  return quota && period && *quota > 0 && *period > 0 ? std::optional(*quota / *period) : std::nullopt;
}

// Of the group and of all above it. A container often sees its own group as the root, whatever its name: what is not
// there is passed over.
double LimitOfTree(const path &mount, const std::string &name, double limit) {
  path group = path(name).relative_path();
  for (;; group = group.parent_path()) {
    if (const auto own = LimitOf(mount / group)) limit = std::min(limit, *own);
    if (group.empty()) return limit;
  }
}

}  // namespace

int UsableProcessors(const path &root) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  double limit = sched_getaffinity(0, sizeof processors, &processors) == 0 ? CPU_COUNT(&processors)
                                                                           : std::thread::hardware_concurrency();

  const path groups = root / "sys/fs/cgroup";
  std::ifstream in(root / "proc/self/cgroup");
  // A line is id:controllers:name; version 2 has id 0 and no controllers.
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string name = line.substr(second + 1);
    if (controllers == ",,") limit = LimitOfTree(groups, name, limit);
    if (controllers.find(",cpu,") != std::string::npos) limit = LimitOfTree(groups / "cpu", name, limit);
  }
  return std::max(static_cast<int>(std::ceil(limit)), 1);
}

int ProcessorWatch::Count() {
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_) {
    count_ = UsableProcessors();
    next_ = now + std::chrono::seconds(1);
  }
  return count_;
}

}  // namespace action

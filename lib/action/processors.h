// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many threads are worth having.
#ifndef ACTION_PROCESSORS_H_
#define ACTION_PROCESSORS_H_

#include <chrono>
#include <filesystem>

#include "action/export.h"

namespace action {

// Processors that this process can keep busy, at least 1: those that it may run on (taskset, cpusets), and no more than
// the control groups that it is in pay for (docker run --cpus, Kubernetes' cpu limit, systemd's CPUQuota), a part of
// one counted whole. More threads than that would be stopped together for the rest of each period. Reads cpu.max, or
// cpu.cfs_quota_us and cpu.cfs_period_us of version 1, of the group and of those above it, at their usual places under
// `root`; what is not there limits nothing.
ACTION_API int UsableProcessors(const std::filesystem::path &root = "/");

// The same for who goes on for long: a container's quota and the processors of a process may be changed meanwhile.
class ACTION_API ProcessorWatch {
 public:
  // How many there are; looks once a second at most.
  int Count();

 private:
  int count_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace action

#endif  // ACTION_PROCESSORS_H_

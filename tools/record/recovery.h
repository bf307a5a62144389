// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_RECOVERY_H_
#define GST_ACTION_RECORD_RECOVERY_H_

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "record/folders.h"

namespace action {

// Recordings in OUTPUT/STATION/DAY/ that were never closed: of a process that was killed, or a machine that lost power.
std::vector<Recording> UnclosedRecordings(const std::filesystem::path &output);

// Makes an ordinary MP4 of it, with all that can be read of it, in the place of what lay there, and notes it. One of
// which nothing can be read gets the ending .unreadable. Nothing is ever deleted. `told` hears what was done, `stop` is
// asked now and then. Blocks; for a thread of its own.
void RecoverRecording(const Recording &recording, const std::function<void(const std::string &)> &told,
                      const std::atomic<bool> &stop);

// Recovers recordings one after the other, on a thread of its own.
class RecoveryQueue {
 public:
  // told: on that thread.
  explicit RecoveryQueue(std::function<void(const std::string &)> told) : told_(std::move(told)) {}
  // What has not been begun waits for the next start of the recorder.
  ~RecoveryQueue();
  RecoveryQueue(const RecoveryQueue &) = delete;
  RecoveryQueue &operator=(const RecoveryQueue &) = delete;

  void Add(const std::vector<Recording> &recordings);
  // Files that wait or are being recovered.
  std::set<std::filesystem::path> Files() const;

 private:
  void Run();

  const std::function<void(const std::string &)> told_;
  mutable std::mutex mutex_;
  std::deque<Recording> waiting_;  // the first is being recovered
  bool running_ = false;
  std::thread thread_;
  std::atomic<bool> stop_{false};
};

}  // namespace action

#endif  // GST_ACTION_RECORD_RECOVERY_H_

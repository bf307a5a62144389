// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An end, whatever hangs.
#ifndef GST_ACTION_RECORD_DEADLINE_H_
#define GST_ACTION_RECORD_DEADLINE_H_

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

namespace action {

// Ends the process when it has not ended by itself so long after Begin: a service manager would wait longer, and kill
// it. A camera's or a driver's thread that never comes back is no reason for that.
class Deadline {
 public:
  explicit Deadline(std::chrono::seconds patience) : patience_(patience) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Deadline(const Deadline &) = delete;
  Deadline &operator=(const Deadline &) = delete;

  // result: of the process, if it comes to that; Finished may better it.
  void Begin(int result) {
    result_ = result;
    if (thread_.joinable()) return;
    thread_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, patience_, [this] { return over_; })) return;
      std::fprintf(stderr, "gst-action-record: a pipeline does not stop; ended without it\n");
      _exit(result_);
    });
  }
  // All that matters is done; what remains is taking down.
  void Finished(int result) { result_ = result; }

 private:
  const std::chrono::seconds patience_;
  std::atomic<int> result_{0};
  std::mutex mutex_;  // protects over_
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_DEADLINE_H_

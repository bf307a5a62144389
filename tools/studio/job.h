// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What takes longer than a browser waits: one piece of work at a time, on a thread of its own.
#ifndef GST_ACTION_STUDIO_JOB_H_
#define GST_ACTION_STUDIO_JOB_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace action {

class Job {
 public:
  struct Status {
    int number = 0;                  // of the work; 0: there was none yet
    std::string kind;                // "train", "find"
    std::string state;               // "running", "done", "failed", "cancelled"
    std::string doing;               // in words
    double share = 0;                // of what is being done, 0 to 1
    std::vector<std::string> lines;  // what the programs said, the last ones
    std::string error;
    nlohmann::ordered_json result;
  };

  Job() = default;
  ~Job();
  Job(const Job &) = delete;
  Job &operator=(const Job &) = delete;

  // work: on the thread; its result is shown. It may throw Error. False: another is still at work.
  bool Start(const std::string &kind, std::function<nlohmann::ordered_json(Job &)> work);
  void Cancel() { cancel_ = true; }
  Status status() const;

  // For the work itself.
  void Doing(const std::string &what);
  // Runs one of our programs beside this one. Lines that tell how far it is ("... 40 %") move the bar. Throws Error
  // with what it said last when it fails, Cancelled.
  void RunTool(const std::string &tool, const std::vector<std::string> &arguments);

 private:
  void Say(const std::string &line);

  std::thread thread_;
  std::atomic<bool> cancel_{false};
  mutable std::mutex mutex_;  // protects status_
  Status status_;
};

}  // namespace action

#endif  // GST_ACTION_STUDIO_JOB_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Progress on a terminal, plain lines elsewhere.
#ifndef GST_ACTION_PROGRESS_H_
#define GST_ACTION_PROGRESS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace action {

// A bar with rate and time left, redrawn in place on standard error. Where that is no terminal, only
// lines are printed, one for every tenth of the work; when quiet, none. For one thread at a time.
class Progress {
 public:
  explicit Progress(bool quiet);

  // label: what is being done; done, total: seconds of video (total 0 when not known).
  void Update(const std::string &label, double done, double total);

  // As Update, for work that is counted: `done` of `total` pieces, `what` the last one that was finished.
  void Step(const std::string &label, size_t done, size_t total, const std::string &what);

  // Clears the bar and prints a line to standard output (nothing when quiet).
  void Finish(const std::string &line);

  // Clears the bar and prints a line to standard error, quiet or not.
  void Complain(const std::string &line);

 private:
  using Clock = std::chrono::steady_clock;
  void Clear();
  bool IsNew(const std::string &label);
  bool IsNextTenth(double share);
  void Draw(double done, double total, const std::string &middle);

  const bool quiet_;
  const bool bar_;
  bool drawn_ = false;
  std::string label_;
  size_t tenths_ = 0;  // of the work that were reported
  Clock::time_point start_;
  Clock::time_point last_draw_;
};

}  // namespace action

#endif  // GST_ACTION_PROGRESS_H_

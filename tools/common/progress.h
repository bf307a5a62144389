// Progress on a terminal, plain lines elsewhere.
#ifndef GST_ACTION_PROGRESS_H_
#define GST_ACTION_PROGRESS_H_

#include <chrono>
#include <string>

namespace action {

// A bar with rate and time left, redrawn in place on standard error. Where that is no terminal, or when quiet, only
// Finish's line is printed.
class Progress {
 public:
  explicit Progress(bool quiet);

  // label: what is being done; done, total: seconds of video (total 0 when not known).
  void Update(const std::string &label, double done, double total);

  // Clears the bar and prints a line to standard output (nothing when quiet).
  void Finish(const std::string &line);

  // Clears the bar and prints a line to standard error, quiet or not.
  void Complain(const std::string &line);

 private:
  using Clock = std::chrono::steady_clock;
  void Clear();

  const bool quiet_;
  const bool bar_;
  bool drawn_ = false;
  std::string label_;
  Clock::time_point start_;
  Clock::time_point last_draw_;
};

}  // namespace action

#endif  // GST_ACTION_PROGRESS_H_

#include "common/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace action {

Progress::Progress(bool quiet) : quiet_(quiet), bar_(!quiet && isatty(STDERR_FILENO) != 0) {}

void Progress::Clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void Progress::Update(const std::string &label, double done, double total) {
  if (!bar_) return;
  const Clock::time_point now = Clock::now();
  if (label != label_) {
    label_ = label;
    start_ = now;
    last_draw_ = {};
  }
  if (now - last_draw_ < std::chrono::milliseconds(100)) return;
  last_draw_ = now;

  constexpr int kWidth = 24;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? done / elapsed : 0;
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
  const int filled = static_cast<int>(share * kWidth);
  std::string bar(static_cast<size_t>(filled), '#');
  bar.resize(kWidth, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %.1f s of video, %.1fx", label.c_str(), bar.c_str(), 100 * share,
               done, rate);
  if (total > 0 && rate > 0) std::fprintf(stderr, ", %.0f s left", std::max(total - done, 0.0) / rate);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Finish(const std::string &line) {
  Clear();
  if (!quiet_) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }
}

void Progress::Complain(const std::string &line) {
  Clear();
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace action {

Progress::Progress(bool quiet) : quiet_(quiet), bar_(!quiet && isatty(STDERR_FILENO) != 0) {}

void Progress::Clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

bool Progress::IsNew(const std::string &label) {
  if (label == label_) return false;
  label_ = label;
  start_ = Clock::now();
  last_draw_ = {};
  tenths_ = 0;
  return true;
}

bool Progress::IsNextTenth(double share) {
  const auto tenths = static_cast<size_t>(10 * std::clamp(share, 0.0, 1.0) + 1e-9);
  if (tenths <= tenths_) return false;
  tenths_ = tenths;
  return true;
}

// middle: what stands between the share and the time left.
void Progress::Draw(double done, double total, const std::string &middle) {
  const Clock::time_point now = Clock::now();
  const bool finished = total > 0 && done >= total;
  if (now - last_draw_ < std::chrono::milliseconds(100) && !finished) return;
  last_draw_ = now;

  constexpr int kWidth = 24;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
  const int filled = static_cast<int>(share * kWidth);
  std::string bar(static_cast<size_t>(filled), '#');
  bar.resize(kWidth, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s", label_.c_str(), bar.c_str(), 100 * share, middle.c_str());
  if (total > 0 && done > 0 && elapsed > 0)
    std::fprintf(stderr, ", %.0f s left", std::max(total - done, 0.0) * elapsed / done);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Update(const std::string &label, double done, double total) {
  if (quiet_) return;
  IsNew(label);
  if (!bar_) {
    if (total > 0 && IsNextTenth(done / total)) std::printf("%s %zu %%\n", label.c_str(), 10 * tenths_);
    std::fflush(stdout);
    return;
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f s of video, %.1fx", done, elapsed > 0 ? done / elapsed : 0);
  Draw(done, total, text.data());
}

void Progress::Step(const std::string &label, size_t done, size_t total, const std::string &what) {
  if (quiet_ || total == 0) return;
  IsNew(label);
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%zu/%zu, %.1f/s", done, total,
                elapsed > 0 ? static_cast<double>(done) / elapsed : 0);
  if (bar_) {
    Draw(static_cast<double>(done), static_cast<double>(total), text.data());
    return;
  }
  if (!IsNextTenth(static_cast<double>(done) / static_cast<double>(total))) return;
  std::printf("%s %zu %%, %s, last: %s\n", label.c_str(), 100 * done / total, text.data(), what.c_str());
  std::fflush(stdout);
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

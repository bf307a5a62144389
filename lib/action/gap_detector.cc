// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/gap_detector.h"

namespace action {

void GapDetector::Add(int64_t pts, int64_t duration) {
  if (started_ && pts > last_) interval_ = pts - last_;
  started_ = true;
  last_ = pts;
  end_ = pts + (duration > 0 ? duration : interval_);
}

}  // namespace action

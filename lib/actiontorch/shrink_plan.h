// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a GPU is told so that it shrinks pictures of one kind as the preprocess does.
#ifndef ACTIONTORCH_SHRINK_PLAN_H_
#define ACTIONTORCH_SHRINK_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "action/picture.h"
#include "actioncuda/shrink_pixel.h"

namespace action {

// For one format, size, colorimetry, region and orientation.
class ShrinkPlan {
 public:
  // Finds out how pictures of this kind are converted, by trying it on a small one: what comes out is within 1 of what
  // the preprocess gives. Throws Error when that cannot be had: other formats than NV12, NV21, P010, I420 and packed
  // RGB, odd sizes of YUV, less than 112 x 112.
  ShrinkPlan(const Frame &frame, Colorimetry colorimetry, const Region &region);

  // The task reads these; four bytes each are enough of an alignment.
  const std::vector<uint8_t> &tables() const { return tables_; }
  // `frame`: of this kind, its planes addresses of the GPU, as the others are: of tables() and of 112 x 112 x 3 bytes.
  // Throws Error when its planes do not lie as they must.
  ShrinkTask TaskFor(const Frame &frame, uint64_t tables, uint64_t out) const;

 private:
  struct Layout;
  // How this libswscale converts a format on this processor: its versions and its vector instructions differ.
  enum class Conversion {
    kVectors,     // chroma samples are repeated
    kTables,      // that, with tables
    kSmooth,      // the chroma of rows is interpolated
    kSmoothEnds,  // that, but the last two rows with tables
    kSmoothTables
  };
  static const Layout kLayouts[];
  ShrinkPlan(const Layout &layout, const Frame &frame, Colorimetry colorimetry, const Region &region,
             Conversion conversion);
  static const Layout &LayoutOf(const Frame &frame);
  static Conversion FindConversion(const Layout &layout, const Frame &frame, Colorimetry colorimetry);

  const Layout *layout_;
  ShrinkTask task_{};  // addresses are places in tables_
  std::vector<uint8_t> tables_;
};

}  // namespace action

#endif  // ACTIONTORCH_SHRINK_PLAN_H_

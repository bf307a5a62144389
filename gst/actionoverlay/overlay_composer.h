// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What actionoverlay lays over a frame: drawn when it changes, and else the same as before.
#ifndef GST_ACTION_OVERLAY_COMPOSER_H_
#define GST_ACTION_OVERLAY_COMPOSER_H_

#include <gst/video/video.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/timeline/step.h"
#include "action/timeline/stream_clock.h"
#include "actionoverlay/panel_painter.h"
#include "common/glib_ptr.h"
#include "common/label_meta.h"

namespace action {

enum class PanelPosition { kTopLeft, kTopRight, kBottomLeft, kBottomRight };

// What is shown; a set of these.
enum ShowFlags : unsigned {
  kShowCoarse = 1 << 0,
  kShowFine = 1 << 1,
  kShowValue = 1 << 2,
  kShowConfidence = 1 << 3,
  kShowElapsed = 1 << 4,
  kShowStrip = 1 << 5,
  kShowTime = 1 << 6,
};

struct OverlaySettings {
  std::string timeline;
  std::string elements;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;  // of the timeline
  PanelPosition position = PanelPosition::kTopLeft;
  std::string font = "Sans";
  double scale = 1;
  double opacity = 0.6;
  unsigned show = kShowCoarse | kShowFine | kShowValue;
  std::array<Argb, 4> colours = {0xff00ff00, 0xffff8c00, 0xffff0000, 0xff808080};  // by ValueCategory
  GstClockTime strip_duration = 60 * GST_SECOND;
  friend bool operator==(const OverlaySettings &, const OverlaySettings &) = default;
};

using CompositionPtr = MiniObjectOf<GstVideoOverlayComposition>;
using RectanglePtr = MiniObjectOf<GstVideoOverlayRectangle>;

// For one thread.
class OverlayComposer {
 public:
  void Set(const OverlaySettings &settings);
  void SetFrameSize(int width, int height);
  // The whole timeline for the strip, where it is known; else the strip shows the last strip_duration.
  void SetTimeline(std::vector<Segment> segments) { timeline_ = std::move(segments); }
  // After a seek: what went before is not shown in the strip.
  void ForgetHistory() { history_.clear(); }

  // A text of the panel with letters that no installed font has; empty when there is none.
  const std::string &unreadable() const { return unreadable_; }

  // stream_time: of the frame; timeline_time: the same on the timeline. Nothing when there is nothing to be drawn. The
  // same object as before when nothing has changed.
  GstVideoOverlayComposition *Compose(const std::optional<MetaLabel> &label, bool stand_in, GstClockTime stream_time,
                                      int64_t timeline_time);

 private:
  struct Past {
    int64_t from;
    Argb colour;
  };

  Argb ColourOf(ValueCategory category) const { return settings_.colours[static_cast<size_t>(category)]; }
  std::vector<PanelLine> LinesFor(const std::optional<MetaLabel> &label, bool stand_in, GstClockTime stream_time) const;
  std::vector<PanelLine> LinesFor(const MetaLabel &label, GstClockTime stream_time) const;
  bool DrawPanel(const std::optional<MetaLabel> &label, bool stand_in, GstClockTime stream_time);
  bool DrawStrip(const std::optional<MetaLabel> &label, int64_t time);
  std::vector<StripPart> StripParts(int64_t time, std::optional<double> &cursor) const;
  RectanglePtr ToRectangle(const Picture &picture, int x, int y) const;
  int FontPixels() const;
  int StripHeight() const;

  OverlaySettings settings_;
  int width_ = 0;
  int height_ = 0;
  std::vector<Segment> timeline_;
  std::unique_ptr<PanelPainter> painter_;  // made when something is drawn: looking for fonts takes time

  std::string panel_key_;  // what the panel shows
  std::string unreadable_;
  int64_t strip_key_ = -1;
  RectanglePtr panel_;
  RectanglePtr strip_;
  CompositionPtr composition_;
  std::deque<Past> history_;
};

}  // namespace action

#endif  // GST_ACTION_OVERLAY_COMPOSER_H_

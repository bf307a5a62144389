// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/overlay_composer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include "action/timeline/timeline_file.h"

namespace action {
namespace {

constexpr Argb kWhite = 0xffffffff;
constexpr Argb kBlack = 0xff000000;
constexpr Argb kAmber = 0xffffd040;
constexpr int64_t kStripStep = 250 * GST_MSECOND;  // the strip moves on this often
constexpr Argb kNothing = 0x00000000;

// By luma (BT.601).
bool IsBright(Argb colour) {
  const double r = (colour >> 16) & 0xff, g = (colour >> 8) & 0xff, b = colour & 0xff;
  return 0.299 * r + 0.587 * g + 0.114 * b > 115;
}

// "1:05" of 65 s, "1:00:05" of an hour and 5 s.
std::string ClockText(GstClockTime time) {
  const auto seconds = static_cast<unsigned>(time / GST_SECOND);
  const unsigned hours = seconds / 3600, minutes = seconds / 60 % 60;
  char text[40];
  if (hours > 0) {
    std::snprintf(text, sizeof(text), "%u:%02u:%02u", hours, minutes, seconds % 60);
  } else {
    std::snprintf(text, sizeof(text), "%u:%02u", minutes, seconds % 60);
  }
  return text;
}

// 32-bit pixels in the machine's byte order.
void Unpremultiply(std::span<uint8_t> pixels) {
  for (size_t i = 0; i + sizeof(Argb) <= pixels.size(); i += sizeof(Argb)) {
    Argb pixel;
    std::memcpy(&pixel, &pixels[i], sizeof(pixel));
    const Argb alpha = pixel >> 24;
    if (alpha == 0 || alpha == 255) continue;
    Argb straight = alpha << 24;
    for (const int shift : {0, 8, 16})
      straight |= std::min<Argb>(255, (((pixel >> shift) & 0xff) * 255 + alpha / 2) / alpha) << shift;
    std::memcpy(&pixels[i], &straight, sizeof(straight));
  }
}

}  // namespace

void OverlayComposer::Set(const OverlaySettings &settings) {
  if (settings == settings_) return;
  settings_ = settings;
  panel_key_.clear();
  strip_key_ = -1;
}

void OverlayComposer::SetFrameSize(int width, int height) {
  if (width == width_ && height == height_) return;
  width_ = width;
  height_ = height;
  panel_key_.clear();
  strip_key_ = -1;
}

int OverlayComposer::FontPixels() const {
  const int smaller = std::min(height_, width_ * 3 / 4);  // an upright picture has no more room than its width
  return static_cast<int>(std::max(9.0, smaller / 24.0) * settings_.scale);
}

int OverlayComposer::StripHeight() const {
  return std::max(4, static_cast<int>(height_ / 36.0 * settings_.scale));
}

// Without a label only the time is known.
std::vector<PanelLine> OverlayComposer::LinesFor(const std::optional<MetaLabel> &label, bool stand_in,
                                                 GstClockTime stream_time) const {
  std::vector<PanelLine> lines;
  if (label) lines = LinesFor(*label, stream_time);
  if ((settings_.show & kShowTime) != 0 && GST_CLOCK_TIME_IS_VALID(stream_time)) {
    char tenths[8];
    std::snprintf(tenths, sizeof(tenths), ".%d", static_cast<int>(stream_time / (100 * GST_MSECOND) % 10));
    lines.push_back({ClockText(stream_time) + tenths, kWhite, 0.8});
  }
  if (label && stand_in) lines.push_back({kStandInNotice, kAmber, 0.7});
  return lines;
}

std::vector<PanelLine> OverlayComposer::LinesFor(const MetaLabel &label, GstClockTime stream_time) const {
  std::vector<PanelLine> lines;
  if ((settings_.show & kShowCoarse) != 0) lines.push_back({label.coarse_action, kWhite, 1.25, true});
  if ((settings_.show & kShowFine) != 0) lines.push_back({label.name.empty() ? label.fine_action : label.name, kWhite});
  std::string value;
  if ((settings_.show & kShowValue) != 0) value = NameOf(label.category);
  char text[64];
  // A timeline that was made elsewhere has none, and nothing is surely 0.
  if ((settings_.show & kShowConfidence) != 0 && label.state == SegmentState::kMeasured && label.confidence > 0) {
    std::snprintf(text, sizeof(text), "%s%.0f %%", value.empty() ? "" : "  ", label.confidence * 100);
    value += text;
  }
  const bool timed = GST_CLOCK_TIME_IS_VALID(label.segment_start) && GST_CLOCK_TIME_IS_VALID(stream_time);
  if ((settings_.show & kShowElapsed) != 0 && timed && stream_time >= label.segment_start) {
    value += (value.empty() ? "" : "  ") + ClockText(stream_time - label.segment_start);
  }
  // On a box of the category's colour: letters in it would drown in the colour resolution of 4:2:0.
  const Argb colour = ColourOf(label.category);
  if (!value.empty()) lines.push_back({value, IsBright(colour) ? kBlack : kWhite, 1, true, colour});
  return lines;
}

// With straight alpha: who wants AYUV of premultiplied pixels, as sinks and GStreamer's own blending do, gets wrong
// colours from GStreamer 1.22 (overlay_blend.cc).
RectanglePtr OverlayComposer::ToRectangle(const Picture &picture, int x, int y) const {
  std::vector<uint8_t> straight = picture.pixels;
  Unpremultiply(straight);
  GstBuffer *pixels = gst_buffer_new_memdup(straight.data(), straight.size());
  gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
                            static_cast<guint>(picture.width), static_cast<guint>(picture.height));
  RectanglePtr rectangle(gst_video_overlay_rectangle_new_raw(pixels, x, y, static_cast<guint>(picture.width),
                                                             static_cast<guint>(picture.height),
                                                             GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  gst_buffer_unref(pixels);
  return rectangle;
}

// True if it is not what it was.
bool OverlayComposer::DrawPanel(const std::optional<MetaLabel> &label, bool stand_in, GstClockTime stream_time) {
  const std::vector<PanelLine> lines = LinesFor(label, stand_in, stream_time);
  std::string key = " ";
  for (const PanelLine &line : lines)
    key += line.text + "\n";
  if (label) key += NameOf(label->category);
  if (std::exchange(panel_key_, key) == key) return false;
  panel_.reset();
  if (lines.empty()) return true;

  if (!painter_) painter_ = std::make_unique<PanelPainter>();
  PanelStyle style;
  style.font = settings_.font;
  style.font_pixels = FontPixels();
  style.background = static_cast<Argb>(std::lround(std::clamp(settings_.opacity, 0.0, 1.0) * 255)) << 24;
  style.bar = ColourOf(label ? label->category : ValueCategory::kUnknown);
  const int margin = std::max(1, style.font_pixels / 2);
  const int bottom = margin + ((settings_.show & kShowStrip) != 0 ? StripHeight() : 0);
  Picture picture =
      painter_->PaintPanel(lines, style, std::max(1, width_ - 2 * margin), std::max(1, height_ - margin - bottom));
  unreadable_ = std::move(picture.unreadable);
  const bool right =
      settings_.position == PanelPosition::kTopRight || settings_.position == PanelPosition::kBottomRight;
  const bool low =
      settings_.position == PanelPosition::kBottomLeft || settings_.position == PanelPosition::kBottomRight;
  const int x = right ? width_ - margin - picture.width : margin;
  const int y = low ? height_ - bottom - picture.height : margin;
  panel_ = ToRectangle(picture, std::max(0, x), std::max(0, y));
  return true;
}

// The whole timeline with a cursor, or the last strip_duration with now at the right.
std::vector<StripPart> OverlayComposer::StripParts(int64_t time, std::optional<double> &cursor) const {
  std::vector<StripPart> parts;
  if (!timeline_.empty()) {
    const auto begin = static_cast<double>(timeline_.front().start);
    const double length = std::max(1.0, static_cast<double>(timeline_.back().end) - begin);  // ns
    const auto share = [begin, length](int64_t t) { return (static_cast<double>(t) - begin) / length; };
    for (const Segment &segment : timeline_) {
      if (segment.state != SegmentState::kGap) {
        parts.push_back({share(segment.start), share(segment.end), ColourOf(segment.category)});
      }
    }
    cursor = share(time);
    return parts;
  }
  const auto length = static_cast<int64_t>(settings_.strip_duration);
  const auto share = [time, length](int64_t t) {
    return std::clamp(1 - static_cast<double>(time - t) / static_cast<double>(length), 0.0, 1.0);
  };
  for (size_t i = 0; i < history_.size(); ++i) {
    const int64_t end = i + 1 < history_.size() ? history_[i + 1].from : time;
    if (history_[i].colour != kNothing) parts.push_back({share(history_[i].from), share(end), history_[i].colour});
  }
  return parts;
}

bool OverlayComposer::DrawStrip(const std::optional<MetaLabel> &label, int64_t time) {
  const bool nothing_yet = !label && history_.empty() && timeline_.empty();
  if ((settings_.show & kShowStrip) == 0 || nothing_yet) {
    return std::exchange(strip_, nullptr) != nullptr;
  }
  const bool shown = label && label->state != SegmentState::kGap;
  const Argb colour = shown ? ColourOf(label->category) : kNothing;
  if (!history_.empty() && time < history_.back().from) history_.clear();
  if (history_.empty() || history_.back().colour != colour) history_.push_back({time, colour});
  while (history_.size() > 1 && history_[1].from < time - static_cast<int64_t>(settings_.strip_duration))
    history_.pop_front();
  if (std::exchange(strip_key_, time / kStripStep) == time / kStripStep) return false;
  std::optional<double> cursor;
  const std::vector<StripPart> parts = StripParts(time, cursor);
  const int height = StripHeight();
  strip_ = ToRectangle(PanelPainter::PaintStrip(parts, cursor, width_, height, 0x99000000), 0,
                       std::max(0, height_ - height));
  return true;
}

GstVideoOverlayComposition *OverlayComposer::Compose(const std::optional<MetaLabel> &label, bool stand_in,
                                                     GstClockTime stream_time, int64_t timeline_time) {
  const bool panel_changed = DrawPanel(label, stand_in, stream_time);
  const bool strip_changed = DrawStrip(label, timeline_time);
  if (panel_changed || strip_changed) {
    composition_.reset();
    for (const RectanglePtr *rectangle : {&panel_, &strip_}) {
      if (!*rectangle) continue;
      if (!composition_) {
        composition_.reset(gst_video_overlay_composition_new(rectangle->get()));
      } else {
        gst_video_overlay_composition_add_rectangle(composition_.get(), rectangle->get());
      }
    }
  }
  return composition_.get();
}

}  // namespace action

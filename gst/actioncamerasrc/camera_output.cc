// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/camera_output.h"

#include <algorithm>
#include <cstring>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(action_camera_src_debug);
#define GST_CAT_DEFAULT action_camera_src_debug

namespace action {
namespace {

class StreamLock {
 public:
  explicit StreamLock(GstPad *pad) : pad_(pad) { GST_PAD_STREAM_LOCK(pad_); }
  ~StreamLock() { GST_PAD_STREAM_UNLOCK(pad_); }
  StreamLock(const StreamLock &) = delete;
  StreamLock &operator=(const StreamLock &) = delete;

 private:
  GstPad *const pad_;
};

constexpr GstClockTime kLookInterval = 500 * GST_MSECOND;
// An encoder that has just begun makes a picture better from frame to frame, though nothing moves.
constexpr GstClockTime kSettling = 3 * GST_SECOND;
// Encoded pictures come in the order of decoding, in which times may go back by so much. Those of sound do, by what a
// camera's clock is corrected: whoever takes the sound sees to that.
constexpr GstClockTime kMostReordering = GST_SECOND;

GstClockTime RunningTimeOf(GstSample *sample, GstClockTime time, GstClockTime offset) {
  const GstSegment *segment = gst_sample_get_segment(sample);
  if (segment == nullptr || segment->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(time))
    return GST_CLOCK_TIME_NONE;
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  return GST_CLOCK_TIME_IS_VALID(running) ? running + offset : running;
}

// In the manner of FNV-1a, eight bytes at a time.
uint64_t HashOf(const uint8_t *data, gsize size) {
  uint64_t hash = 0xcbf29ce484222325;
  for (gsize at = 0; at < size; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, data + at, std::min<gsize>(sizeof(word), size - at));
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

void CameraOutput::Begin() {
  if (begun_) return;
  begun_ = true;
  const char *kind = kind_ == Kind::kFrames ? "frames" : kind_ == Kind::kEncoded ? "encoded" : "sound";
  const CharPtr id(gst_pad_create_stream_id(pad_, GST_PAD_PARENT(pad_), kind));
  GstEvent *start = gst_event_new_stream_start(id.get());
  gst_event_set_group_id(start, gst_util_group_id_next());
  gst_pad_push_event(pad_, start);
}

// Running time of the pipeline, which rises from frame to frame.
GstClockTime CameraOutput::TimeOf(GstSample *sample, GstClockTime offset, GstClockTime now) const {
  const GstBuffer *buffer = gst_sample_get_buffer(sample);
  GstClockTime time = RunningTimeOf(sample, GST_BUFFER_PTS(buffer), offset);
  if (!GST_CLOCK_TIME_IS_VALID(time)) time = now;
  if (!GST_CLOCK_TIME_IS_VALID(last_pts_) || !GST_CLOCK_TIME_IS_VALID(time)) return time;
  const bool back = kind_ == Kind::kFrames ? time <= last_pts_ : time + kMostReordering < last_pts_;
  if (!back) return time;
  GST_DEBUG_OBJECT(pad_, "time went back from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT, GST_TIME_ARGS(last_pts_),
                   GST_TIME_ARGS(time));
  return GST_CLOCK_TIME_IS_VALID(now) && now > last_pts_ ? now : last_pts_ + 1;
}

// Whether the picture is another than the last that was looked at; of the first of a connection, and where it is not
// looked at, it is not.
bool CameraOutput::LookAtPicture(GstBuffer *frame, GstClockTime time, bool first) {
  if (!first && time < looked_at_ + kLookInterval) return false;
  GstMapInfo map;
  if (!gst_buffer_map(frame, &map, GST_MAP_READ)) return false;
  const uint64_t picture = HashOf(map.data, map.size);
  gst_buffer_unmap(frame, &map);
  const bool changed = picture != std::exchange(picture_, picture);
  if (first || changed) changed_at_ = time;
  looked_at_ = time;
  unchanged_for_ = time - changed_at_;
  return changed && !first;
}

bool CameraOutput::HoldsBack(GstBuffer *frame, GstClockTime time) {
  if (!GST_CLOCK_TIME_IS_VALID(time)) return false;
  ++held_;
  const bool first = new_connection_.exchange(false);
  if (first) held_since_ = time;
  if (LookAtPicture(frame, time, first) && time >= held_since_ + kSettling) holding_ = false;
  return holding_;
}

GstFlowReturn CameraOutput::Push(GstSample *sample, GstClockTime offset, GstClockTime now) {
  const StreamLock lock(pad_);
  if (ended_) return GST_FLOW_EOS;
  if (holding_ && HoldsBack(gst_sample_get_buffer(sample), TimeOf(sample, offset, now))) return GST_FLOW_OK;
  if (kind_ == Kind::kEncoded) {
    // What comes before the first keyframe of a connection, nobody can decode.
    const bool keyframe = !GST_BUFFER_FLAG_IS_SET(gst_sample_get_buffer(sample), GST_BUFFER_FLAG_DELTA_UNIT);
    broken_ = (broken_ || discont_ || frames_ == 0) && !keyframe;
    if (broken_) return GST_FLOW_OK;
  }
  Begin();
  GstCaps *caps = gst_sample_get_caps(sample);
  if (caps != nullptr && (!caps_ || !gst_caps_is_equal(caps_.get(), caps))) {
    GST_INFO_OBJECT(pad_, "frames are %" GST_PTR_FORMAT, static_cast<void *>(caps));
    caps_.reset(gst_caps_ref(caps));
    gst_pad_push_event(pad_, gst_event_new_caps(caps));
  }
  if (!segmented_) {
    segmented_ = true;
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(pad_, gst_event_new_segment(&segment));
  }
  GstBuffer *buffer = gst_buffer_ref(gst_sample_get_buffer(sample));
  const GstClockTime time = TimeOf(sample, offset, now);
  const GstClockTime decoding =
      kind_ == Kind::kEncoded ? RunningTimeOf(sample, GST_BUFFER_DTS(buffer), offset) : GST_CLOCK_TIME_NONE;
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_PTS(buffer) = time;
  GST_BUFFER_DTS(buffer) = decoding;
  GST_BUFFER_OFFSET(buffer) = frames_;
  GST_BUFFER_OFFSET_END(buffer) = frames_ + 1;
  if (discont_.exchange(false) || frames_ == 0) {
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  } else {
    GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT);
  }
  if (watch_picture_ && GST_CLOCK_TIME_IS_VALID(time))
    LookAtPicture(buffer, time, GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT));
  last_pts_ = kind_ == Kind::kFrames || !GST_CLOCK_TIME_IS_VALID(last_pts_) ? time : std::max(time, last_pts_);
  position_ = GST_BUFFER_DURATION_IS_VALID(buffer) ? time + GST_BUFFER_DURATION(buffer) : time;
  ++frames_;
  pushing_ = true;
  const GstFlowReturn flow = gst_pad_push(pad_, buffer);
  pushing_ = false;
  flow_ = flow;
  return flow;
}

void CameraOutput::PushGapUntil(GstClockTime time) {
  GRecMutex *mutex = GST_PAD_GET_STREAM_LOCK(pad_);
  if (!g_rec_mutex_trylock(mutex)) return;
  if (segmented_ && !ended_ && GST_CLOCK_TIME_IS_VALID(position_) && GST_CLOCK_TIME_IS_VALID(time) &&
      time > position_) {
    GstEvent *gap = gst_event_new_gap(position_, time - position_);
    position_ = time;
    gst_pad_push_event(pad_, gap);
  }
  g_rec_mutex_unlock(mutex);
}

void CameraOutput::PushEos() {
  const StreamLock lock(pad_);
  if (ended_) return;
  Begin();
  ended_ = true;
  flow_ = GST_FLOW_EOS;
  gst_pad_push_event(pad_, gst_event_new_eos());
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/camera_output.h"

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

GstClockTime RunningTimeOf(GstSample *sample, GstClockTime offset) {
  const GstSegment *segment = gst_sample_get_segment(sample);
  const GstBuffer *buffer = gst_sample_get_buffer(sample);
  if (segment == nullptr || segment->format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID(buffer))
    return GST_CLOCK_TIME_NONE;
  const GstClockTime time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  return GST_CLOCK_TIME_IS_VALID(time) ? time + offset : time;
}

}  // namespace

void CameraOutput::Begin() {
  if (begun_) return;
  begun_ = true;
  const CharPtr id(gst_pad_create_stream_id(pad_, GST_PAD_PARENT(pad_), nullptr));
  GstEvent *start = gst_event_new_stream_start(id.get());
  gst_event_set_group_id(start, gst_util_group_id_next());
  gst_pad_push_event(pad_, start);
}

GstFlowReturn CameraOutput::Push(GstSample *sample, GstClockTime offset, GstClockTime now) {
  const StreamLock lock(pad_);
  if (ended_) return GST_FLOW_EOS;
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
  GstClockTime time = RunningTimeOf(sample, offset);
  if (!GST_CLOCK_TIME_IS_VALID(time)) time = now;
  const bool back = GST_CLOCK_TIME_IS_VALID(last_pts_) && GST_CLOCK_TIME_IS_VALID(time) && time <= last_pts_;
  if (back) {
    GST_DEBUG_OBJECT(pad_, "time went back from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT, GST_TIME_ARGS(last_pts_),
                     GST_TIME_ARGS(time));
    time = GST_CLOCK_TIME_IS_VALID(now) && now > last_pts_ ? now : last_pts_ + 1;
  }
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_PTS(buffer) = time;
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_OFFSET(buffer) = frames_;
  GST_BUFFER_OFFSET_END(buffer) = frames_ + 1;
  if (discont_.exchange(false) || frames_ == 0) {
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  } else {
    GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_DISCONT);
  }
  last_pts_ = time;
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

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actionskip
 * @title: actionskip
 *
 * Between a parser and a decoder: takes the pictures out of a file's H.264 or H.265 that need no decoding, since
 * r3dfeatures will not sample them and no other picture is predicted from them (many B frames). What r3dfeatures
 * samples, and when, stays the same to the bit: it is told of the pictures that are missing. Its sample-rate must be
 * the same, and its sampling `auto` or `stride`. What leaves r3dfeatures are the pictures that are left: for features
 * and timelines, not for a video that is to be seen.
 *
 * It keeps everything as soon as it cannot prove that a picture may go: live sources, an unknown rate, pictures that do
 * not come at the announced rate, interlaced pictures, a stream that does not begin with an IDR picture (after a seek:
 * begin anew), temporal layers of H.265. `stats` says so. Where pictures have no decoding times (Matroska), it waits
 * for the next IDR picture before it decides, and gives up after 512.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=clip.mp4 ! qtdemux ! h264parse ! actionskip ! avdec_h264 ! r3dfeatures ! fakesink
 * ]|
 */
#include "actionskip/actionskip.h"

#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actionskip/coded_picture.h"
#include "actionskip/properties.h"
#include "actionskip/skip_planner.h"
#include "common/feature_events.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "common/object_lock.h"
#include "common/skipped_frames.h"

GST_DEBUG_CATEGORY_STATIC(action_skip_debug);
#define GST_CAT_DEFAULT action_skip_debug

namespace {

using action::ObjectLock;
using action::SettingsOf;

enum class Phase {
  kBefore,  // no picture has come yet
  kSkips,
  kKeepsAll,  // until the element is stopped, or a seek
};

struct State {
  // Object lock.
  action::ActionSkipSettings settings;
  guint64 pictures = 0, skipped = 0;
  std::string kept_all;

  // Streaming thread.
  Phase phase = Phase::kBefore;
  GstSegment segment;
  bool segmented = false;
  action::CapsPtr caps;
  std::optional<action::CodedPictureReader> reader;
  std::optional<action::SkipPlanner> planner;
  action::Fraction planned_rate;
  // In the order of decoding: pictures that are not decided, and events that came between them.
  std::deque<action::MiniObjectPtr> waiting;
};

}  // namespace

struct _GstActionSkip {
  GstElement parent;
  GstPad *sink, *source;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstActionSkip, gst_action_skip, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(action_skip_debug, "actionskip", 0,
                                                      "pictures that nobody looks at"));
GST_ELEMENT_REGISTER_DEFINE(actionskip, "actionskip", GST_RANK_NONE, GST_TYPE_ACTION_SKIP);

namespace {

#define CAPS                                                                                                     \
  "video/x-h264, parsed=(boolean)true, alignment=(string)au, stream-format=(string){ avc, avc3, byte-stream }; " \
  "video/x-h265, parsed=(boolean)true, alignment=(string)au, stream-format=(string){ hvc1, hev1, byte-stream }"

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));
GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

// A buffer that is read.
class MappedBytes {
 public:
  explicit MappedBytes(GstBuffer *buffer) : buffer_(buffer) {
    if (gst_buffer_map(buffer, &map_, GST_MAP_READ) == FALSE) buffer_ = nullptr;
  }
  ~MappedBytes() {
    if (buffer_ != nullptr) gst_buffer_unmap(buffer_, &map_);
  }
  MappedBytes(const MappedBytes &) = delete;
  MappedBytes &operator=(const MappedBytes &) = delete;
  std::span<const uint8_t> get() const {
    return buffer_ != nullptr ? std::span<const uint8_t>(map_.data, map_.size) : std::span<const uint8_t>();
  }

 private:
  GstBuffer *buffer_;
  GstMapInfo map_{};
};

// ---- Pictures that leave

// Events that wait for no picture any more.
void PushEvents(GstActionSkip *self) {
  State &state = *self->state;
  while (!state.waiting.empty() && GST_IS_EVENT(state.waiting.front().get())) {
    GstEvent *event = GST_EVENT(state.waiting.front().release());
    state.waiting.pop_front();
    gst_pad_push_event(self->source, event);
  }
}

// The oldest ones that wait, as was decided, with the events behind each.
GstFlowReturn PushDecided(GstActionSkip *self, const std::vector<action::SkipPlanner::Plan> &plans) {
  State &state = *self->state;
  GstFlowReturn flow = GST_FLOW_OK;
  for (const auto &plan : plans) {
    action::BufferPtr buffer(GST_BUFFER(state.waiting.front().release()));
    state.waiting.pop_front();
    if (plan.keep) {
      if (!plan.skipped.empty()) {
        std::vector<action::SkippedFrame> frames;
        for (const auto &[pts, duration] : plan.skipped)
          frames.push_back({static_cast<GstClockTime>(pts), static_cast<GstClockTime>(duration)});
        buffer.reset(gst_buffer_make_writable(buffer.release()));
        action::SetSkipped(buffer.get(), frames);
      }
      const GstFlowReturn pushed = gst_pad_push(self->source, buffer.release());
      if (flow == GST_FLOW_OK) flow = pushed;
    } else {
      const ObjectLock lock(self);
      ++state.skipped;
    }
    PushEvents(self);
  }
  return flow;
}

// Whatever waits leaves, and so does everything from now on.
GstFlowReturn KeepAll(GstActionSkip *self, const char *why) {
  State &state = *self->state;
  if (std::exchange(state.phase, Phase::kKeepsAll) == Phase::kKeepsAll) return GST_FLOW_OK;
  GST_INFO_OBJECT(self, "keeps every picture: %s", why);
  {
    const ObjectLock lock(self);
    state.kept_all = why;
  }
  return state.planner ? PushDecided(self, state.planner->Finish()) : GST_FLOW_OK;
}

// ---- Pictures that come

// Before the first one: null, or why nothing can be skipped.
const char *Begin(GstActionSkip *self) {
  State &state = *self->state;
  if (!state.caps || !state.segmented) return "there are no caps or no segment";
  if (state.segment.format != GST_FORMAT_TIME || state.segment.rate != 1.0 ||
      (state.segment.flags & GST_SEGMENT_FLAG_TRICKMODE) != 0)
    return "it is not played forward in time";
  if (action::IsLive(self->sink)) return "the source is live";
  const GstStructure *structure = gst_caps_get_structure(state.caps.get(), 0);
  const char *interlaced = gst_structure_get_string(structure, "interlace-mode");
  // h264parse says it in the one way or in the other.
  const char *coded = gst_structure_get_string(structure, "coded-picture-structure");
  if ((interlaced != nullptr && std::strcmp(interlaced, "progressive") != 0) ||
      (coded != nullptr && std::strcmp(coded, "frame") != 0))
    return "it is interlaced";
  gint numerator = 0, denominator = 1;
  gst_structure_get_fraction(structure, "framerate", &numerator, &denominator);
  if (numerator <= 0 || denominator <= 0) return "its rate is not known";
  const auto codec = gst_structure_has_name(structure, "video/x-h264") ? action::Codec::kH264 : action::Codec::kH265;
  const GValue *value = gst_structure_get_value(structure, "codec_data");
  if (value != nullptr && GST_VALUE_HOLDS_BUFFER(value)) {
    const MappedBytes data(gst_value_get_buffer(value));
    const auto format = action::CodedPictureReader::FormatOf(codec, data.get());
    if (!format) return "its codec data are not understood";
    state.reader.emplace(*format);
    state.reader->ReadCodecData(data.get());
  } else {
    if (g_strcmp0(gst_structure_get_string(structure, "stream-format"), "byte-stream") != 0)
      return "it has no codec data";
    state.reader.emplace(action::NalFormat{codec, 0});
  }
  const action::Fraction rate{numerator, denominator};
  if (!state.planner || rate != state.planned_rate)
    state.planner.emplace(action::Sampling::kAuto, rate, SettingsOf(self).sample_rate);
  state.planned_rate = rate;
  return nullptr;
}

// What is amiss with a picture; null: nothing.
const char *ProblemOf(GstBuffer *buffer, const action::CodedPicture &picture, bool first) {
  if (first && !picture.instantaneous_refresh) return "it does not begin with an IDR picture";
  if (!first && GST_BUFFER_IS_DISCONT(buffer)) return "something is missing in it";
  if (!GST_BUFFER_PTS_IS_VALID(buffer) || !GST_BUFFER_DURATION_IS_VALID(buffer)) return "its pictures have no times";
  return nullptr;
}

// Decoders cut pictures in this way.
action::SkipPlanner::Picture FactsOf(const GstSegment &segment, GstBuffer *buffer,
                                     const action::CodedPicture &picture) {
  using Place = action::SkipPlanner::Place;
  action::SkipPlanner::Picture facts;
  const GstClockTime pts = GST_BUFFER_PTS(buffer), duration = GST_BUFFER_DURATION(buffer);
  facts.pts = static_cast<int64_t>(pts);
  if (GST_BUFFER_DTS_IS_VALID(buffer)) facts.dts = static_cast<int64_t>(GST_BUFFER_DTS(buffer));
  facts.duration = static_cast<int64_t>(duration);
  facts.referenced = picture.referenced;
  facts.instantaneous_refresh = picture.instantaneous_refresh;
  guint64 start = 0, stop = 0;
  if (gst_segment_clip(&segment, GST_FORMAT_TIME, pts, pts + duration, &start, &stop)) {
    facts.cut = static_cast<int64_t>(start - pts);
  } else {
    facts.place = pts < segment.start ? Place::kBefore : Place::kAfter;
  }
  return facts;
}

GstFlowReturn Take(GstActionSkip *self, action::BufferPtr buffer) {
  State &state = *self->state;
  {
    const ObjectLock lock(self);
    ++state.pictures;
  }
  const bool first = state.phase == Phase::kBefore;
  const char *problem = nullptr;
  if (first) {
    problem = Begin(self);
    state.phase = Phase::kSkips;
  }
  action::CodedPicture picture;
  if (state.phase == Phase::kSkips && problem == nullptr) {
    const MappedBytes data(buffer.get());
    picture = state.reader->Read(data.get());
    problem = ProblemOf(buffer.get(), picture, first);
  }
  if (problem != nullptr) {
    const GstFlowReturn flow = KeepAll(self, problem);
    if (flow != GST_FLOW_OK) return flow;
  }
  if (state.phase == Phase::kKeepsAll) return gst_pad_push(self->source, buffer.release());
  const action::SkipPlanner::Picture facts = FactsOf(state.segment, buffer.get(), picture);
  state.waiting.emplace_back(GST_MINI_OBJECT_CAST(buffer.release()));
  const GstFlowReturn flow = PushDecided(self, state.planner->Add(facts));
  if (flow == GST_FLOW_OK && state.planner->gave_up() != nullptr) return KeepAll(self, state.planner->gave_up());
  return flow;
}

GstFlowReturn Chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
  action::BufferPtr owner(buffer);
  return action::guarded(GST_ELEMENT(parent), GST_FLOW_ERROR,
                         [&] { return Take(GST_ACTION_SKIP(parent), std::move(owner)); });
}

// ---- Events

void Forget(GstActionSkip *self) {
  State &state = *self->state;
  state.waiting.clear();
  state.planner.reset();
  state.reader.reset();
}

// What comes now is another part.
void OnFlush(GstActionSkip *self) {
  State &state = *self->state;
  state.waiting.clear();
  if (state.planner) state.planner->Restart();
  state.phase = Phase::kBefore;
  state.segmented = false;
  const ObjectLock lock(self);
  state.kept_all.clear();
}

gboolean SinkEvent(GstPad *pad, GstObject *parent, GstEvent *event) {
  GstActionSkip *self = GST_ACTION_SKIP(parent);
  State &state = *self->state;
  const bool before = state.phase == Phase::kBefore;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_STOP:
      OnFlush(self);
      break;
    case GST_EVENT_CAPS: {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      if (!before && state.caps && gst_caps_is_equal(state.caps.get(), caps)) break;
      state.caps.reset(gst_caps_ref(caps));
      if (!before) KeepAll(self, "its caps change");
      break;
    }
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &state.segment);
      state.segmented = true;
      if (!before) KeepAll(self, "it has several segments");
      break;
    case GST_EVENT_EOS:
      if (state.phase == Phase::kSkips) PushDecided(self, state.planner->End());
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_GAP:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_GROUP_DONE:
      if (state.phase == Phase::kSkips) KeepAll(self, "it is interrupted");
      break;
    default:
      if (GST_EVENT_IS_SERIALIZED(event) && !state.waiting.empty()) {
        state.waiting.emplace_back(GST_MINI_OBJECT_CAST(event));
        return TRUE;
      }
      break;
  }
  return gst_pad_event_default(pad, parent, event);
}

// ---- States

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstActionSkip *self = GST_ACTION_SKIP(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    State &state = *self->state;
    state.phase = Phase::kBefore;
    state.segmented = false;
    const ObjectLock lock(self);
    state.pictures = state.skipped = 0;
    state.kept_all.clear();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_action_skip_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    Forget(self);
    self->state->caps.reset();
  }
  return result;
}

// ---- Properties

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  if (g_strcmp0(spec->name, "stats") != 0) {
    action::GetElementProperty<GstActionSkip>(object, id, value, spec);
    return;
  }
  const State &state = *GST_ACTION_SKIP(object)->state;
  const ObjectLock lock(object);
  GstStructure *stats = gst_structure_new("stats", "pictures", G_TYPE_UINT64, state.pictures, "skipped", G_TYPE_UINT64,
                                          state.skipped, nullptr);
  if (!state.kept_all.empty()) gst_structure_set(stats, "kept-all", G_TYPE_STRING, state.kept_all.c_str(), nullptr);
  g_value_take_boxed(value, stats);
}

void Finalize(GObject *object) {
  delete GST_ACTION_SKIP(object)->state;
  G_OBJECT_CLASS(gst_action_skip_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_skip_class_init(GstActionSkipClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = action::SetElementProperty<GstActionSkip>;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::ActionSkipProperties().Install(object_class);
  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "Pictures that nobody looks at", "Filter/Video",
      "Takes out pictures that r3dfeatures does not sample, before they are decoded. For features and "
      "timelines, not for a video that is to be seen",
      "The gst-action developers");
}

static void gst_action_skip_init(GstActionSkip *self) {
  self->state = new State;
  gst_segment_init(&self->state->segment, GST_FORMAT_UNDEFINED);
  self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sink, Chain);
  gst_pad_set_event_function(self->sink, SinkEvent);
  self->source = gst_pad_new_from_static_template(&src_template, "src");
  for (GstPad *pad : {self->sink, self->source}) {
    GST_PAD_SET_PROXY_CAPS(pad);
    GST_PAD_SET_PROXY_ALLOCATION(pad);
    gst_element_add_pad(GST_ELEMENT(self), pad);
  }
}

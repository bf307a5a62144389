// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/smooth_labels.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "action/elements.h"
#include "action/error.h"
#include "action/timeline/timeline_file.h"
#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "common/label_meta.h"
#include "common/messages.h"
#include "common/property_table.h"
#include "common/writable.h"
#include "timelinesmooth/timelinesmooth_private.h"

GST_DEBUG_CATEGORY_EXTERN(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

namespace action {
namespace {

// A camera that says a time further from this machine's was never set, or lost its time with its power.
constexpr gint64 kMostClockError = G_GINT64_CONSTANT(24) * 60 * 60 * GST_SECOND;
constexpr gint64 kNtpToUnix = G_GINT64_CONSTANT(2208988800) * GST_SECOND;

MessagePtr NewWarning(GstElement *element, GstStreamError code, const std::string &text, const char *debug) {
  const ErrorPtr error(g_error_new_literal(GST_STREAM_ERROR, code, text.c_str()));
  return MessagePtr(gst_message_new_warning(GST_OBJECT(element), error.get(), debug));
}

// More files than segments that are not final begin in.
constexpr size_t kMostRecordings = 64;

// A study measures elements of a few seconds, which a step every two seconds cannot.
constexpr int kStudyHop = 4;

}  // namespace

SmoothLabels::SmoothLabels(GstElement *element, GstPad *sink, GstPad *source)
    : element_(element), sink_(sink), line_(element, sink, source, *this) {}

void SmoothLabels::Start(const TimelineSmoothSettings &settings) {
  std::vector<ElementRow> elements;
  if (!settings.elements.empty()) elements = ReadElements(settings.elements);
  output_ = std::make_unique<TimelineOutput>(settings.location);
  written_ = false;
  told_to_keep_ = output_->WouldKeep();
  if (!told_to_keep_.empty()) {
    PostInfo(element_, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
             settings.location + " of another run is there; when this run ends, it is kept as " + told_to_keep_ +
                 ". Name another file in location= for each run");
  }
  const DelayLine::Lock lock = line_.Hold();
  settings_ = settings;
  tracker_.emplace(settings.SmoothingFor(0), settings.time_origin, settings.profile == Profile::kStudy,
                   std::move(elements), settings.elements);
  outbox_.clear();
  pending_.reset();
  segments_ = gaps_ = deviations_ = 0;
  hop_time_ = 0;
  weights_hash_.clear();
  video_.clear();
  recordings_.clear();
  complete_ = warned_no_labels_ = warned_lost_ = warned_hop_ = warned_wall_clock_ = false;
  wrong_wall_clock_.clear();
  line_.Start({.bytes = settings.max_size_bytes, .stall_timeout = settings.stall_timeout});
}

void SmoothLabels::Stop() {
  guarded(element_, false, [this] {
    if (!tracker_) return true;
    std::vector<FinishedSegment> last;
    {
      const DelayLine::Lock lock = line_.Hold();  // the application may ask for stats
      line_.Stop();
      tracker_->Interrupt();  // after EOS there is nothing left that it could end
      Collect();
      last = std::exchange(outbox_, {});
    }
    // Neither is there more to come, nor has the stream ended: after EOS nothing is left to be written.
    if (!last.empty()) last.back().segment.complete = false;
    WriteSegments(last);
    if (tracker_->seen_frames() && tracker_->has_labels()) WriteFile(false);
    return true;
  });
  const DelayLine::Lock lock = line_.Hold();
  tracker_.reset();
  output_.reset();
}

// A file that breaks off, and Ctrl-C with gst-launch-1.0 -e, end in EOS too, before the time that upstream said it
// would last (or that the segment was to end at).
void SmoothLabels::NoteWhetherComplete() {
  GstSegment segment;
  GstClockTime seen = GST_CLOCK_TIME_NONE;
  {
    const DelayLine::Lock lock = line_.Hold();
    if (!tracker_) return;
    segment = line_.segment();
    seen = tracker_->stream_end();
  }
  bool complete = true;
  gint64 duration = 0;
  if (GST_CLOCK_TIME_IS_VALID(seen) && segment.format == GST_FORMAT_TIME &&
      gst_pad_peer_query_duration(sink_, GST_FORMAT_TIME, &duration) && duration > 0) {
    auto expected = static_cast<GstClockTime>(duration);
    if (GST_CLOCK_TIME_IS_VALID(segment.stop)) {
      const GstClockTime stop = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, segment.stop);
      if (GST_CLOCK_TIME_IS_VALID(stop)) expected = std::min(expected, stop);
    }
    // Sound may last a little longer than the picture, and containers round.
    complete = seen + 2 * GST_SECOND + expected / 100 >= expected;
  }
  const DelayLine::Lock lock = line_.Hold();
  complete_ = complete;
}

void SmoothLabels::NoteVideo() {
  const QueryPtr query(gst_query_new_uri());
  std::string video;
  if (gst_pad_peer_query(sink_, query.get())) {
    gchar *uri = nullptr;
    gst_query_parse_uri(query.get(), &uri);
    const CharPtr owner(uri);
    const CharPtr path(uri != nullptr ? g_filename_from_uri(uri, nullptr, nullptr) : nullptr);
    if (path) video = std::filesystem::path(path.get()).filename().string();
  }
  const DelayLine::Lock lock = line_.Hold();
  video_ = video;
}

void SmoothLabels::OnRecording(const GstStructure *structure) {
  const auto facts = ParseRecording(structure);
  if (!facts) return;
  const DelayLine::Lock lock = line_.Hold();
  recordings_.push_back(*facts);
  if (recordings_.size() > kMostRecordings) recordings_.pop_front();
}

// Where the segment's beginning can be seen.
LineOrigin SmoothLabels::OriginOf(const FinishedSegment &finished) const {
  LineOrigin origin{.station = settings_.station, .model = tracker_->model_hash(), .weights = weights_hash_};
  const auto recorded =
      std::find_if(recordings_.rbegin(), recordings_.rend(), [&finished](const RecordingFacts &facts) {
        return GST_CLOCK_TIME_IS_VALID(finished.running_time) && facts.begin <= finished.running_time;
      });
  if (recorded != recordings_.rend()) {
    origin.video = recorded->file;
    origin.video_offset = static_cast<int64_t>(finished.running_time - recorded->begin);
  } else if (!video_.empty() && GST_CLOCK_TIME_IS_VALID(finished.stream_time)) {
    origin.video = video_;
    origin.video_offset = static_cast<int64_t>(finished.stream_time);
  }
  return origin;
}

bool SmoothLabels::NeedsLabels() {
  {
    const DelayLine::Lock lock = line_.Hold();
    if (!tracker_ || tracker_->has_labels() || warned_no_labels_) return false;
  }
  if (AskNetwork(sink_).loading) return false;  // a live stream passes meanwhile
  const DelayLine::Lock lock = line_.Hold();
  return tracker_ && !std::exchange(warned_no_labels_, true);
}

GstStructure *SmoothLabels::Stats() {
  const DelayLine::Lock lock = line_.Hold();
  const SmootherStats stats = tracker_ ? tracker_->stats() : SmootherStats{};
  return gst_structure_new("stats", "segments", G_TYPE_UINT64, segments_, "gaps", G_TYPE_UINT64, gaps_, "deviations",
                           G_TYPE_UINT64, deviations_, "forced-steps", G_TYPE_UINT64,
                           static_cast<guint64>(stats.forced), "steps-kept", G_TYPE_UINT64,
                           static_cast<guint64>(stats.steps_kept), nullptr);
}

// ---- Upstream's thread

// Wall-clock time of a frame, ns since 1970, where the buffer or a live source tells it.
void SmoothLabels::NoteWallClock(GstBuffer *frame) {
  static GstStaticCaps ntp = GST_STATIC_CAPS("timestamp/x-ntp"), unix_time = GST_STATIC_CAPS("timestamp/x-unix");
  StreamClock &stream_clock = tracker_->clock();
  for (GstStaticCaps *kind : {&ntp, &unix_time}) {
    const CapsPtr caps(gst_static_caps_get(kind));
    const GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta(frame, caps.get());
    if (meta == nullptr) continue;
    const gint64 time = static_cast<gint64>(meta->timestamp) - (kind == &ntp ? kNtpToUnix : 0);
    const gint64 off = time - g_get_real_time() * GST_USECOND;
    if (line_.live() && std::abs(off) > kMostClockError) {
      wrong_wall_clock_ = IsoTime(time);
      continue;
    }
    stream_clock.SetWallClock(time, "reference-timestamp");
    return;
  }
  if (!line_.live() || stream_clock.has_wall_clock_from("reference-timestamp")) return;
  const ClockPtr clock(gst_element_get_clock(element_));
  if (!clock) return;
  const GstClockTime running = gst_segment_to_running_time(&line_.segment(), GST_FORMAT_TIME, GST_BUFFER_PTS(frame));
  if (!GST_CLOCK_TIME_IS_VALID(running)) return;
  const auto behind = static_cast<gint64>(gst_clock_get_time(clock.get())) -
                      static_cast<gint64>(gst_element_get_base_time(element_) + running);
  stream_clock.SetWallClock(g_get_real_time() * GST_USECOND - behind, "pipeline-clock");
}

std::optional<int64_t> SmoothLabels::OnFrameIn(GstBuffer *frame) {
  const std::optional<int64_t> position = tracker_->AddFrame(frame);
  if (position) NoteWallClock(frame);
  return tracker_->has_labels() ? position : std::nullopt;
}

// The mode is known with the backbone: before it, nothing says whether the source is live.
void SmoothLabels::OnBackbone(const GstStructure *structure, std::vector<MessagePtr> &messages) {
  const auto facts = ParseBackbone(structure);
  if (!facts) return;
  const bool hold =
      settings_.sync_mode == SyncMode::kAligned || (settings_.sync_mode == SyncMode::kAuto && !facts->live);
  const auto time_of = [&facts](int samples) -> GstClockTime {
    if (!facts->sample_rate.known()) return 0;
    return gst_util_uint64_scale(static_cast<guint64>(samples) * GST_SECOND,
                                 static_cast<guint64>(facts->sample_rate.denominator),
                                 static_cast<guint64>(facts->sample_rate.numerator));
  };
  weights_hash_ = facts->service.weights_hash;
  hop_time_ = time_of(facts->hop);
  const SmoothingSettings smoothing = settings_.SmoothingFor(static_cast<double>(hop_time_) / GST_SECOND);
  tracker_->SetSmoothing(smoothing);
  tracker_->SetHop(facts->hop);
  tracker_->NoteNetwork();
  // A frame waits until half a window of steps after its own is known, or what lies in the look-ahead: they begin a hop
  // apart and last 16 samples, with what they see behind them; and a hop is what a network that keeps up needs at most.
  const bool viterbi = smoothing.method == SmoothingMethod::kViterbi;
  const int samples =
      (viterbi ? 0 : (smoothing.window / 2) * facts->hop) + kChunkFrames + ContextOf(facts->mode).after + facts->hop;
  const bool timed = facts->sample_rate.known() && facts->live && hold;
  const GstClockTime delay =
      timed ? time_of(samples) + static_cast<GstClockTime>(viterbi ? smoothing.lookahead : 0) : 0;
  GST_INFO_OBJECT(element_, "profile %s, method %s, window %d, refine-window %d, min-duration %" GST_TIME_FORMAT,
                  NameOf(settings_.profile), NameOf(smoothing.method), smoothing.window, smoothing.refine_window,
                  GST_TIME_ARGS(static_cast<GstClockTime>(smoothing.min_duration)));
  if (line_.SetMode(hold, facts->live, delay, hop_time_)) {
    messages.emplace_back(gst_message_new_latency(GST_OBJECT(element_)));
  }
  if (settings_.profile == Profile::kStudy && facts->hop_asked > kStudyHop && !std::exchange(warned_hop_, true)) {
    const CharPtr text(
        g_strdup_printf("profile=study is meant for r3dfeatures hop=4; with hop=%d there is a step only "
                        "every %.1f s, and elements of a few seconds are lost",
                        facts->hop_asked, static_cast<double>(time_of(facts->hop_asked)) / GST_SECOND));
    messages.push_back(NewWarning(element_, GST_STREAM_ERROR_FORMAT, text.get(), "Set hop=4 at r3dfeatures"));
  }
}

void SmoothLabels::OnStep(const GstStructure *structure, std::vector<MessagePtr> &messages) {
  if (!wrong_wall_clock_.empty() && !std::exchange(warned_wall_clock_, true)) {
    messages.push_back(NewWarning(element_, GST_STREAM_ERROR_FORMAT,
                                  ("The camera's clock says " + wrong_wall_clock_ +
                                   ", more than a day from this machine's: this machine's counts")
                                      .c_str(),
                                  "Set the camera's clock (NTP). This is said once."));
  }
  const auto result = tracker_->AddStep(structure);
  if (result == TimelineTracker::StepResult::kNotAStep) {
    GST_WARNING_OBJECT(element_, "a step that does not fit the labels");
  } else if (result == TimelineTracker::StepResult::kLost && !std::exchange(warned_lost_, true)) {
    messages.push_back(NewWarning(element_, GST_STREAM_ERROR_FAILED,
                                  "Steps of the timeline were lost on the way: they are written as gaps",
                                  "A full queue with leaky=downstream throws events away; put it before r3dfeatures. "
                                  "This is said once."));
  }
}

// A camera's segment may last for an hour: what is known of it is in a file all the same, should this process be
// killed.
void SmoothLabels::NotePending() {
  if (!line_.live() || !settings_.location.ends_with(".jsonl")) return;
  pending_ = tracker_->PendingSegments();
  for (FinishedSegment &segment : *pending_)
    segment.origin = OriginOf(segment);
}

void SmoothLabels::OnEventIn(GstEvent *event, std::vector<MessagePtr> &messages) {
  const GstStructure *structure = gst_event_get_structure(event);
  tracker_->OnStreamEvent(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_GROUP_DONE:
      tracker_->EndRun();
      break;
    case GST_EVENT_EOS:
      tracker_->Finish();
      Collect();
      if (!outbox_.empty()) outbox_.back().segment.complete = complete_;
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name(event, kBackboneEvent)) {
        OnBackbone(structure, messages);
      } else if (gst_event_has_name(event, kRunEndEvent)) {
        GST_DEBUG_OBJECT(element_, "r3dfeatures has ended the run");
        tracker_->EndRun();
      } else if (gst_event_has_name(event, kLabelsEvent)) {
        if (!tracker_->SetLabels(structure)) {
          GST_WARNING_OBJECT(element_, "action-labels that are not actionclassify's");
        }
      } else if (gst_event_has_name(event, kStepEvent)) {
        OnStep(structure, messages);
        NotePending();
      }
      break;
    default:
      break;
  }
  Collect();
}

void SmoothLabels::OnRestart() {
  tracker_->Finish();
  Collect();
  tracker_->Flush();
  line_.SetKnownUntil(tracker_->known_until());
}

// Segments that have become final go to the outbox.
void SmoothLabels::Collect() {
  for (FinishedSegment &finished : tracker_->TakeSegments()) {
    const bool gap = finished.segment.state == SegmentState::kGap;
    ++(gap ? gaps_ : segments_);
    deviations_ += finished.segment.deviation != Deviation::kNone ? 1 : 0;
    finished.origin = OriginOf(finished);
    outbox_.push_back(std::move(finished));
  }
  line_.SetKnownUntil(tracker_->known_until());
}

// ---- The task

void SmoothLabels::DoWork(DelayLine::Lock &lock) {
  const auto segments = std::exchange(outbox_, {});
  const auto pending = std::exchange(pending_, std::nullopt);
  lock.unlock();
  WriteSegments(segments);
  if (pending) output_->NotePending(*pending);
  lock.lock();
}

void SmoothLabels::OnFrameLeaves(std::optional<int64_t> position) {
  leaving_ = position ? tracker_->LabelAt(*position) : std::nullopt;
}

GstBuffer *SmoothLabels::OnFrameOut(GstBuffer *frame) {
  if (!leaving_ && gst_buffer_get_custom_meta(frame, kLabelMeta) == nullptr) return frame;
  frame = MakeWritable(frame);
  SetLabel(frame, leaving_);
  if (leaving_) analytics_.Attach(frame, *leaving_);
  return frame;
}

void SmoothLabels::OnEventOut(GstEvent *event) {
  const GstEventType type = GST_EVENT_TYPE(event);
  if (type == GST_EVENT_EOS) {
    bool complete = true, labelled = true;
    {
      const DelayLine::Lock lock = line_.Hold();
      complete = complete_;
      labelled = tracker_->has_labels() || (!tracker_->seen_frames() && !warned_no_labels_);
    }
    if (labelled) WriteFile(complete);
  } else if (type == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    analytics_.SetCaps(caps);
  } else if (gst_event_has_name(event, kBackboneEvent)) {
    if (const auto facts = ParseBackbone(gst_event_get_structure(event))) analytics_.SetRegion(facts->frame_roi);
  }
}

bool SmoothLabels::IsComputing() {
  return AskNetwork(sink_).busy;
}

void SmoothLabels::WriteSegments(const std::vector<FinishedSegment> &segments) {
  const bool post = !segments.empty() && SettingsOf(GST_TIMELINE_SMOOTH(element_)).post_messages;
  for (const FinishedSegment &segment : segments) {
    GST_INFO_OBJECT(element_, "segment %s", ToJsonLine(segment.segment).c_str());
    written_ = false;
    // Who is told of it finds it in the file.
    const std::optional<Error> problem = output_->Add(segment);
    if (post) gst_element_post_message(element_, NewSegmentMessage(element_, segment));
    if (problem) PostWarning(element_, *problem, "Segments are kept and written as soon as it is possible again");
  }
}

// All segments are known. complete: the stream has ended, too.
void SmoothLabels::WriteFile(bool complete) {
  if (std::exchange(written_, true)) return;
  try {
    const std::string kept = output_->Finish(complete);
    if (kept.empty() || kept == told_to_keep_) return;
    PostInfo(element_, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
             "a timeline of another run was there: kept as " + kept + ". Name another file in location= for each run");
  } catch (const Error &e) {
    PostError(element_, e);
  }
}

}  // namespace action

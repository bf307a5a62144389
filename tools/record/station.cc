// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/station.h"

#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "action/error.h"
#include "common/encoder.h"
#include "common/label_meta.h"
#include "common/recording_event.h"
#include "record/lines.h"
#include "record/models.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kShownTime = 600'000'000'000;  // ns
constexpr size_t kMostShown = 2000;              // segments
constexpr size_t kMostOpen = 500;                // changes of the label that is drawn
constexpr size_t kMostWarnings = 100;
constexpr size_t kLatencies = 200;
constexpr GstClockTime kFirstRetry = 10 * GST_SECOND, kLastRetry = 300 * GST_SECOND;
constexpr GstClockTime kPictureTime = 10 * GST_SECOND;
constexpr GstClockTime kMostEnding = 10 * GST_SECOND;
// Frames wait for a pipeline to end for less than they may wait in the next one.
constexpr GstClockTime kHandOver = 800 * GST_MSECOND;

// Frames wait a second for the analysis at most; then the oldest go.
constexpr const char *kInput =
    "appsrc name=in format=time is-live=true max-buffers=0 max-bytes=0 max-time=1000000000 leaky-type=downstream ! ";
constexpr const char *kOutputs =
    " ! tee name=shown "
    "shown. ! queue leaky=downstream max-size-buffers=50 max-size-bytes=0 max-size-time=0 ! appsink name=out "
    "sync=false async=false enable-last-sample=false "
    "shown. ! valve name=view drop=true ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! "
    "videorate drop-only=true max-rate=5 ! videoconvert ! videoscale ! "
    "video/x-raw,width=640,pixel-aspect-ratio=1/1 ! jpegenc quality=75 ! appsink name=pictures sync=false async=false "
    "enable-last-sample=false";

std::string Text(const GstStructure *structure, const char *field) {
  const char *text = gst_structure_get_string(structure, field);
  return text != nullptr ? text : "";
}

std::string NameFor(const MetaLabel &label) {
  return label.name.empty() ? label.fine_action : label.name;
}

double Percentile(std::vector<double> values, double share) {
  const auto place = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(place), values.end());
  return values[place];
}

}  // namespace

// ---- On streaming threads

class Station::Shown final : public FrameConsumer {
 public:
  explicit Shown(const SharedTime &time) : time_(time) {}
  void OnFrame(GstSample *sample) override {
    GstBuffer *frame = gst_sample_get_buffer(sample);
    if (frame == nullptr || !GST_BUFFER_PTS_IS_VALID(frame)) return;
    {
      const std::lock_guard lock(mutex_);
      label_ = LabelOf(frame);
      at_ = time_.Now();
      NoteChange(GST_BUFFER_PTS(frame), label_ ? NameFor(*label_) : "", label_ ? NameOf(label_->category) : "", "open");
      lag_ = at_ > GST_BUFFER_PTS(frame) ? at_ - GST_BUFFER_PTS(frame) : 0;
    }
    TellRecording();  // where the analysis was begun anew
  }
  void OnGap(GstClockTime start, GstClockTime) override {
    const std::lock_guard lock(mutex_);
    label_.reset();
    NoteChange(start, "", "", "gap");
  }
  void OnEnd() override { ended_ = true; }

  // Of another pipeline than before: its sink pad, where frames arrive.
  void SetPad(PadPtr pad) {
    const std::lock_guard lock(mutex_);
    pad_ = std::move(pad);
    told_ = false;
  }
  void Begin(PadPtr pad) {
    ended_ = false;
    SetPad(std::move(pad));
  }
  // The timeline names the file that is recorded to.
  void Record(const RecordingFacts &facts) {
    {
      const std::lock_guard lock(mutex_);
      recording_ = facts;
      told_ = false;
    }
    TellRecording();
  }
  void TellRecording() {
    PadPtr pad;
    std::optional<RecordingFacts> facts;
    {
      const std::lock_guard lock(mutex_);
      if (!pad_ || !recording_ || std::exchange(told_, true)) return;
      pad.reset(GST_PAD(gst_object_ref(pad_.get())));
      facts = recording_;
    }
    gst_pad_push_event(pad.get(), NewRecordingEvent(*facts));
  }

  // Everything has left the pipeline.
  bool ended() const { return ended_; }
  // What was drawn from a running time on; one stretch ends where the next begins.
  struct Change {
    GstClockTime start = 0;
    std::string name, category, state;
  };
  // From `since`, a running time, on.
  std::vector<Change> Changes(GstClockTime since) {
    const std::lock_guard lock(mutex_);
    while (changes_.size() > 1 && changes_[1].start <= since)
      changes_.pop_front();
    return {changes_.begin(), changes_.end()};
  }
  struct Now {
    std::optional<MetaLabel> label;
    GstClockTime at = GST_CLOCK_TIME_NONE, lag = 0;
  };
  Now now() const {
    const std::lock_guard lock(mutex_);
    return {label_, at_, lag_};
  }

 private:
  void NoteChange(GstClockTime start, const std::string &name, const std::string &category, const char *state) {
    if (!changes_.empty() && changes_.back().name == name && changes_.back().category == category &&
        changes_.back().state == state)
      return;
    changes_.push_back({start, name, category, state});
    if (changes_.size() > kMostOpen) changes_.pop_front();
  }

  const SharedTime &time_;
  mutable std::mutex mutex_;
  std::deque<Change> changes_;
  std::optional<MetaLabel> label_;
  GstClockTime at_ = GST_CLOCK_TIME_NONE, lag_ = 0;
  std::atomic<bool> ended_{false};
  PadPtr pad_;
  std::optional<RecordingFacts> recording_;
  bool told_ = false;
};

class Station::Picture_ final : public FrameConsumer {
 public:
  void OnFrame(GstSample *sample) override {
    GstMapInfo map;
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    if (buffer == nullptr || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    BytesPtr bytes(g_bytes_new(map.data, map.size));
    gst_buffer_unmap(buffer, &map);
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
  }
  void OnGap(GstClockTime, GstClockTime) override {}
  BytesPtr get() const {
    const std::lock_guard lock(mutex_);
    return BytesPtr(bytes_ ? g_bytes_ref(bytes_.get()) : nullptr);
  }

 private:
  mutable std::mutex mutex_;
  BytesPtr bytes_;
};

// ---- On the main loop

Station::Station(const SiteSettings &site, const StationSettings &station, const std::string &encoder,
                 const SharedTime &time, Say say)
    : site_(site),
      settings_(station),
      time_(time),
      say_(std::move(say)),
      input_(new FrameInput),
      shown_(new Shown(time)),
      picture_(new Picture_),
      cycles_(CycleStarts(station), static_cast<int64_t>(station.takt * 1e9)) {
  const fs::path folder = fs::path(site.output) / station.name;
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw WriteError(folder.string(), failed.value(),
                     "cannot make the folder " + folder.string() + ": " + failed.message());
  const auto recorder = [&](const char *kind, const std::string &with, bool tells) {
    RecorderSettings settings{
        folder,
        kind,
        site.segment,
        with,
        site.bitrate,
        site.subtitles && !with.empty(),
        station.sound ? ChooseAudioEncoder() : "",
        site.durable,
    };
    return std::make_unique<Recorder>(
        std::move(settings), time,
        [this, kind](const std::optional<Error> &error) {
          say_("station " + settings_.name + ": " +
               (error ? std::string(error->what()) + ". Labels and metrics go on; it is tried again"
                      : std::string("the ") + kind + " recording goes on"));
        },
        [this, tells](const std::string &file, GstClockTime begin) {
          if (tells) shown_->Record({file, begin});
        });
  };
  if (station.record_overlay) overlay_ = recorder("overlay", encoder, true);
  if (station.record_raw) raw_ = recorder("raw", "", !station.record_overlay);
  out_.Add(shown_.get());
  view_.Add(picture_.get());
  if (overlay_) out_.Add(overlay_.get());
}

// Afterwards the camera may go.
void Station::LeaveCamera() {
  CameraReader *camera = std::exchange(camera_, nullptr);
  if (camera == nullptr) return;
  camera->frames().Remove(input_.get());
  if (raw_) camera->encoded().Remove(raw_.get());
  for (Recorder *recorder : {overlay_.get(), raw_.get()})
    if (recorder != nullptr) camera->sound().Remove(&recorder->sound());
}

Station::~Station() {
  LeaveCamera();
  input_->SetTarget(nullptr);
  next_.reset();
  pipeline_.reset();
}

void Station::Start(CameraReader &camera, const std::string &no_network) {
  camera_ = &camera;
  no_network_ = no_network;
  if (no_network_.empty()) {
    TryAnalysis();
  } else {
    SwitchTo(false);
  }
  camera.frames().Add(input_.get());
  if (raw_) camera.encoded().Add(raw_.get());
  for (Recorder *recorder : {overlay_.get(), raw_.get()})
    if (recorder != nullptr && settings_.sound) camera.sound().Add(&recorder->sound());
}

// With the analysis, or the video alone. A pipeline that works hands over: what it has taken in leaves before the first
// frame of the next. Throws Error; what there was goes on then.
void Station::SwitchTo(bool analyse) {
  if (broken_) {
    input_->SetTarget(nullptr);
    shown_->SetPad(nullptr);
    pipeline_.reset();
    broken_ = false;
  }
  auto next = std::make_unique<Pipeline>(kInput + StationLine(site_, settings_, analyse) + kOutputs, time_,
                                         [this](GstMessage *message) { OnMessage(message); });
  next->Pause();
  input_->SetTarget(next->Find("in"));
  next_ = std::move(next);
  next_analyses_ = analyse;
  hand_over_by_ = time_.Now() + kHandOver;
  if (pipeline_) {
    gst_app_src_end_of_stream(GST_APP_SRC(pipeline_->Find("in")));
  } else {
    TakeOver();
  }
}

void Station::TakeOver() {
  shown_->SetPad(nullptr);
  pipeline_ = std::move(next_);  // the old one ends here
  analysing_ = next_analyses_;
  broken_ = pipeline_->failed();  // not the old one
  shown_->Begin(PadPtr(gst_element_get_static_pad(pipeline_->Find("out"), "sink")));
  out_.Connect(pipeline_->Find("out"));
  view_.Connect(pipeline_->Find("pictures"));
  g_object_set(pipeline_->Find("view"), "drop", !GST_CLOCK_TIME_IS_VALID(asked_for_picture_), nullptr);
  pipeline_->Play();
}

void Station::TryAnalysis() {
  try {
    SwitchTo(true);
  } catch (const Error &e) {
    NoteFailure(e.what());
    if (!pipeline_) SwitchTo(false);
  }
}

void Station::OnMessage(GstMessage *message) {
  const GstStructure *structure = gst_message_get_structure(message);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      OnFailure(TextOf(message));
      break;
    case GST_MESSAGE_WARNING: {
      const std::string text = TextOf(message);
      if (warnings_.size() < kMostWarnings && warnings_.insert(text).second)
        say_("station " + settings_.name + ": " + text);
      break;
    }
    case GST_MESSAGE_ELEMENT:
      if (gst_structure_has_name(structure, "action-segment")) OnSegment(structure);
      if (gst_structure_has_name(structure, "action-step")) OnStep(structure);
      break;
    default:
      break;
  }
}

void Station::OnFailure(const std::string &what) {
  if (stopping_) ended_ = true;
  if (stopping_ || std::exchange(broken_, true)) return;  // one failure may have several messages
  NoteFailure(what);
}

void Station::NoteFailure(const std::string &what) {
  if (failure_.empty()) {
    say_("station " + settings_.name + ": " + what +
         ". The video is recorded without labels, and the analysis tried again");
  }
  failure_ = what;
  retry_delay_ = std::clamp(2 * retry_delay_, kFirstRetry, kLastRetry);
  retry_at_ = time_.Now() + retry_delay_;
}

void Station::OnSegment(const GstStructure *structure) {
  gint64 start = 0, end = 0;
  gst_structure_get(structure, "start", G_TYPE_INT64, &start, "end", G_TYPE_INT64, &end, nullptr);
  const std::string state = Text(structure, "state"), fine = Text(structure, "fine-action");
  guint64 running = GST_CLOCK_TIME_NONE;
  if (!gst_structure_get_uint64(structure, "running-time", &running) || !GST_CLOCK_TIME_IS_VALID(running)) return;
  // Running times go on when the analysis begins anew.
  cycles_.Add(fine, static_cast<int64_t>(running), state == "measured");
  // By this machine's clock, as the page is: a camera's may be hours off.
  const int64_t wall_start = time_.WallAt(running), wall_end = wall_start + end - start;
  const std::string name = Text(structure, "name");
  final_until_ = std::max(final_until_, running + static_cast<GstClockTime>(std::max<gint64>(end - start, 0)));
  segments_.push_back({wall_start, wall_end, name.empty() ? fine : name, Text(structure, "value-category"), state});
  const int64_t now = g_get_real_time() * 1000;
  while (!segments_.empty() && (segments_.front().end < now - kShownTime || segments_.size() > kMostShown))
    segments_.pop_front();
}

void Station::OnStep(const GstStructure *structure) {
  guint64 running = 0, duration = 0;
  if (!gst_structure_get_uint64(structure, "running-time", &running) ||
      !gst_structure_get_uint64(structure, "duration", &duration) || !GST_CLOCK_TIME_IS_VALID(running) ||
      !GST_CLOCK_TIME_IS_VALID(duration)) {
    return;
  }
  const GstClockTime now = time_.Now(), taken = running + duration;
  latencies_.push_back(now > taken ? static_cast<double>(now - taken) / GST_SECOND : 0);
  if (latencies_.size() > kLatencies) latencies_.pop_front();
  if (!failure_.empty()) {
    failure_.clear();
    retry_delay_ = 0;
    say_("station " + settings_.name + ": labels are back");
  }
}

void Station::CountCycles(double takt, const std::string &cycle_start) {
  StationSettings wanted = settings_;
  wanted.takt = takt;
  wanted.cycle_start = cycle_start;
  const auto ns = static_cast<int64_t>(takt * 1e9);
  if (cycle_start != settings_.cycle_start) cycles_ = CycleCounter(CycleStarts(wanted), ns);
  cycles_.SetTakt(ns);
  settings_ = wanted;
}

void Station::Poll() {
  if (overlay_) overlay_->Poll();
  if (raw_) raw_->Poll();
  if (stopping_) return;
  const GstClockTime now = time_.Now();
  if (GST_CLOCK_TIME_IS_VALID(asked_for_picture_) && now > asked_for_picture_ + kPictureTime) {
    asked_for_picture_ = GST_CLOCK_TIME_NONE;
    g_object_set(pipeline_->Find("view"), "drop", TRUE, nullptr);
  }
  if (next_) {
    if (shown_->ended() || broken_ || now > hand_over_by_) TakeOver();
    return;
  }
  try {
    if (broken_ && (analysing_ || now >= retry_at_)) {
      SwitchTo(false);
    } else if (!broken_ && !analysing_ && no_network_.empty() && now >= retry_at_) {
      TryAnalysis();
    }
  } catch (const Error &e) {
    broken_ = true;
    analysing_ = false;
    NoteFailure(e.what());
  }
}

void Station::Stop() {
  if (std::exchange(stopping_, true)) return;
  LeaveCamera();
  // The timeline ends with the stream; the recorders close their files with what has come.
  stopped_at_ = time_.Now();
  if (next_) TakeOver();
  if (broken_) ended_ = true;
  GstElement *in = pipeline_ ? pipeline_->Find("in") : nullptr;
  if (in == nullptr || gst_app_src_end_of_stream(GST_APP_SRC(in)) != GST_FLOW_OK) ended_ = true;
  if (raw_) raw_->Stop();
  if (overlay_) overlay_->Stop();
}

bool Station::overdue() const {
  return stopping_ && time_.Now() > stopped_at_ + kMostEnding;
}

bool Station::stopped() const {
  return (ended_ || shown_->ended()) && (!raw_ || raw_->stopped()) && (!overlay_ || overlay_->stopped());
}

std::vector<fs::path> Station::OpenFiles() const {
  std::vector<fs::path> files;
  for (const Recorder *recorder : {overlay_.get(), raw_.get()}) {
    if (recorder == nullptr) continue;
    const auto open = recorder->OpenFiles();
    files.insert(files.end(), open.begin(), open.end());
  }
  return files;
}

std::vector<Recording> Station::TakeCut() {
  std::vector<Recording> cut;
  for (Recorder *recorder : {overlay_.get(), raw_.get()}) {
    if (recorder == nullptr) continue;
    const auto more = recorder->TakeCut();
    cut.insert(cut.end(), more.begin(), more.end());
  }
  return cut;
}

BytesPtr Station::Picture() {
  if (!GST_CLOCK_TIME_IS_VALID(std::exchange(asked_for_picture_, time_.Now())) && pipeline_)
    g_object_set(pipeline_->Find("view"), "drop", FALSE, nullptr);
  return picture_->get();
}

// What is not final yet, as it was drawn.
void Station::AddOpen(std::vector<ShownSegment> &segments) const {
  const GstClockTime now = time_.Now();
  const auto changes = shown_->Changes(final_until_);
  for (size_t i = 0; i < changes.size(); ++i) {
    const auto &[start, name, category, state] = changes[i];
    const GstClockTime from = std::max(start, final_until_), to = i + 1 < changes.size() ? changes[i + 1].start : now;
    if (to > from && (!name.empty() || state == "gap"))
      segments.push_back({time_.WallAt(from), time_.WallAt(to), name, category, state});
  }
}

StationStatus Station::status() const {
  StationStatus status;
  status.name = settings_.name;
  if (camera_ != nullptr) status.camera = camera_->status();
  const Shown::Now shown = shown_->now();
  status.fresh = status.camera.up && GST_CLOCK_TIME_IS_VALID(shown.at) &&
                 time_.Now() < shown.at + static_cast<GstClockTime>(site_.stale);
  status.analysis_failure = failure_.empty() ? no_network_ : failure_;
  if (status.fresh && shown.label) {
    status.action = NameFor(*shown.label);
    status.category = NameOf(shown.label->category);
  }
  if (status.fresh) status.lag = static_cast<double>(shown.lag) / GST_SECOND;
  status.hop_asked = settings_.hop;
  if (analysing_ && pipeline_) {
    GstStructure *stats = nullptr;
    g_object_get(pipeline_->Find("features"), "stats", &stats, nullptr);
    const StructurePtr owner(stats);
    gst_structure_get(stats, "chunks", G_TYPE_UINT64, &status.chunks, "dropped", G_TYPE_UINT64, &status.dropped_chunks,
                      "hop", G_TYPE_INT, &status.hop, nullptr);
  }
  if (!latencies_.empty()) {
    const std::vector<double> values(latencies_.begin(), latencies_.end());
    status.latency_p50 = Percentile(values, 0.5);
    status.latency_p95 = Percentile(values, 0.95);
  }
  status.counts_cycles = cycles_.counts();
  status.cycles = cycles_.cycles();
  status.overruns = cycles_.overruns();
  if (cycles_.last()) status.last_cycle = static_cast<double>(*cycles_.last()) / 1e9;
  status.takt = settings_.takt;
  if (overlay_) status.overlay = overlay_->stats();
  if (raw_) status.raw = raw_->stats();
  status.segments.assign(segments_.begin(), segments_.end());
  AddOpen(status.segments);
  return status;
}

}  // namespace action

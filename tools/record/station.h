// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_STATION_H_
#define GST_ACTION_RECORD_STATION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/glib_ptr.h"
#include "record/camera.h"
#include "record/cycle_counter.h"
#include "record/pipeline.h"
#include "record/recorder.h"
#include "record/settings.h"

namespace action {

// A stretch of the last minutes, for the page. ns since 1970.
struct ShownSegment {
  int64_t start = 0, end = 0;
  std::string name, category, state;  // state: as in the timeline, or "open": what was drawn, until it is final
};

struct StationStatus {
  std::string name;
  CameraStatus camera;
  bool dropping = false;         // steps were lost in the last minute
  bool fresh = false;            // a frame has left the station within the stale time
  std::string analysis_failure;  // why there are no labels; empty: there are
  std::string action, category;  // of the last frame; empty: none
  uint64_t chunks = 0, dropped_chunks = 0;
  int hop = 0, hop_asked = 0;                      // samples from step to step; 0: no analysis
  std::optional<double> latency_p50, latency_p95;  // s from a step's last frame to its label
  std::optional<double> lag;                       // s from a frame's time to its way out; nothing: no frames leave
  uint64_t cycles = 0, overruns = 0;
  std::optional<double> last_cycle;  // s
  double takt = 0;                   // s
  bool counts_cycles = false;
  std::optional<RecorderStats> overlay, raw;
  std::vector<ShownSegment> segments;  // of the last ten minutes, in order
};

// One place of work: its analysis, its recordings, and what is known of it now. On the main loop, but where it says
// otherwise.
class Station final {
 public:
  using Say = std::function<void(const std::string &)>;

  // encoder: its name. Throws Error for an elements.csv that cannot be read.
  Station(const SiteSettings &site, const StationSettings &station, const std::string &encoder, const SharedTime &time,
          Say say);
  ~Station();
  Station(const Station &) = delete;
  Station &operator=(const Station &) = delete;

  // The camera must be there until Stop.
  // no_network: as SetNetwork. Throws Error.
  void Start(CameraReader &camera, const std::string &no_network);
  // Why there is no network, and so the video alone; empty: there is one.
  void SetNetwork(const std::string &no_network) { no_network_ = no_network; }
  void Poll();
  // Files are closed and the timeline ends; stopped() tells when that is done.
  void Stop();
  bool stopped() const;
  // It should be, for long: something hangs.
  bool overdue() const;

  // By another takt time or beginning than before. With another beginning the count begins anew. Throws Error.
  void CountCycles(double takt, const std::string &cycle_start);

  const StationSettings &settings() const { return settings_; }
  CameraReader *camera() const { return camera_; }
  StationStatus status() const;
  std::vector<std::filesystem::path> OpenFiles() const;
  // Files that a failure has cut off, once recording goes on; each is told of once.
  std::vector<Recording> TakeCut();

  // The newest picture as JPEG; null: none. From the first call on pictures are made, until nobody has asked for 10 s.
  BytesPtr Picture();

 private:
  class Shown;     // sees the frames that leave
  class Picture_;  // keeps the newest picture

  void LeaveCamera();
  void SwitchTo(bool analyse);
  void TakeOver();
  void TryAnalysis();
  void NoteFailure(const std::string &what);
  void OnMessage(GstMessage *message);
  void OnSegment(const GstStructure *structure);
  void OnStep(const GstStructure *structure);
  void OnFailure(const std::string &what);
  void AddOpen(std::vector<ShownSegment> &segments) const;

  const SiteSettings site_;
  StationSettings settings_;
  const SharedTime &time_;
  const Say say_;
  CameraReader *camera_ = nullptr;

  std::unique_ptr<FrameInput> input_;  // takes the camera's frames
  std::unique_ptr<Shown> shown_;
  std::unique_ptr<Picture_> picture_;
  std::unique_ptr<Recorder> overlay_, raw_;
  FrameFeed out_, view_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Pipeline> next_;  // which takes frames in already, while pipeline_ ends
  bool next_analyses_ = false;
  GstClockTime stopped_at_ = 0;
  GstClockTime hand_over_by_ = 0;
  std::string no_network_;  // why
  bool analysing_ = false;
  bool broken_ = false;                    // the pipeline has failed
  bool stopping_ = false, ended_ = false;  // ended_: no end will come out of the pipeline
  std::set<std::string> warnings_;         // that were said
  std::string failure_;                    // of the analysis, until there are labels again
  GstClockTime retry_at_ = 0, retry_delay_ = 0;
  GstClockTime asked_for_picture_ = GST_CLOCK_TIME_NONE;

  CycleCounter cycles_;
  std::deque<double> latencies_;  // s, the newest last
  std::deque<ShownSegment> segments_;
  GstClockTime final_until_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_STATION_H_

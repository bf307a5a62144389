// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/site_status.h"

#include <glib.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

namespace action {
namespace {

constexpr double kMostLag = 5;  // s

using Json = nlohmann::ordered_json;

// A label's value, as Prometheus escapes it.
std::string Escaped(const std::string &text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

std::string Number(double value) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(text, sizeof(text), "%.10g", value);
}

double Seconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

// Writes the metrics of all stations, one after the other, each with its help.
class MetricsWriter {
 public:
  explicit MetricsWriter(const SiteStatus &status) : status_(status) {}

  using Value = std::function<std::optional<double>(const StationStatus &)>;
  void Add(const char *name, const char *type, const char *help, const Value &value) {
    Begin(name, type, help);
    for (const StationStatus &station : status_.stations) {
      const auto number = value(station);
      if (number)
        text_ +=
            std::string("gst_action_") + name + "{station=\"" + Escaped(station.name) + "\"} " + Number(*number) + "\n";
    }
  }
  using RecordingValue = std::function<double(const RecorderStats &)>;
  void AddRecording(const char *name, const char *type, const char *help, const RecordingValue &value) {
    Begin(name, type, help);
    for (const StationStatus &station : status_.stations) {
      const auto add = [&](const std::optional<RecorderStats> &stats, const char *kind) {
        if (!stats) return;
        text_ += std::string("gst_action_") + name + "{station=\"" + Escaped(station.name) + "\",kind=\"" + kind +
                 "\"} " + Number(value(*stats)) + "\n";
      };
      add(station.overlay, "overlay");
      add(station.raw, "raw");
    }
  }
  void AddPlain(const char *name, const char *type, const char *help, double value) {
    Begin(name, type, help);
    text_ += std::string("gst_action_") + name + " " + Number(value) + "\n";
  }
  void AddInfo(const char *name, const char *help) {
    Begin(name, "gauge", help);
    for (const StationStatus &station : status_.stations) {
      if (station.action.empty()) continue;
      text_ += std::string("gst_action_") + name + "{station=\"" + Escaped(station.name) + "\",action=\"" +
               Escaped(station.action) + "\",value=\"" + Escaped(station.category) + "\"} 1\n";
    }
  }
  const std::string &text() const { return text_; }

 private:
  void Begin(const char *name, const char *type, const char *help) {
    text_ += std::string("# HELP gst_action_") + name + " " + help + "\n# TYPE gst_action_" + name + " " + type + "\n";
  }

  const SiteStatus &status_;
  std::string text_;
};

std::string RecordingState(const std::optional<RecorderStats> &stats) {
  if (!stats) return "off";
  if (!stats->failure.empty()) return "failed";
  return stats->recording ? "on" : "waiting";
}

}  // namespace

uint64_t ResidentMemory() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::vector<std::string> ProblemsOf(const SiteStatus &status) {
  std::vector<std::string> problems;
  for (const StationStatus &station : status.stations) {
    const auto add = [&](const std::string &what) { problems.push_back("station " + station.name + ": " + what); };
    if (!station.camera.up) {
      add("no video" + (station.camera.lost_reason.empty() ? "" : " (" + station.camera.lost_reason + ")"));
    } else if (!station.fresh) {
      add("no fresh frames");
    }
    if (!station.analysis_failure.empty()) add("no labels (" + station.analysis_failure + ")");
    if (station.hop > station.hop_asked) {
      add("the network does not keep up: a step every " + std::to_string(station.hop) + " samples instead of " +
          std::to_string(station.hop_asked));
    }
    if (station.dropping) add("the network does not keep up: steps are lost");
    if (station.lag > kMostLag) add("the analysis is " + Number(std::round(*station.lag)) + " s late");
    for (const auto &recorder : {station.overlay, station.raw}) {
      if (recorder && !recorder->failure.empty()) add(recorder->failure);
      if (recorder && recorder->idle && station.fresh) add("nothing comes to be recorded of what the camera sends");
    }
  }
  return problems;
}

std::string MetricsText(const SiteStatus &status) {
  MetricsWriter writer(status);
  using S = StationStatus;
  writer.Add("camera_up", "gauge", "1 while the camera sends frames.", [](const S &s) { return s.camera.up ? 1 : 0; });
  writer.Add("stale", "gauge", "1 while no fresh frame has left the station.",
             [](const S &s) { return s.fresh ? 0 : 1; });
  writer.Add("frames_total", "counter", "Frames of the station's camera.",
             [](const S &s) { return static_cast<double>(s.camera.frames); });
  writer.Add("reconnects_total", "counter", "Times that the camera came back after a loss.",
             [](const S &s) { return static_cast<double>(s.camera.reconnects); });
  writer.Add("frozen_total", "counter", "Times that the camera was lost since its picture did not change.",
             [](const S &s) { return static_cast<double>(s.camera.frozen); });
  writer.Add("analysis_up", "gauge", "1 while the analysis works.",
             [](const S &s) { return s.analysis_failure.empty() ? 1 : 0; });
  writer.Add("chunks_total", "counter", "Chunks of 16 frames that the network has computed.",
             [](const S &s) { return static_cast<double>(s.chunks); });
  writer.Add("dropped_chunks_total", "counter", "Chunks that were lost since the network did not keep up.",
             [](const S &s) { return static_cast<double>(s.dropped_chunks); });
  writer.Add("hop", "gauge", "Samples from step to step; more than asked for while the network does not keep up.",
             [](const S &s) { return s.hop > 0 ? std::optional<double>(s.hop) : std::nullopt; });
  writer.Add("label_latency_p50_seconds", "gauge", "From a step's last frame to its label, median of the last 200.",
             [](const S &s) { return s.latency_p50; });
  writer.Add("label_latency_p95_seconds", "gauge", "The same, 95th percentile.",
             [](const S &s) { return s.latency_p95; });
  writer.Add("lag_seconds", "gauge", "From a frame's time to when it leaves the analysis; absent while none does.",
             [](const S &s) { return s.lag; });
  writer.AddInfo("current_action", "The action of the last frame, in the labels; 1. Without an action: absent.");
  writer.Add("cycles_total", "counter", "Cycles of work that have begun and ended.", [](const S &s) {
    return s.counts_cycles ? std::optional<double>(static_cast<double>(s.cycles)) : std::nullopt;
  });
  writer.Add("last_cycle_seconds", "gauge", "Length of the last cycle that was seen whole.",
             [](const S &s) { return s.last_cycle; });
  writer.Add("takt_seconds", "gauge", "The takt time of site.toml.",
             [](const S &s) { return s.takt > 0 ? std::optional<double>(s.takt) : std::nullopt; });
  writer.Add("takt_overruns_total", "counter", "Cycles that took longer than the takt time.", [](const S &s) {
    return s.takt > 0 && s.counts_cycles ? std::optional<double>(static_cast<double>(s.overruns)) : std::nullopt;
  });
  using R = RecorderStats;
  writer.AddRecording("recording", "gauge", "1 while a file is being written.",
                      [](const R &r) { return r.recording && r.failure.empty() ? 1 : 0; });
  writer.AddRecording("recorded_until_seconds", "gauge", "Time of the newest frame in a file, in seconds since 1970.",
                      [](const R &r) { return Seconds(r.recorded_until); });
  writer.AddRecording("recorded_frames_total", "counter", "Frames that came to be recorded.",
                      [](const R &r) { return static_cast<double>(r.frames); });
  writer.AddRecording("recording_dropped_frames_total", "counter",
                      "Of those, lost since the analysis, the encoder or the disk did not keep up.",
                      [](const R &r) { return static_cast<double>(r.dropped); });
  writer.AddRecording("recorded_files_total", "counter", "Files that were begun.",
                      [](const R &r) { return static_cast<double>(r.files); });
  writer.AddPlain("disk_free_bytes", "gauge", "Free space where the recordings are.",
                  static_cast<double>(status.disk.free));
  writer.AddPlain("disk_size_bytes", "gauge", "Size of that disk.", static_cast<double>(status.disk.size));
  writer.AddPlain("resident_memory_bytes", "gauge", "Memory of the recorder.",
                  static_cast<double>(status.resident_memory));
  return writer.text();
}

std::string StatusJson(const SiteStatus &status) {
  Json stations = Json::array();
  for (const StationStatus &station : status.stations) {
    Json segments = Json::array();
    for (const ShownSegment &segment : station.segments) {
      segments.push_back({{"start", Seconds(segment.start)},
                          {"end", Seconds(segment.end)},
                          {"name", segment.name},
                          {"value", segment.category},
                          {"state", segment.state}});
    }
    Json object = {{"name", station.name},
                   {"camera", station.camera.uri},
                   {"up", station.camera.up},
                   {"fresh", station.fresh},
                   {"lost_at", station.camera.lost_at != 0 ? Json(Seconds(station.camera.lost_at)) : Json(nullptr)},
                   {"lost_reason", station.camera.lost_reason},
                   {"analysis_failure", station.analysis_failure},
                   {"action", station.action},
                   {"value", station.category},
                   {"latency", station.latency_p50 ? Json(*station.latency_p50) : Json(nullptr)},
                   {"cycles", station.counts_cycles ? Json(station.cycles) : Json(nullptr)},
                   {"last_cycle", station.last_cycle ? Json(*station.last_cycle) : Json(nullptr)},
                   {"takt", station.takt > 0 ? Json(station.takt) : Json(nullptr)},
                   {"overruns", station.overruns},
                   {"overlay", RecordingState(station.overlay)},
                   {"raw", RecordingState(station.raw)},
                   {"segments", std::move(segments)}};
    stations.push_back(std::move(object));
  }
  const Json object = {{"now", Seconds(g_get_real_time() * 1000)},
                       {"problems", ProblemsOf(status)},
                       {"disk_free", status.disk.free},
                       {"disk_size", status.disk.size},
                       {"stations", std::move(stations)}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace action

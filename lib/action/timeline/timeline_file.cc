// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/timeline_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "action/error.h"
#include "action/text.h"

namespace action {
namespace {

using nlohmann::ordered_json;

constexpr double kNsPerSecond = 1e9;
constexpr double kLongest = 9e9;  // s; beyond it, ns do not fit

// s, to the millisecond.
double Seconds(int64_t ns) {
  return std::round(static_cast<double>(ns) / 1e6) / 1e3;
}

}  // namespace

std::string IsoTime(int64_t ns) {
  const auto seconds = static_cast<time_t>(ns / 1000000000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t length = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ", static_cast<int>(ns / 1000000 % 1000));
  return text;
}

namespace {

ordered_json ToObject(const Segment &segment) {
  ordered_json object;
  const double start = Seconds(segment.start), end = Seconds(segment.end);
  object["start"] = start;
  object["end"] = end;
  object["duration"] = std::round((end - start) * 1e3) / 1e3;
  object["coarse_action"] = segment.coarse_action;
  object["fine_action"] = segment.fine_action;
  object["value_category"] = NameOf(segment.category);
  object["num_frames"] = segment.num_frames;
  object["state"] = NameOf(segment.state);
  if (!segment.name.empty()) object["name"] = segment.name;
  if (segment.deviation != Deviation::kNone) object["deviation"] = NameOf(segment.deviation);
  if (segment.state != SegmentState::kGap) object["confidence"] = std::round(segment.confidence * 1e4) / 1e4;
  if (segment.wall_clock) {
    object["wall_clock_start"] = IsoTime(segment.wall_clock->start);
    object["wall_clock_end"] = IsoTime(segment.wall_clock->end);
    object["wall_clock_source"] = segment.wall_clock->source;
  }
  if (segment.stand_in) object["note"] = kNotAMeasurement;
  return object;
}

int64_t TimeAt(const ordered_json &object, const char *key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Error(std::string("it has no '") + key + "'");
  if (!found->is_number()) throw Error(std::string("its '") + key + "' is not a number of seconds");
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || std::abs(seconds) > kLongest) {
    throw Error(std::string("its '") + key + "' is no time in a video");
  }
  return std::llround(seconds * kNsPerSecond);
}

std::string TextAt(const ordered_json &object, const char *key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) throw Error(std::string("its '") + key + "' is not a text");
  return found->get<std::string>();
}

Segment ToSegment(const ordered_json &object) {
  if (!object.is_object()) throw Error("it is not an object");
  Segment segment;
  segment.start = TimeAt(object, "start");
  segment.end = TimeAt(object, "end");
  if (segment.end <= segment.start) throw Error("its end is not after its start");
  segment.fine_action = TextAt(object, "fine_action");
  segment.coarse_action = TextAt(object, "coarse_action");
  if (segment.fine_action.empty() && segment.coarse_action.empty()) {
    throw Error("it has neither 'fine_action' nor 'coarse_action'");
  }
  if (segment.fine_action.empty()) segment.fine_action = segment.coarse_action;
  if (segment.coarse_action.empty()) segment.coarse_action = CoarseLabel(segment.fine_action);
  segment.category = Named(TextAt(object, "value_category"),
                           {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown})
                         .value_or(CategoryOf(segment.fine_action));
  segment.state = Named(TextAt(object, "state"), {SegmentState::kAbsent, SegmentState::kUnknown, SegmentState::kGap})
                      .value_or(SegmentState::kMeasured);
  const auto number = [&object](const char *key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : 0;
  };
  segment.num_frames = static_cast<int64_t>(std::clamp(number("num_frames"), 0.0, 1e15));
  segment.confidence = number("confidence");
  segment.name = TextAt(object, "name");
  segment.deviation =
      Named(TextAt(object, "deviation"), {Deviation::kSkipped, Deviation::kOutOfOrder}).value_or(Deviation::kNone);
  segment.stand_in = TextAt(object, "note") == kNotAMeasurement;
  return segment;
}

std::string ReadText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code failed;
  if (!file) throw Error("cannot read the timeline " + path + ": " + std::strerror(errno));
  if (std::filesystem::is_directory(path, failed)) throw Error("cannot read the timeline " + path + ": it is a folder");
  return {std::istreambuf_iterator<char>(file), {}};
}

ordered_json Parse(std::string_view text, const std::string &where) {
  try {
    return ordered_json::parse(text);
  } catch (const nlohmann::json::exception &e) {
    throw Error(where + " is not JSON: " + e.what());
  }
}

}  // namespace

std::string ToJsonLine(const Segment &segment, const std::string &run) {
  ordered_json object = ToObject(segment);
  if (!run.empty()) object["run"] = run;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ToJson(std::span<const Segment> segments) {
  std::string text = "[";
  for (const Segment &segment : segments)
    text += (&segment == segments.data() ? "\n  " : ",\n  ") + ToJsonLine(segment);
  return text + (segments.empty() ? "]\n" : "\n]\n");
}

namespace {

// Whether more text could make JSON of it: what a power cut or a full disk leaves of a line.
bool IsCutOff(std::string_view line) {
  try {
    const ordered_json whole = ordered_json::parse(line);
    return false;
  } catch (const ordered_json::parse_error &e) {
    return e.byte > line.size();
  }
}

}  // namespace

std::vector<Segment> ReadTimeline(const std::string &path, int *earlier_runs) {
  const std::string text = ReadText(path);
  SegmentList list;
  std::string run;
  int earlier = 0;
  const auto add = [&](const ordered_json &object, const std::string &where) {
    try {
      const Segment segment = ToSegment(object);
      const std::string own = TextAt(object, "run");
      if (std::exchange(run, own) != own && !list.empty()) {
        list = {};
        ++earlier;
      }
      list.Add(segment);
    } catch (const Error &e) {
      throw Error(where + " is not a segment: " + e.what() +
                  ". Expected {\"start\": seconds, \"end\": seconds, \"fine_action\": \"label\", ...}");
    }
  };
  if (path.ends_with(".jsonl")) {
    size_t number = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = std::string_view(text).substr(at, end - at);
      const std::string where = "the timeline " + path + ", line " + std::to_string(++number) + ",";
      at = end + 1;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      // A line that was cut off says nothing, wherever it is: a run that was started again has gone on behind it. Any
      // other must be right.
      if (IsCutOff(line)) continue;
      add(Parse(line, where), where);
    }
  } else {
    const ordered_json all = Parse(text, "the timeline " + path);
    if (!all.is_array()) throw Error("the timeline " + path + " is not a list of segments");
    for (size_t i = 0; i < all.size(); ++i)
      add(all[i], "the timeline " + path + ", entry " + std::to_string(i + 1) + ",");
  }
  if (earlier_runs != nullptr) *earlier_runs = earlier;
  return list.Connected();
}

void SegmentList::Add(const Segment &added) {
  // Steps of a part, by its share of the time.
  const auto part = [](Segment whole, int64_t start, int64_t end) {
    const double share = static_cast<double>(end - start) / static_cast<double>(whole.duration());
    if (whole.wall_clock) {
      whole.wall_clock->start += start - whole.start;
      whole.wall_clock->end += end - whole.end;
    }
    whole.num_frames = std::llround(static_cast<double>(whole.num_frames) * share);
    whole.start = start;
    whole.end = end;
    return whole;
  };
  // The first that may reach into it is the last that begins before.
  auto at = segments_.lower_bound(added.start);
  if (at != segments_.begin() && std::prev(at)->second.end > added.start) --at;
  while (at != segments_.end() && at->second.start < added.end) {
    const Segment old = at->second;
    at = segments_.erase(at);
    if (old.start < added.start) segments_.emplace(old.start, part(old, old.start, added.start));
    if (old.end > added.end) segments_.emplace(added.end, part(old, added.end, old.end));
  }
  segments_.insert_or_assign(added.start, added);
}

std::vector<Segment> SegmentList::Connected() const {
  std::vector<Segment> connected;
  for (const auto &[start, segment] : segments_) {
    if (!connected.empty() && start - connected.back().end >= kSmallestGap) {
      Segment gap = GapSegment(connected.back().end, start);
      gap.stand_in = segment.stand_in;
      connected.push_back(gap);
    }
    connected.push_back(segment);
  }
  return connected;
}

LineFile::LineFile(const std::string &path) : path_(path) {
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) throw Error("cannot write " + path + ": " + std::strerror(errno));
  char last = '\n';
  const off_t size = lseek(fd_, 0, SEEK_END);
  if (size > 0 && pread(fd_, &last, 1, size - 1) == 1 && last != '\n') waiting_ = "\n";
}

LineFile::~LineFile() {
  if (fd_ >= 0) close(fd_);
}

bool LineFile::Append(std::string_view line) {
  waiting_ += line;
  waiting_ += '\n';
  return Retry();
}

bool LineFile::Retry() {
  while (!waiting_.empty()) {
    const ssize_t written = write(fd_, waiting_.data(), waiting_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error_ = "cannot write " + path_ + ": " + std::strerror(errno);
      return false;
    }
    waiting_.erase(0, static_cast<size_t>(written));
  }
  fdatasync(fd_);
  error_.clear();
  return true;
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ours, and that of Label Studio (timeline segments of videos, whose times are frames, counted from 1).
#include <cmath>
#include <nlohmann/json.hpp>

#include "action/error.h"
#include "action/io/json_text.h"
#include "action/timeline/formats/formats.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

using nlohmann::ordered_json;

constexpr TimelineFormat::Holds kAll = {true, true, true, true, true, true, true, true, true};

TimelineDocument ReadOurs(std::string_view text, const std::string &where, double) {
  return {ParseTimelineFile(text, where).last().segments, "", 0};
}

std::string WriteOurs(const TimelineDocument &document) {
  return ToJson(document.segments);
}

std::string WriteLines(const TimelineDocument &document) {
  std::string text;
  for (const Segment &segment : document.segments)
    text += ToJsonLine(segment, {.video = document.video, .video_offset = segment.start}) + "\n";
  return text;
}

// ---- Label Studio

constexpr double kUsualRate = 24;  // what Label Studio takes where a task does not say

bool IsLabelStudio(std::string_view text) {
  const std::string_view beginning = text.substr(0, 4096);
  return beginning.find("\"annotations\"") != std::string_view::npos ||
         beginning.find("\"result\"") != std::string_view::npos ||
         text.find("\"timelinelabels\"") != std::string_view::npos;
}

const ordered_json *At(const ordered_json &object, const char *key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? &*found : nullptr;
}

double NumberAt(const ordered_json &object, const char *key, double otherwise) {
  const ordered_json *value = At(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : otherwise;
}

TimelineDocument ReadLabelStudio(std::string_view text, const std::string &where, double frame_rate) {
  ordered_json tasks = ParseOrderedJson(text, where);
  if (tasks.is_object()) tasks = ordered_json::array({tasks});
  if (!tasks.is_array() || tasks.size() != 1) {
    throw Error(where + " should hold one task of Label Studio, and holds " + std::to_string(tasks.size()) +
                ": export one video's annotations");
  }
  const ordered_json &task = tasks[0];
  TimelineDocument document;
  if (const ordered_json *data = At(task, "data"); data != nullptr && data->is_object()) {
    for (const auto &[key, value] : data->items()) {
      if (document.video.empty() && value.is_string()) document.video = value;
      if (key == "fps" && value.is_number()) document.frame_rate = value;
    }
  }
  const ordered_json *annotations = At(task, "annotations");
  if (annotations == nullptr || !annotations->is_array() || annotations->empty())
    throw Error(where + " has no annotations: label the video first, and export it as JSON");
  const ordered_json *result = At(annotations->back(), "result");  // the newest
  if (result == nullptr || !result->is_array()) throw Error(where + ": the annotation has no result");
  if (document.frame_rate <= 0) document.frame_rate = frame_rate > 0 ? frame_rate : kUsualRate;
  const double rate = document.frame_rate;
  std::vector<Segment> segments;
  size_t number = 0;
  for (const ordered_json &region : *result) {
    ++number;
    const ordered_json *value = At(region, "value");
    const ordered_json *labels = value != nullptr ? At(*value, "timelinelabels") : nullptr;
    const ordered_json *ranges = value != nullptr ? At(*value, "ranges") : nullptr;
    if (labels == nullptr || ranges == nullptr) continue;  // boxes and such
    if (!labels->is_array() || labels->empty() || !(*labels)[0].is_string() || !ranges->is_array())
      throw Error(where + ", region " + std::to_string(number) + ": it has no label or no range");
    for (const ordered_json &range : *ranges) {
      const double from = NumberAt(range, "start", -1), to = NumberAt(range, "end", -1);
      if (from < 0 || to < from || to > 1e9)
        throw Error(where + ", region " + std::to_string(number) + ": its range is none: start and end are frames");
      // Both frames are within.
      segments.push_back(SegmentOfLabel(std::llround((from - 1) / rate * 1e9), std::llround(to / rate * 1e9),
                                        (*labels)[0].get<std::string>()));
    }
  }
  document.segments = InOrder(segments);
  return document;
}

std::string WriteLabelStudio(const TimelineDocument &document) {
  if (document.frame_rate <= 0) throw Error("the frame rate of the video is not known, and this format counts frames");
  const double rate = document.frame_rate;
  ordered_json result = ordered_json::array();
  for (const Segment &segment : document.segments) {
    if (segment.state == SegmentState::kGap) continue;
    const auto first = std::llround(static_cast<double>(segment.start) / 1e9 * rate) + 1;
    const auto last = std::max(first, std::llround(static_cast<double>(segment.end) / 1e9 * rate));
    result.push_back(
        {{"id", "s" + std::to_string(result.size() + 1)},
         {"type", "timelinelabels"},
         {"from_name", "actions"},
         {"to_name", "video"},
         {"origin", "manual"},
         {"value", {{"ranges", {{{"start", first}, {"end", last}}}}, {"timelinelabels", {segment.fine_action}}}}});
  }
  ordered_json task;
  task["data"] = {{"video", document.video}, {"fps", rate}};
  task["annotations"] = ordered_json::array({{{"result", std::move(result)}}});
  return ordered_json::array({std::move(task)}).dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

const TimelineFormat kJsonFormat = {"json", ".json", "the Python system's list", kAll, IsAny, ReadOurs, WriteOurs};
const TimelineFormat kJsonLinesFormat = {"jsonl",  ".jsonl",  "a line for each segment", kAll, IsAny,
                                         ReadOurs, WriteLines};
const TimelineFormat kLabelStudioFormat = {"label-studio", ".json",         "Label Studio, a task", {},
                                           IsLabelStudio,  ReadLabelStudio, WriteLabelStudio,       true};

}  // namespace action

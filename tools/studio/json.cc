// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "action/text.h"

namespace action {

using nlohmann::ordered_json;

namespace {

const char *NameOf(VideoFacts::State state) {
  switch (state) {
    case VideoFacts::State::kWaiting:
      return "waiting";
    case VideoFacts::State::kReading:
      return "reading";
    case VideoFacts::State::kConverting:
      return "converting";
    case VideoFacts::State::kReady:
      return "ready";
    case VideoFacts::State::kFailed:
      return "failed";
  }
  return "";
}

template <typename Value>
ordered_json OrNull(const std::optional<Value> &value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <typename Value>
std::optional<Value> Optional(const ordered_json &object, const char *key) {
  return object.contains(key) && object[key].is_number() ? std::optional(object[key].get<Value>()) : std::nullopt;
}

}  // namespace

ordered_json ToJson(const VideoFacts &facts) {
  return {{"state", NameOf(facts.state)},
          {"progress", facts.progress},
          {"error", facts.error},
          {"duration", facts.duration},
          {"first", facts.first},
          {"width", facts.width},
          {"height", facts.height},
          {"rate", facts.rate},
          {"frames", facts.frames},
          {"converted", facts.converted},
          {"why", facts.why}};
}

ordered_json ToJson(const LabelledSegment &segment) {
  ordered_json object = {
      {"start", segment.start}, {"end", segment.end}, {"label", segment.label}, {"origin", segment.origin}};
  if (!segment.state.empty()) object["state"] = segment.state;
  if (segment.test) object["test"] = true;
  return object;
}

LabelledSegment SegmentFrom(const ordered_json &object) {
  return {object.at("start").get<double>(),   object.at("end").get<double>(), object.at("label").get<std::string>(),
          object.value("origin", "labelled"), object.value("state", ""),      object.value("test", false)};
}

ordered_json ToJson(const ElementRow &row) {
  const Element &element = row.element;
  return {{"label", row.label},
          {"name", element.name},
          {"value", NameOf(row.value.value_or(CategoryOf(row.label)))},
          {"group", element.group},
          {"order", OrNull(element.order)},
          {"optional", element.optional},
          {"standard_seconds", OrNull(element.standard_seconds)},
          {"min_seconds", OrNull(element.min_seconds)}};
}

ElementRow RowFrom(const ordered_json &object) {
  ElementRow row;
  row.label = object.value("label", "");
  row.element.name = object.value("name", "");
  row.value = Named(object.value("value", "UNKNOWN"),
                    {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown});
  row.element.group = object.value("group", "");
  row.element.order = Optional<int>(object, "order");
  row.element.optional = object.value("optional", false);
  row.element.standard_seconds = Optional<double>(object, "standard_seconds");
  row.element.min_seconds = Optional<double>(object, "min_seconds");
  return row;
}

}  // namespace action

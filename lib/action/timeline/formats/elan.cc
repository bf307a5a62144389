// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ELAN's annotation format, EAF 3.0 (H. Brugman and A. Russel, LREC 2004): XML with slots of time in milliseconds and
// tiers. The tier fine_action has the segments; those below it say more of each.
#include <glib.h>

#include <charconv>
#include <map>
#include <memory>
#include <vector>

#include "action/deleter.h"
#include "action/error.h"
#include "action/text.h"
#include "action/timeline/formats/formats.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

constexpr const char *kMainTier = "fine_action";
constexpr int64_t kMillisecond = 1'000'000;

// ---- Reading

struct Annotation {
  std::string id, from, to;  // slots; of one that refers to another: that one's id in `from`
  bool refers = false;
  std::string value;
};

struct Tier {
  std::string name, parent;
  std::vector<Annotation> annotations;
};

struct Document {
  std::map<std::string, std::optional<int64_t>> slots;  // ms; a slot need not have a time
  std::vector<Tier> tiers;
  std::string media;
  bool in_value = false, is_eaf = false;
};

std::string Attribute(const char **names, const char **values, const char *wanted) {
  for (size_t i = 0; names[i] != nullptr; ++i) {
    if (std::string_view(names[i]) == wanted) return values[i];
  }
  return {};
}

void OnStart(GMarkupParseContext *, const char *element, const char **names, const char **values, gpointer user,
             GError **) {
  auto &document = *static_cast<Document *>(user);
  const std::string_view name = element;
  const auto get = [&](const char *attribute) { return Attribute(names, values, attribute); };
  if (name == "ANNOTATION_DOCUMENT") {
    document.is_eaf = true;
  } else if (name == "MEDIA_DESCRIPTOR" && document.media.empty()) {
    document.media = get("RELATIVE_MEDIA_URL");
    if (document.media.empty()) document.media = get("MEDIA_URL");
  } else if (name == "TIME_SLOT") {
    const std::string text = get("TIME_VALUE");
    int64_t ms = 0;
    const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), ms);
    const bool whole = failed == std::errc() && stop == text.data() + text.size() && ms >= 0;
    document.slots[get("TIME_SLOT_ID")] = whole ? std::optional(ms) : std::nullopt;
  } else if (name == "TIER") {
    document.tiers.push_back({get("TIER_ID"), get("PARENT_REF"), {}});
  } else if (name == "ALIGNABLE_ANNOTATION" && !document.tiers.empty()) {
    document.tiers.back().annotations.push_back(
        {get("ANNOTATION_ID"), get("TIME_SLOT_REF1"), get("TIME_SLOT_REF2"), false, ""});
  } else if (name == "REF_ANNOTATION" && !document.tiers.empty()) {
    document.tiers.back().annotations.push_back({get("ANNOTATION_ID"), get("ANNOTATION_REF"), "", true, ""});
  } else if (name == "ANNOTATION_VALUE") {
    document.in_value = true;
  }
}

void OnEnd(GMarkupParseContext *, const char *element, gpointer user, GError **) {
  if (std::string_view(element) == "ANNOTATION_VALUE") static_cast<Document *>(user)->in_value = false;
}

void OnText(GMarkupParseContext *, const char *text, gsize size, gpointer user, GError **) {
  auto &document = *static_cast<Document *>(user);
  if (document.in_value && !document.tiers.empty() && !document.tiers.back().annotations.empty())
    document.tiers.back().annotations.back().value.append(text, size);
}

Document Parse(std::string_view text, const std::string &where) {
  constexpr GMarkupParser kParser = {OnStart, OnEnd, OnText, nullptr, nullptr};
  Document document;
  const std::unique_ptr<GMarkupParseContext, Deleter<g_markup_parse_context_unref>> context(
      g_markup_parse_context_new(&kParser, static_cast<GMarkupParseFlags>(0), &document, nullptr));
  GError *error = nullptr;
  if (!g_markup_parse_context_parse(context.get(), text.data(), static_cast<gssize>(text.size()), &error) ||
      !g_markup_parse_context_end_parse(context.get(), &error)) {
    const std::string why = error->message;
    g_error_free(error);
    throw Error(where + " is no XML: " + why);
  }
  if (!document.is_eaf) throw Error(where + " is not of ELAN: it has no ANNOTATION_DOCUMENT");
  return document;
}

// The tier with the segments: ours, else the only one whose annotations have times.
const Tier &MainTier(const Document &document, const std::string &where) {
  const Tier *found = nullptr;
  std::string names;
  for (const Tier &tier : document.tiers) {
    if (tier.name == kMainTier) return tier;
    if (tier.annotations.empty() || tier.annotations.front().refers) continue;
    found = names.empty() ? &tier : nullptr;
    names += (names.empty() ? "" : ", ") + tier.name;
  }
  if (names.empty()) throw Error(where + " has no annotations");
  if (found == nullptr) {
    throw Error(where + " has several tiers with times (" + names + "): call the one with the actions " + kMainTier);
  }
  return *found;
}

// What the tiers below say of an annotation.
void TakeDetail(Segment &segment, const std::string &tier, const std::string &value) {
  if (tier == "coarse_action") segment.coarse_action = value;
  if (tier == "name") segment.name = value;
  if (tier == "value_category") {
    segment.category =
        Named(value, {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown})
            .value_or(segment.category);
  }
  if (tier == "state")
    segment.state =
        Named(value, {SegmentState::kMeasured, SegmentState::kAbsent, SegmentState::kUnknown}).value_or(segment.state);
  if (tier == "deviation")
    segment.deviation = Named(value, {Deviation::kSkipped, Deviation::kOutOfOrder}).value_or(segment.deviation);
  if (tier == "confidence") segment.confidence = g_ascii_strtod(value.c_str(), nullptr);
  if (tier == "note") segment.stand_in = value == kStandInNotice;
}

TimelineDocument Read(std::string_view text, const std::string &where, double) {
  const Document document = Parse(text, where);
  const Tier &main = MainTier(document, where);
  std::vector<Segment> segments;
  std::map<std::string, size_t> by_id;
  for (const Annotation &annotation : main.annotations) {
    const auto time = [&](const std::string &slot) -> int64_t {
      const auto found = document.slots.find(slot);
      if (found == document.slots.end() || !found->second)
        throw Error(where + ": the annotation " + annotation.id + " has no time at the slot '" + slot + "'");
      return *found->second * kMillisecond;
    };
    if (annotation.value.empty()) continue;  // a stretch that nobody has named
    by_id[annotation.id] = segments.size();
    segments.push_back(SegmentOfLabel(time(annotation.from), time(annotation.to), annotation.value));
    if (segments.back().end < segments.back().start)
      throw Error(where + ": the annotation " + annotation.id + " ends before it starts");
  }
  for (const Tier &tier : document.tiers) {
    if (tier.parent != main.name) continue;
    for (const Annotation &annotation : tier.annotations) {
      const auto of = by_id.find(annotation.from);
      if (of != by_id.end()) TakeDetail(segments[of->second], tier.name, annotation.value);
    }
  }
  std::string media = document.media;
  if (media.starts_with("./")) media.erase(0, 2);
  return {InOrder(segments), media, 0};
}

// ---- Writing

std::string Escaped(const std::string &text) {
  const std::unique_ptr<char, Deleter<g_free>> escaped(
      g_markup_escape_text(text.c_str(), static_cast<gssize>(text.size())));
  return escaped.get();
}

std::string MimeTypeOf(const std::string &video) {
  if (HasEnding(video, ".mp4") || HasEnding(video, ".m4v") || HasEnding(video, ".mov")) return "video/mp4";
  if (HasEnding(video, ".mpg") || HasEnding(video, ".mpeg")) return "video/mpeg";
  return "video/x-unknown";
}

std::string ConfidenceText(double confidence) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(text, sizeof(text), "%.4f", confidence);
}

std::string Write(const TimelineDocument &document) {
  std::vector<const Segment *> segments;
  for (const Segment &segment : document.segments) {
    if (segment.state != SegmentState::kGap) segments.push_back(&segment);
  }
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ANNOTATION_DOCUMENT AUTHOR=\"gst-action\" DATE=\"1970-01-01T00:00:00+00:00\" FORMAT=\"3.0\" VERSION=\"3.0\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:noNamespaceSchemaLocation=\"http://www.mpi.nl/tools/elan/EAFv3.0.xsd\">\n"
      "  <HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\">\n";
  if (!document.video.empty()) {
    text += "    <MEDIA_DESCRIPTOR MEDIA_URL=\"" + Escaped(document.video) + "\" RELATIVE_MEDIA_URL=\"./" +
            Escaped(document.video) + "\" MIME_TYPE=\"" + MimeTypeOf(document.video) + "\"/>\n";
  }
  text += "  </HEADER>\n  <TIME_ORDER>\n";
  int slot = 0, id = 0;
  for (const Segment *segment : segments) {
    for (const int64_t time : {segment->start, segment->end}) {
      text += "    <TIME_SLOT TIME_SLOT_ID=\"ts" + std::to_string(++slot) + "\" TIME_VALUE=\"" +
              std::to_string((time + kMillisecond / 2) / kMillisecond) + "\"/>\n";
    }
  }
  text += std::string("  </TIME_ORDER>\n  <TIER LINGUISTIC_TYPE_REF=\"action\" TIER_ID=\"") + kMainTier + "\">\n";
  for (size_t i = 0; i < segments.size(); ++i) {
    text += "    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a" + std::to_string(++id) +
            "\" TIME_SLOT_REF1=\"ts" + std::to_string(2 * i + 1) + "\" TIME_SLOT_REF2=\"ts" +
            std::to_string(2 * i + 2) + "\"><ANNOTATION_VALUE>" + Escaped(segments[i]->fine_action) +
            "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n";
  }
  text += "  </TIER>\n";
  const auto tier = [&](const char *name, auto &&value_of) {
    std::string annotations;
    for (size_t i = 0; i < segments.size(); ++i) {
      const std::string value = value_of(*segments[i]);
      if (value.empty()) continue;
      annotations += "    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"a" + std::to_string(++id) +
                     "\" ANNOTATION_REF=\"a" + std::to_string(i + 1) + "\"><ANNOTATION_VALUE>" + Escaped(value) +
                     "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>\n";
    }
    if (annotations.empty()) return;
    text += std::string("  <TIER LINGUISTIC_TYPE_REF=\"detail\" PARENT_REF=\"") + kMainTier + "\" TIER_ID=\"" + name +
            "\">\n" + annotations + "  </TIER>\n";
  };
  tier("coarse_action", [](const Segment &s) { return s.coarse_action; });
  tier("value_category", [](const Segment &s) { return std::string(NameOf(s.category)); });
  tier("name", [](const Segment &s) { return s.name; });
  tier("state",
       [](const Segment &s) { return s.state == SegmentState::kMeasured ? "" : std::string(NameOf(s.state)); });
  tier("deviation", [](const Segment &s) { return std::string(NameOf(s.deviation)); });
  tier("confidence", [](const Segment &s) { return s.confidence > 0 ? ConfidenceText(s.confidence) : ""; });
  tier("note", [](const Segment &s) { return s.stand_in ? std::string(kStandInNotice) : ""; });
  return text +
         "  <LINGUISTIC_TYPE GRAPHIC_REFERENCES=\"false\" LINGUISTIC_TYPE_ID=\"action\" TIME_ALIGNABLE=\"true\"/>\n"
         "  <LINGUISTIC_TYPE CONSTRAINTS=\"Symbolic_Association\" GRAPHIC_REFERENCES=\"false\" "
         "LINGUISTIC_TYPE_ID=\"detail\" TIME_ALIGNABLE=\"false\"/>\n"
         "  <CONSTRAINT DESCRIPTION=\"1-1 association with a parent annotation\" "
         "STEREOTYPE=\"Symbolic_Association\"/>\n"
         "</ANNOTATION_DOCUMENT>\n";
}

}  // namespace

const TimelineFormat kElanFormat = {"elan",
                                    ".eaf",
                                    "ELAN",
                                    {.coarse = true,
                                     .value = true,
                                     .name = true,
                                     .state = true,
                                     .confidence = true,
                                     .deviation = true,
                                     .stand_in = true},
                                    IsAny,
                                    Read,
                                    Write};

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Formats of other programs: what they hold comes back, what they do not is said, and what these programs write is
// read.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "action/error.h"
#include "action/labels.h"
#include "action/timeline/timeline_format.h"

namespace action {
namespace {

constexpr int64_t kMs = 1'000'000, kSecond = 1000 * kMs;

TimelineDocument Random(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&random](size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); };
  const char *labels[] = {"take_frame_rnva", "apply_greace_to_o_ring_va", "wait_nva", "turn_screw", "absent"};
  const char *names[] = {"", "Fett auftragen & \"prüfen\" <oben>", "取框", "a, b; c"};
  TimelineDocument document;
  document.frame_rate = 25;
  document.video = "shift 1.mp4";
  int64_t at = 0;
  const size_t count = pick(20);
  for (size_t i = 0; i < count; ++i) {
    Segment s;
    s.start = at;
    s.end = at + static_cast<int64_t>(40 * (1 + pick(500))) * kMs;  // whole frames
    at = s.end;
    if (pick(5) == 0) {
      document.segments.push_back(GapSegment(s.start, s.end));
      continue;
    }
    s.fine_action = labels[pick(5)];
    s.coarse_action = pick(2) == 0 ? CoarseLabel(s.fine_action) : "family";
    s.category = pick(2) == 0 ? CategoryOf(s.fine_action) : ValueCategory::kNva;
    s.name = names[pick(4)];
    s.state = pick(4) == 0 ? SegmentState::kAbsent : SegmentState::kMeasured;
    s.confidence = static_cast<double>(pick(10000)) / 10000;
    s.deviation = pick(4) == 0 ? Deviation::kSkipped : Deviation::kNone;
    s.num_frames = static_cast<int64_t>(pick(100));
    s.stand_in = seed % 2 == 0;
    document.segments.push_back(s);
  }
  // Gaps at the ends are not to be seen from what other formats hold, and neighbours that are gaps are one.
  while (!document.segments.empty() && document.segments.back().state == SegmentState::kGap)
    document.segments.pop_back();
  std::vector<Segment> joined;
  for (const Segment &s : document.segments) {
    const bool gap = s.state == SegmentState::kGap;
    if (gap && !joined.empty() && joined.back().state == SegmentState::kGap) {
      joined.back().end = s.end;
    } else {
      joined.push_back(s);
    }
  }
  if (!joined.empty() && joined.front().state == SegmentState::kGap && joined.front().start == 0) {
    for (Segment &s : joined) {
      s.start -= joined.front().end;
      s.end -= joined.front().end;
    }
    joined.erase(joined.begin());
  }
  document.segments = joined;
  return document;
}

// What a format is to give back of a segment.
Segment Held(const Segment &segment, const TimelineFormat::Holds &holds) {
  if (segment.state == SegmentState::kGap) return GapSegment(segment.start, segment.end);
  Segment held;
  held.start = segment.start;
  held.end = segment.end;
  held.fine_action = segment.fine_action;
  held.coarse_action = holds.coarse ? segment.coarse_action : CoarseLabel(segment.fine_action);
  held.category = holds.value ? segment.category : CategoryOf(segment.fine_action);
  if (holds.name) held.name = segment.name;
  if (holds.state) held.state = segment.state;
  if (holds.confidence) held.confidence = segment.confidence;
  if (holds.deviation) held.deviation = segment.deviation;
  if (holds.steps) held.num_frames = segment.num_frames;
  if (holds.stand_in) held.stand_in = segment.stand_in;
  return held;
}

std::string Words(const Segment &s) {
  const std::string times = std::to_string(s.start / kMs) + "-" + std::to_string(s.end / kMs) + " ";
  if (s.state == SegmentState::kGap) return times + "gap";
  return times + s.fine_action + "/" + s.coarse_action + " " + NameOf(s.category) + " " + NameOf(s.state) + " '" +
         s.name + "' " + std::to_string(s.confidence) + " " + NameOf(s.deviation) + " " + std::to_string(s.num_frames) +
         (s.stand_in ? " stand-in" : "");
}

TEST(TimelineFormat, WhatAFormatHoldsComesBack) {
  size_t compared = 0;
  for (const TimelineFormat &format : TimelineFormats()) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
      const TimelineDocument document = Random(seed);
      if (document.segments.empty()) continue;
      const std::vector<std::string> left = LeftOut(document, format);
      if (std::ranges::find(left, "where one action follows on itself") != left.end()) continue;
      const std::string text = format.write(document);
      EXPECT_EQ(&FormatOf(std::string("x") + format.ending, "", text), &format) << format.name << "\n" << text;
      const TimelineDocument back = format.read(text, "x", document.frame_rate);
      ASSERT_EQ(back.segments.size(), document.segments.size()) << format.name << " " << seed << "\n" << text;
      for (size_t i = 0; i < back.segments.size(); ++i) {
        const Segment held = Held(document.segments[i], format.holds);
        ++compared;
        ASSERT_EQ(Words(back.segments[i]), Words(held)) << format.name << " " << seed << ", " << i << "\n" << text;
      }
    }
  }
  EXPECT_GT(compared, 10000u);
}

TEST(TimelineFormat, WhatAFormatLeavesOutIsSaid) {
  TimelineDocument document = Random(2);
  Segment s;
  s.end = kSecond;
  s.fine_action = "turn_screw_va";
  s.coarse_action = "family";
  s.category = ValueCategory::kVa;
  s.confidence = 0.5;
  s.stand_in = true;
  document.segments = {s};
  const auto left = [&](const char *name) { return LeftOut(document, FormatOf("", name)); };
  EXPECT_TRUE(left("json").empty());
  EXPECT_TRUE(left("csv").empty());
  EXPECT_EQ(left("vtt"), (std::vector<std::string>{"the coarse action", "the confidence"}));
  EXPECT_EQ(left("srt").size(), 3u);
  EXPECT_EQ(left("frames").size(), 3u);
}

TEST(TimelineFormat, WhatOthersWriteIsRead) {
  const struct {
    const char *name;
    const char *text;
  } kFiles[] = {
      {"vtt",
       "WEBVTT - a title\n\nNOTE\nnot a cue --\n\n1\n00:01.000 --> 00:02.500 align:start\nturn_screw [VA]\n\n"
       "2\n00:02.500 --> 00:03.000\nwait_nva\n"},
      {"srt",
       "1\r\n00:00:01,000 --> 00:00:02,500\r\nturn_screw [VA]\r\n\r\n2\r\n00:00:02,500 --> "
       "00:00:03,000\r\nwait_nva\r\n"},
      {"boris",
       "Observation id,Subject,Behavior,Behavioral category,Behavior type,Time\nx,No focal subject,turn_screw,,"
       "START,1.0\nx,,turn_screw,,STOP,2.5\nx,,wait_nva,,START,2.5\nx,,wait_nva,,STOP,3.0\n"},
      {"boris",
       "Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s)\nx,,turn_screw,STATE,1,2.5\nx,,wait_nva,"
       "STATE,2.5,3\n"},
      {"csv", "video;start;end;label\na.mp4;0:01;2,5;turn_screw\na.mp4;2,5;3;wait_nva\n"},
      {"csv", "start_s,end_s,label\n1.0,2.5,turn_screw\n2.5,3.0,wait_nva\n"},  // the Python system's notebook
      {"elan",
       "<?xml version=\"1.0\"?><ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID=\"ts1\" TIME_VALUE=\"1000\"/>"
       "<TIME_SLOT TIME_SLOT_ID=\"ts2\" TIME_VALUE=\"2500\"/><TIME_SLOT TIME_SLOT_ID=\"ts3\" TIME_VALUE=\"3000\"/>"
       "</TIME_ORDER><TIER TIER_ID=\"work\"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a1\" "
       "TIME_SLOT_REF1=\"ts1\" TIME_SLOT_REF2=\"ts2\"><ANNOTATION_VALUE>turn_screw</ANNOTATION_VALUE>"
       "</ALIGNABLE_ANNOTATION></ANNOTATION><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a2\" "
       "TIME_SLOT_REF1=\"ts2\" TIME_SLOT_REF2=\"ts3\"><ANNOTATION_VALUE>wait_nva</ANNOTATION_VALUE>"
       "</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"},
      {"label-studio",
       R"([{"id":1,"data":{"video":"a.mp4","fps":10},"annotations":[{"result":[{"type":"timelinelabels",)"
       R"("value":{"ranges":[{"start":11,"end":25}],"timelinelabels":["turn_screw"]}},{"type":)"
       R"("timelinelabels","value":{"ranges":[{"start":26,"end":30}],"timelinelabels":["wait_nva"]}}]}]}])"},
  };
  for (const auto &file : kFiles) {
    const TimelineDocument document = FormatOf("", file.name).read(file.text, file.name, 0);
    std::vector<Segment> measured;
    for (const Segment &s : document.segments) {
      if (s.state != SegmentState::kGap) measured.push_back(s);
    }
    ASSERT_EQ(measured.size(), 2u) << file.name;
    EXPECT_EQ(measured[0].start, kSecond) << file.name;
    EXPECT_EQ(measured[0].end, 2500 * kMs) << file.name;
    EXPECT_EQ(measured[0].fine_action, "turn_screw") << file.name;
    EXPECT_EQ(measured[1].end, 3 * kSecond) << file.name;
    EXPECT_EQ(measured[1].category, ValueCategory::kNva) << file.name;
  }
}

std::string ErrorOf(const char *name, const std::string &text, double rate = 0) {
  try {
    FormatOf("", name).read(text, "FILE", rate);
  } catch (const Error &e) {
    return e.what();
  }
  return "";
}

TEST(TimelineFormat, MistakesNameTheirLine) {
  EXPECT_NE(ErrorOf("vtt", "WEBVTT\n\n00:01 -> 00:02\nx\n").find("line 4"), std::string::npos);
  EXPECT_NE(ErrorOf("vtt", "no").find("WEBVTT"), std::string::npos);
  EXPECT_NE(ErrorOf("srt", "1\n00:00:02,000 --> 00:00:01,000\nx\n").find("ends before"), std::string::npos);
  EXPECT_NE(ErrorOf("csv", "start,end\n1,2\n").find("fine_action"), std::string::npos);
  EXPECT_NE(ErrorOf("csv", "start,end,label\n1,x,a\n").find("line 2"), std::string::npos);
  EXPECT_NE(ErrorOf("boris", "Behavior,Subject,Behavior type,Time\na,,STOP,1\n").find("not started"),
            std::string::npos);
  EXPECT_NE(ErrorOf("boris", "Behavior,Subject,Behavior type,Time\na,,START,1\n").find("never stops"),
            std::string::npos);
  EXPECT_NE(ErrorOf("elan", "<a>").find("XML"), std::string::npos);
  EXPECT_NE(ErrorOf("elan", "<a></a>").find("ANNOTATION_DOCUMENT"), std::string::npos);
  EXPECT_NE(ErrorOf("label-studio", "[]").find("one task"), std::string::npos);
  EXPECT_NE(ErrorOf("frames", "a\n").find("frames"), std::string::npos);
  EXPECT_NE(ErrorOf("frames", "a\nb c\n", 10).find("line 2"), std::string::npos);
}

TEST(TimelineFormat, FormatsAreFoundByNameAndEnding) {
  EXPECT_STREQ(FormatOf("shift.EAF", "").name, "elan");
  EXPECT_STREQ(FormatOf("shift.json", "", "[{\"data\":{},\"annotations\":[]}]").name, "label-studio");
  EXPECT_STREQ(FormatOf("shift.json", "", "[]").name, "json");
  EXPECT_STREQ(FormatOf("shift.csv", "", "Subject,Behavior\n").name, "boris");
  EXPECT_STREQ(FormatOf("shift.csv", "").name, "csv") << "what is to be written is ours";
  EXPECT_STREQ(FormatOf("shift.json", "").name, "json");
  EXPECT_THROW(FormatOf("shift.vtt", "", "no WebVTT"), Error);
  EXPECT_THROW(FormatOf("shift.mp4", ""), Error);
  EXPECT_THROW(FormatOf("shift.json", "word"), Error);
}

}  // namespace
}  // namespace action

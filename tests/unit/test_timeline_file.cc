// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/line_file.h"
#include "action/timeline/segment_list.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int64_t kMs = kSecond / 1000;

Segment Make(int64_t start, int64_t end, const std::string &coarse, const std::string &fine) {
  Segment segment;
  segment.start = start;
  segment.end = end;
  segment.coarse_action = coarse;
  segment.fine_action = fine;
  segment.category = CategoryOf(fine);
  segment.num_frames = 3;
  segment.confidence = 0.5;
  return segment;
}

class TimelineFiles : public testing::Test {
 protected:
  TimelineFiles() : folder_(std::filesystem::temp_directory_path() / ("timeline-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~TimelineFiles() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string &name, const std::string &text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(TimelineFiles, WhatIsWrittenIsRead) {
  std::vector<Segment> segments = {Make(0, 2 * kSecond, "turn", "turn_screw_va"),
                                   Make(2 * kSecond, 3500 * kSecond / 1000, "ein", "ein \"quote\" – 測_nva")};
  segments[1].stand_in = true;
  EXPECT_EQ(ReadTimeline(Write("t.json", ToJson(segments))), segments);
  EXPECT_EQ(ReadTimeline(Write("t.jsonl", ToJsonLine(segments[0]) + "\n" + ToJsonLine(segments[1]) + "\n")), segments);
  EXPECT_EQ(ReadTimeline(Write("empty.json", ToJson({}))), std::vector<Segment>());
}

TEST_F(TimelineFiles, LinesThatWereCutOffArePassedOver) {
  const std::vector<Segment> segments = {Make(0, 2 * kSecond, "turn", "turn_screw_va"),
                                         Make(2 * kSecond, 3 * kSecond, "測", "測_nva")};
  const std::string first = ToJsonLine(segments[0]), second = ToJsonLine(segments[1]);
  const std::vector<Segment> left = {segments[0]};
  for (size_t bytes = 1; bytes < second.size(); ++bytes) {
    const std::string cut = second.substr(0, bytes);
    EXPECT_EQ(ReadTimeline(Write("t.jsonl", first + "\n" + cut)), left) << cut;
    // Started again, the run goes on behind it.
    EXPECT_EQ(ReadTimeline(Write("t.jsonl", cut + "\n" + first + "\n")), left) << cut;
  }
  for (const std::string wrong : {"x", "{\"start\":1}}", "{\"start\" 1", "[1,]"})
    EXPECT_THROW(ReadTimeline(Write("t.jsonl", first + "\n" + wrong + "\n" + second + "\n")), Error) << wrong;
}

TEST_F(TimelineFiles, RunsOfOneFileAreNotMixed) {
  const std::vector<Segment> first = {Make(0, 6 * kSecond, "a", "a_va")}, second = {Make(0, 4 * kSecond, "b", "b_nva")};
  const std::string path = Write("t.jsonl", ToJsonLine(first[0], {.run = "2026-01-01T00:00:00.000Z"}) + "\n" +
                                                ToJsonLine(second[0], {.run = "2026-01-02T00:00:00.000Z"}) + "\n");
  EXPECT_EQ(ReadTimeline(path), second);
  const TimelineFile file = ReadTimelineFile(path);
  ASSERT_EQ(file.runs.size(), 2u);
  EXPECT_EQ(file.runs[0].segments, first);
  EXPECT_EQ(file.runs[0].name, "2026-01-01T00:00:00.000Z");
}

TEST_F(TimelineFiles, ManySegmentsInAnyOrderAreReadInNoTime) {
  std::vector<Segment> segments;
  for (int64_t i = 100000; i > 0; --i)
    segments.push_back(Make(i * kSecond, (i + 1) * kSecond, "a", "a_va"));
  EXPECT_EQ(ReadTimeline(Write("t.json", ToJson(segments))).size(), 100000u);
}

TEST_F(TimelineFiles, SayWhetherTheirStreamHadEnded) {
  Segment segment = Make(0, 16400 * kSecond / 1000, "a", "a_va");
  const auto said = [&](const std::string &name, const std::string &run) {
    const std::string text = name.ends_with(".json") ? ToJson({&segment, 1}) : ToJsonLine(segment, {.run = run}) + "\n";
    const TimelineFile file = ReadTimelineFile(Write(name, text));
    return file.last().Interruption();
  };
  EXPECT_EQ(said("t.json", ""), "") << "complete, or not ours";
  EXPECT_EQ(said("t.jsonl", ""), "");
  EXPECT_EQ(said("t.jsonl", "r"), "known until 16.4 s: the pipeline is still running, or was killed");
  segment.complete = false;
  EXPECT_EQ(said("t.json", ""), "interrupted at 16.4 s: the stream had not ended");
  EXPECT_EQ(said("t.jsonl", "r"), "interrupted at 16.4 s: the stream had not ended");
  segment.complete = true;
  EXPECT_EQ(said("t.jsonl", "r"), "");
}

TEST_F(TimelineFiles, TellOfValuesThatContradictTheirLabels) {
  const auto warnings = [&](const std::string &more) {
    return ReadTimelineFile(Write("t.json", R"([{"start":0,"end":2,"fine_action":"a_va")" + more + "}]")).warnings;
  };
  EXPECT_EQ(warnings("").size(), 0u);
  EXPECT_EQ(warnings(R"(,"value_category":"VA")").size(), 0u);
  EXPECT_EQ(warnings(R"(,"value_category":"va")").size(), 0u) << "written by hand";
  ASSERT_EQ(warnings(R"(,"value_category":"NVA")").size(), 1u);
  EXPECT_NE(
      warnings(R"(,"value_category":"NVA")")[0].find("entry 1, has the value category NVA, but its label is a_va"),
      std::string::npos);
  EXPECT_EQ(warnings(R"(,"value_category":"NVA","name":"Apply grease")").size(), 0u) << "elements.csv says so";
  EXPECT_THROW(warnings(R"(,"value_category":"WASTE")"), Error);
  EXPECT_THROW(warnings(R"(,"state":"asleep")"), Error);
  // What we write ourselves with elements.csv says where the value is from.
  Segment segment = Make(0, kSecond, "a", "a_va");
  segment.category = ValueCategory::kNva;
  EXPECT_NE(ToJsonLine(segment).find(R"("value_from":"elements.csv")"), std::string::npos);
  EXPECT_EQ(ReadTimelineFile(Write("t.json", ToJson({&segment, 1}))).warnings.size(), 0u);
}

// The files of the Python system: its notebook's, those of its first scripts, and those of its deployment scripts.
TEST_F(TimelineFiles, OfTheNotebookAreRead) {
  const TimelineFile file = ReadTimelineFile(
      Write("t.json",
            R"([{"start_s":0.0,"end_s":6.4,"label":"turn_screw_va"},{"start_s":6.4,"end_s":9.92,"label":"look"}])"));
  ASSERT_EQ(file.last().segments.size(), 2u);
  const Segment &first = file.last().segments[0], &second = file.last().segments[1];
  EXPECT_EQ(first.fine_action, "turn_screw_va");
  EXPECT_EQ(first.coarse_action, "turn");
  EXPECT_EQ(first.category, ValueCategory::kVa);
  EXPECT_EQ(second.start, 6400 * kMs);
  EXPECT_EQ(second.end, 9920 * kMs);
  EXPECT_TRUE(file.warnings.empty());
}

TEST_F(TimelineFiles, OfTheScriptsLastUntilTheNextSegment) {
  // Steps of 2 s: three, one, two. Each segment ends where its last step begins.
  const std::string text =
      R"([{"start":0.0,"end":4.0,"duration":4.0,"coarse_action":"turn","fine_action":"turn_va","num_frames":3},)"
      R"({"start":6.0,"end":6.0,"duration":0.0,"coarse_action":"look","fine_action":"look","num_frames":1},)"
      R"({"start":8.0,"end":10.0,"duration":2.0,"coarse_action":"turn","fine_action":"turn_va","num_frames":2}])";
  const TimelineFile file = ReadTimelineFile(Write("t.json", text));
  std::vector<std::pair<int64_t, int64_t>> times;
  for (const Segment &segment : file.last().segments) {
    EXPECT_NE(segment.state, SegmentState::kGap);
    times.emplace_back(segment.start / kMs, segment.end / kMs);
  }
  EXPECT_EQ(times, (std::vector<std::pair<int64_t, int64_t>>{{0, 6000}, {6000, 8000}, {8000, 12000}}));
  ASSERT_EQ(file.warnings.size(), 1u);
  EXPECT_NE(file.warnings[0].find("end a segment where its last step begins"), std::string::npos);

  const auto only = [&](const std::string &end, int steps) {
    const TimelineFile one = ReadTimelineFile(Write(
        "one.json", R"([{"start":0.0,"end":)" + end + R"(,"duration":)" + end +
                        R"(,"coarse_action":"a","fine_action":"a_va","num_frames":)" + std::to_string(steps) + "}]"));
    return one.last().segments.at(0).end / kMs;
  };
  EXPECT_EQ(only("14.0", 8), 16000) << "a step is 2 s, as the others";
  EXPECT_EQ(only("0.0", 1), 2000) << "and where there are no others";
}

TEST_F(TimelineFiles, OfTheScriptsMayBeOutOfOrder) {
  const TimelineFile file = ReadTimelineFile(
      Write("t.json",
            R"([{"start":5.76,"end":5.76,"duration":0,"coarse_action":"c","fine_action":"c_va","num_frames":1},)"
            R"({"start":0.0,"end":3.84,"duration":3.84,"coarse_action":"a","fine_action":"a_va","num_frames":3}])"));
  ASSERT_EQ(file.last().segments.size(), 2u);
  EXPECT_EQ(file.last().segments[0].end, 5760 * kMs);
  EXPECT_EQ(file.last().segments[1].end, 7680 * kMs);
}

// Somebody's own list with counts: the stretch that no segment covers is one.
TEST_F(TimelineFiles, HolesOfOtherListsStay) {
  const TimelineFile file = ReadTimelineFile(Write(
      "t.json", R"([{"start":0,"end":10,"duration":10,"coarse_action":"a","fine_action":"a_va","num_frames":5},)"
                R"({"start":12,"end":20,"duration":8,"coarse_action":"b","fine_action":"b_va","num_frames":4}])"));
  ASSERT_EQ(file.last().segments.size(), 3u);
  EXPECT_EQ(file.last().segments[1].state, SegmentState::kGap);
  EXPECT_TRUE(file.warnings.empty());
}

TEST_F(TimelineFiles, OfTheDeploymentScriptsAreAsTheyAre) {
  const TimelineFile file =
      ReadTimelineFile(Write("t.json", R"([{"start":0.0,"end":16.05,"duration":16.05,"coarse_action":"connect",)"
                                       R"("fine_action":"connect_pipe","value_category":"VA","num_frames":8}])"));
  ASSERT_EQ(file.last().segments.size(), 1u);
  EXPECT_EQ(file.last().segments[0].end, 16050 * kMs);
  EXPECT_EQ(file.last().segments[0].category, ValueCategory::kVa);
  EXPECT_TRUE(file.warnings.empty());
}

TEST_F(TimelineFiles, AreKeptAsideUnderNumberedNames) {
  const std::string path = folder_ / "t.json";
  EXPECT_EQ(KeepAside(path), "");
  for (const char *text : {"one", "two", "three"}) {
    Write("t.json", text);
    const std::string kept = KeepAside(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(std::ifstream(kept).rdbuf()), {}), text);
    AtomicFile(path).Commit();
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(std::ifstream(kept).rdbuf()), {}), text);
  }
  EXPECT_TRUE(std::filesystem::exists(path + "~"));
  EXPECT_TRUE(std::filesystem::exists(path + "~2"));
  EXPECT_TRUE(std::filesystem::exists(path + "~3"));
}

TEST_F(TimelineFiles, WallClockIsIso8601) {
  Segment segment = Make(0, kSecond, "a", "a_va");
  segment.wall_clock = WallClock{1700000000123456789, 1700000001123456789, "pipeline-clock"};
  const std::string line = ToJsonLine(segment);
  EXPECT_NE(line.find(R"("wall_clock_start":"2023-11-14T22:13:20.123Z")"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("wall_clock_source":"pipeline-clock")"), std::string::npos) << line;
}

TEST_F(TimelineFiles, WallClockBefore1970IsReadable) {
  EXPECT_EQ(IsoTime(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(IsoTime(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(IsoTime(-2208988791341000000), "1900-01-01T00:00:08.659Z");
}

TEST_F(TimelineFiles, TextThatIsNotUtf8IsStillWritten) {
  EXPECT_NE(ToJsonLine(Make(0, kSecond, "a", "a\xff_va")).find("\"fine_action\""), std::string::npos);
}

// Against a plain picture of the timeline: one label a second, the newest counts.
TEST_F(TimelineFiles, LinesSayWhereTheyComeFrom) {
  const Segment segment = Make(0, kSecond, "a", "a_va");
  const std::string line = ToJsonLine(segment, {.run = "r",
                                                .station = "Press 1",
                                                .model = "m",
                                                .weights = "w",
                                                .video = "shift.mp4",
                                                .video_offset = 1234567890});
  EXPECT_NE(
      line.find(R"("run":"r","station":"Press 1","model":"m","weights":"w","video":"shift.mp4","video_offset":1.235)"),
      std::string::npos)
      << line;
  EXPECT_EQ(ToJsonLine(segment).find("video"), std::string::npos);
}

// Runs of one place as one timeline.
TEST(JoinRuns, ByTheClockOnTheWall) {
  constexpr int64_t kWall = 1'800'000'000 * kSecond;
  const auto at = [](Segment segment, int64_t wall) {
    segment.wall_clock = WallClock{kWall + wall, kWall + wall + segment.duration(), "pipeline-clock"};
    return segment;
  };
  const Segment a = Make(0, 4 * kSecond, "a", "a_va"), b = Make(4 * kSecond, 6 * kSecond, "b", "b_nva");
  const TimelineRun first{"one", {at(a, 10 * kSecond), at(b, 14 * kSecond)}, {}};
  const TimelineRun second{"two", {at(a, 30 * kSecond)}, true};
  const std::vector<TimelineRun> runs = {first, second};
  const auto joined = JoinRuns(runs);
  ASSERT_TRUE(joined);
  ASSERT_EQ(joined->segments.size(), 4u);
  EXPECT_EQ(joined->segments[0].start, 0);
  EXPECT_EQ(joined->segments[2].state, SegmentState::kGap);
  EXPECT_EQ(joined->segments[2].duration(), 14 * kSecond);
  EXPECT_EQ(joined->segments[3].start, 20 * kSecond);
  EXPECT_EQ(joined->complete, true);
  // A clock that drifts within a run makes no hole; one that goes back hides nothing.
  const std::vector<TimelineRun> drifting = {{"one", {at(a, 0), at(b, 4 * kSecond + 50'000'000)}, {}}};
  EXPECT_EQ(JoinRuns(drifting)->segments.size(), 2u);
  const std::vector<TimelineRun> back = {first, {"two", {at(a, -3600 * kSecond)}, true}};
  const auto set_back = JoinRuns(back);
  ASSERT_EQ(set_back->segments.size(), 3u);
  EXPECT_EQ(set_back->segments[2].start, 6 * kSecond);
  EXPECT_EQ(set_back->segments[2].duration(), 4 * kSecond);
  // Without times of day nobody knows.
  const std::vector<TimelineRun> unknown = {first, {"two", {a}, true}};
  EXPECT_FALSE(JoinRuns(unknown));
}

// What a process that was killed left beside its file.
TEST_F(TimelineFiles, OpenSegmentsFollowOnTheirRun) {
  const Segment first = Make(0, 4 * kSecond, "a", "a_va"), second = Make(4 * kSecond, 9 * kSecond, "b", "b_nva"),
                third = Make(9 * kSecond, 10 * kSecond, "a", "a_va");
  const auto line = [](const Segment &segment, const char *run) { return ToJsonLine(segment, {.run = run}) + "\n"; };
  const std::string path = Write("t.jsonl", line(first, "one"));
  EXPECT_EQ(OpenSegmentsName(path), (folder_ / ".t.jsonl.open").string());
  Write(".t.jsonl.open", line(second, "one") + line(third, "one") + "{\"start\":10,");
  EXPECT_EQ(ReadTimeline(path), (std::vector<Segment>{first, second, third}));
  // What the file itself has learned since counts.
  Write("t.jsonl", line(first, "one") + line(second, "one"));
  Write(".t.jsonl.open", line(Make(4 * kSecond, 6 * kSecond, "c", "c_va"), "one") + line(third, "one"));
  EXPECT_EQ(ReadTimeline(path), (std::vector<Segment>{first, second, third}));
  // A run of which nothing was final.
  Write(".t.jsonl.open", line(first, "two"));
  const TimelineFile file = ReadTimelineFile(path);
  ASSERT_EQ(file.runs.size(), 2u);
  EXPECT_EQ(file.last().segments, (std::vector<Segment>{first}));
}

// The same from files.
TEST_F(TimelineFiles, RunsThatWereWrittenAreJoined) {
  constexpr int64_t kWall = 1'800'000'000 * kSecond;
  std::string text;
  for (const int64_t begin : {0, 30}) {
    Segment segment = Make(0, 4 * kSecond, "a", "a_va");
    segment.wall_clock = WallClock{kWall + begin * kSecond, kWall + (begin + 4) * kSecond, "pipeline-clock"};
    text += ToJsonLine(segment, {.run = "run " + std::to_string(begin)}) + "\n";
  }
  const TimelineFile file = ReadTimelineFile(Write("t.jsonl", text));
  EXPECT_EQ(file.runs[1].segments[0].wall_clock->start, kWall + 30 * kSecond);
  EXPECT_EQ(file.runs[1].segments[0].wall_clock->source, "pipeline-clock");
  const auto joined = JoinRuns(file.runs);
  ASSERT_TRUE(joined);
  ASSERT_EQ(joined->segments.size(), 3u);
  EXPECT_EQ(joined->segments[1].state, SegmentState::kGap);
  EXPECT_EQ(joined->segments[2].end, 34 * kSecond);
}

// A recorder's timeline: two runs, cut into two videos, of which the second run began within the second.
TEST_F(TimelineFiles, WhatLiesInAVideo) {
  constexpr int64_t kWall = 1'800'000'000 * kSecond;
  std::string text;
  const auto add = [&](const char *run, int64_t run_begin, int64_t start, int64_t end, const char *video,
                       int64_t offset) {
    Segment segment = Make(start * kSecond, end * kSecond, "a", "a_va");
    segment.wall_clock =
        WallClock{kWall + (run_begin + start) * kSecond, kWall + (run_begin + end) * kSecond, "pipeline-clock"};
    text += ToJsonLine(segment, {.run = run, .video = video, .video_offset = offset * kSecond}) + "\n";
  };
  add("one", 100, 2, 10, "overlay-1.mp4", 5);  // the video began 3 s before the run
  add("one", 100, 10, 20, "overlay-1.mp4", 13);
  add("one", 100, 20, 24, "overlay-2.mp4", 2);  // begins at 18
  add("two", 130, 0, 5, "overlay-2.mp4", 12);
  const TimelineFile file = ReadTimelineFile(Write("t.jsonl", text));
  EXPECT_EQ(file.runs[0].videos,
            (std::vector<TimelineRun::Video>{{"overlay-1.mp4", -3 * kSecond}, {"overlay-2.mp4", 18 * kSecond}}));
  const auto joined = JoinRuns(file.runs);
  ASSERT_TRUE(joined);
  ASSERT_EQ(joined->videos.size(), 2u);
  const auto first = SegmentsInVideo(*joined, "/somewhere/overlay-1.mp4");
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].start, 5 * kSecond);
  EXPECT_EQ(first[1].end, 21 * kSecond) << "where the next video begins";
  EXPECT_EQ(first[1].wall_clock->end, kWall + 118 * kSecond);
  const auto second = SegmentsInVideo(*joined, "overlay-2.mp4");
  ASSERT_EQ(second.size(), 4u);
  EXPECT_EQ(second[0].start, 0) << "what went on from the first video";
  EXPECT_EQ(second[1].start, 2 * kSecond);
  EXPECT_EQ(second[2].state, SegmentState::kGap);
  EXPECT_EQ(second[3].start, 12 * kSecond);
  EXPECT_EQ(second[3].end, 17 * kSecond);
  try {
    SegmentsInVideo(*joined, "overlay-3.mp4");
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("overlay-2.mp4"), std::string::npos);
  }
}

// ---- Files that grow by lines

TEST_F(TimelineFiles, LinesGoOnInANewFileWhenTheOldOneWasMoved) {
  const std::string path = folder_ / "log.jsonl", moved = folder_ / "log.jsonl.1";
  LineFile file(path, LineFile::Writers::kOne);
  EXPECT_TRUE(file.Append("one"));
  std::filesystem::rename(path, moved);
  EXPECT_TRUE(file.Append("two"));
  std::filesystem::remove(path);
  EXPECT_TRUE(file.Append("three"));
  std::ifstream old_file(moved), new_file(path);
  std::string text;
  std::getline(old_file, text);
  EXPECT_EQ(text, "one");
  std::getline(new_file, text);
  EXPECT_EQ(text, "three");
}

TEST_F(TimelineFiles, OneWriterAtATime) {
  const std::string path = folder_ / "log.jsonl";
  {
    const LineFile first(path, LineFile::Writers::kOne);
    try {
      const LineFile second(path, LineFile::Writers::kOne);
      FAIL();
    } catch (const Error &e) {
      EXPECT_NE(std::string(e.what()).find("another pipeline"), std::string::npos) << e.what();
    }
    const LineFile many(path);
  }
  const LineFile again(path, LineFile::Writers::kOne);
}

TEST(SegmentList, WhatComesLaterReplaces) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
    SegmentList list;
    std::vector<std::string> plain(50);
    for (int i = pick(1, 12); i > 0; --i) {
      const int start = pick(0, 48), end = pick(start + 1, 49);
      const std::string label = std::to_string(i);
      list.Add(Make(start * kSecond, end * kSecond, label, label));
      std::fill(plain.begin() + start, plain.begin() + end, label);
    }
    const std::vector<Segment> segments = list.Connected();
    std::vector<std::string> got(50);
    for (size_t i = 0; i < segments.size(); ++i) {
      ASSERT_TRUE(i == 0 || segments[i].start == segments[i - 1].end) << "connected";
      for (int64_t t = segments[i].start; t < segments[i].end; t += kSecond) {
        if (segments[i].state != SegmentState::kGap) got[static_cast<size_t>(t / kSecond)] = segments[i].fine_action;
      }
    }
    ASSERT_EQ(got, plain) << "seed " << seed;
  }
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parts of gst-action-record that need no pipeline.
#include <glib/gstdio.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "action/error.h"
#include "common/encoder.h"
#include "common/quantities.h"
#include "helpers/error_of.h"
#include "record/cycle_counter.h"
#include "record/deadline.h"
#include "record/folders.h"
#include "record/lines.h"
#include "record/pipeline.h"
#include "record/recorder.h"
#include "record/recovery.h"
#include "record/retention.h"
#include "record/settings.h"
#include "record/site_file.h"
#include "record/site_status.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond = 1'000'000'000, kHour = 3600 * kSecond, kDay = 24 * kHour;
// 2026-03-01 00:00:00 UTC.
constexpr int64_t kMarch = 1772323200 * kSecond;

class Zone {
 public:
  explicit Zone(const char *name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    unsetenv("TZ");
    tzset();
  }
};

class Record : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gst-action-record-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    fs::create_directory(folder_ / "model");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string &name, const std::string &text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  // A recording of `bytes`, in the list of its day.
  Recording MakeRecording(const std::string &station, int64_t begin, int64_t length, size_t bytes) {
    FileNames names(folder_ / station, "overlay");
    Recording recording{names.Next(begin), "overlay", begin};
    std::ofstream(recording.path) << std::string(bytes, 'x');
    NoteRecording(recording);
    recording.end = begin + length;
    if (length > 0) NoteRecording(recording);
    const timeval times[2] = {{(begin + length) / kSecond, 0}, {(begin + length) / kSecond, 0}};
    utimes(recording.path.c_str(), times);
    return recording;
  }

  fs::path folder_;
};

// ---- Quantities

TEST(Quantities, DurationsAndSizes) {
  EXPECT_EQ(ParseDuration("500ms"), kSecond / 2);
  EXPECT_EQ(ParseDuration("1.5h"), kHour * 3 / 2);
  EXPECT_EQ(ParseDuration("30d"), 30 * kDay);
  EXPECT_EQ(ParseBytes("500G"), 500'000'000'000u);
  EXPECT_EQ(ParseBytes("20MB"), 20'000'000u);
  EXPECT_EQ(ParseBytes("0"), 0u);
  EXPECT_EQ(ParseFreeSpace("5%").Of(1000), 50u);
  EXPECT_EQ(ParseFreeSpace("1K").Of(5), 1000u);
  for (const char *wrong : {"", "h", "5", "5 h", "-1s", "1x", "nan", "inf", "1e99d", "1h30m"})
    EXPECT_NE(ErrorOf([&] { ParseDuration(wrong); }), "") << wrong;
  for (const char *wrong : {"", "G", "-1G", "1X", "1e99T", "5%", "4096", "5"})
    EXPECT_NE(ErrorOf([&] { ParseBytes(wrong); }), "") << wrong;
  for (const char *wrong : {"100%", "5"})
    EXPECT_NE(ErrorOf([&] { ParseFreeSpace(wrong); }), "") << wrong;
  EXPECT_EQ(DurationText(90 * kSecond), "90s");
  EXPECT_EQ(DurationText(2 * kDay), "2d");
}

// ---- Names

TEST_F(Record, FilesAreCutOnTheFullHoursOfTheWall) {
  const Zone zone("Asia/Kolkata");                       // 5 h 30 min east
  const int64_t half_past = kMarch + 30 * 60 * kSecond;  // 06:00 there
  EXPECT_EQ(PartOf(half_past, kHour), PartOf(half_past + kHour - 1, kHour));
  EXPECT_NE(PartOf(half_past - 1, kHour), PartOf(half_past, kHour));
  EXPECT_EQ(LocalTimeAt(half_past).time, "060000");
  EXPECT_EQ(FileNames(folder_ / "a", "overlay").Next(half_past).string(),
            (folder_ / "a/2026-03-01/overlay-060000.mp4").string());
}

// Whatever the clock does, later files have later names, and none a name twice.
TEST_F(Record, NamesRiseThoughClocksGoBack) {
  const Zone zone("Europe/Berlin");
  const int64_t end_of_summer = 1792890000 * kSecond;  // 2026-10-25 03:00 there becomes 02:00
  std::vector<int64_t> moments;
  for (int64_t hour = -30; hour < 30; ++hour)
    moments.push_back(end_of_summer + hour * kHour);
  for (int64_t hour = 28; hour < 60; ++hour)  // NTP: two hours back, over midnight too
    moments.push_back(end_of_summer + hour * kHour - 2 * kHour);
  moments.push_back(moments.back());  // it stands still
  std::vector<std::string> names;
  for (const int64_t moment : moments) {
    FileNames fresh(folder_ / "a", "overlay");  // started anew each time
    names.push_back(fresh.Next(moment).string());
    std::ofstream(names.back()) << "x";
  }
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), moments.size());
  FileNames running(folder_ / "b", "overlay");  // the same in one process
  std::vector<std::string> again;
  for (const int64_t moment : moments)
    again.push_back(fs::relative(running.Next(moment), folder_ / "b").string());
  EXPECT_TRUE(std::ranges::is_sorted(again));
  EXPECT_EQ(std::set<std::string>(again.begin(), again.end()).size(), moments.size());
}

// A clock that once said 2099 is not followed there.
TEST_F(Record, NamesComeBackFromTheFuture) {
  const Zone zone("UTC");
  FileNames running(folder_ / "a", "overlay");
  std::ofstream(running.Next(kMarch + 100 * kDay)) << "x";
  EXPECT_NE(running.Next(kMarch).string().find("2026-03-01"), std::string::npos);
  EXPECT_NE(FileNames(folder_ / "a", "overlay").Next(kMarch).string().find("2026-03-01"), std::string::npos);
}

TEST_F(Record, StrangersFileKeepsItsName) {
  const Zone zone("UTC");
  const std::string strange = Write("a/2026-03-01/overlay-000000.mp4", "mine");
  FileNames names(folder_ / "a", "overlay");
  EXPECT_NE(names.Next(kMarch).string(), strange);
}

TEST_F(Record, ListOfRecordingsSurvivesACrash) {
  const Zone zone("UTC");
  const Recording closed = MakeRecording("a", kMarch, kHour, 10);
  const Recording open = MakeRecording("a", kMarch + kHour, 0, 10);
  std::ofstream(closed.path.parent_path() / kRecordingsFile, std::ios::app) << R"({"file":"over)";
  std::ofstream(closed.path.parent_path() / "overlay-999999.mp4") << "stranger";
  const auto all = ReadRecordings(closed.path.parent_path());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].end, kMarch + kHour);
  EXPECT_EQ(all[1].end, 0);
  const auto unclosed = UnclosedRecordings(folder_);
  ASSERT_EQ(unclosed.size(), 1u);
  EXPECT_EQ(unclosed[0].path, open.path);
  // Names in the list that lead elsewhere are nobody's; lines may be anybody's.
  std::ofstream(closed.path.parent_path() / kRecordingsFile, std::ios::app)
      << "\n{\"file\":\"../../"
         "model\"}\n{\"file\":5}\n[]\n{\"file\":\"overlay-010000.mp4\",\"begin_ns\":\"x\",\"kind\":7}\n";
  EXPECT_EQ(ReadRecordings(closed.path.parent_path()).size(), 2u);
}

// ---- Retention

TEST(Retention, OldestGoFirst) {
  constexpr uint64_t kGB = 1'000'000'000;
  const std::vector<KeptFile> files = {
      {"c", 3 * kDay, 100 * kGB}, {"a", 1 * kDay, 100 * kGB}, {"b", 2 * kDay, 100 * kGB}};
  const auto names = [](const std::vector<KeptFile> &chosen) {
    std::string text;
    for (const KeptFile &file : chosen)
      text += file.path.string();
    return text;
  };
  const DiskSpace roomy{1000 * kGB, 900 * kGB}, full{1000 * kGB, 10 * kGB};
  EXPECT_EQ(names(ToDelete(files, {}, 100 * kDay, roomy)), "");
  EXPECT_EQ(names(ToDelete(files, {.keep = 2 * kDay}, 4 * kDay + 1, roomy)), "ab");
  EXPECT_EQ(names(ToDelete(files, {.max_size = 250 * kGB}, 4 * kDay, roomy)), "a");
  EXPECT_EQ(names(ToDelete(files, {.max_size = 100 * kGB}, 4 * kDay, roomy)), "ab");
  EXPECT_EQ(names(ToDelete(files, {.min_free = {0.2, 0}}, 4 * kDay, full)), "ab");
  EXPECT_EQ(names(ToDelete(files, {.min_free = {0.05, 0}}, 4 * kDay, full)), "a");
  EXPECT_EQ(names(ToDelete(files, {.min_free = {0.5, 0}}, 4 * kDay, full)), "") << "all of them would not be enough";
  // A file is not begun without some room: as much is made whatever min-free asks for, but for 0.
  const DiskSpace small{60'000'000, 10'000'000};
  const std::vector<KeptFile> own = {{"a", kDay, 30'000'000}};
  EXPECT_EQ(names(ToDelete(own, {.min_free = {0, 1'000'000}}, 4 * kDay, small)), "a");
  EXPECT_EQ(names(ToDelete(own, {.min_free = {0, 0}}, 4 * kDay, small)), "");
}

// A month, an hour a file, three stations; each day what is too old goes, and nothing else.
TEST_F(Record, AMonthIsKept) {
  const Zone zone("UTC");
  const std::string mine = Write("a/2026-03-01/overlay-cut.mp4", "of somebody else");
  const std::string named_alike = Write("a/2026-03-01/overlay-235959.mp4", "of somebody else, too");
  const std::string elsewhere = Write("holiday/2026-03-01/overlay-000000.mp4", "no list lies beside it");
  const Recording open = MakeRecording("open", kMarch, 0, 10);
  const RetentionRules rules{.keep = 7 * kDay, .keep_timeline = 14 * kDay};
  std::set<fs::path> gone;
  for (int day = 0; day < 31; ++day) {
    const int64_t now = kMarch + day * kDay;
    for (const char *station : {"a", "b", "c"}) {
      for (int hour = 0; hour < 24; hour += 6)
        MakeRecording(station, now + hour * kHour, kHour, 100);
      const std::string timeline =
          Write(std::string(station) + "/" + LocalTimeAt(now).day + "/timeline.jsonl", "{\"station\":\"a\"}\n");
      const timeval times[2] = {{now / kSecond, 0}, {now / kSecond, 0}};
      utimes(timeline.c_str(), times);
      utimes((fs::path(timeline).parent_path() / kRecordingsFile).c_str(), times);
    }
    for (const KeptFile &file : ApplyRetention(folder_, rules, now + kDay, {open.path}, [](const std::string &) {})) {
      EXPECT_TRUE(file.old);
      EXPECT_FALSE(fs::exists(file.path));
      EXPECT_TRUE(gone.insert(file.path).second);
    }
  }
  const int64_t end = kMarch + 31 * kDay;
  size_t recordings = 0, timelines = 0;
  for (const auto &entry : fs::recursive_directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name == kTimelineFile) ++timelines;
    if (entry.path().extension() != ".mp4") continue;
    const std::string text = entry.path().string();
    if (text == mine || text == named_alike || text == elsewhere || entry.path() == open.path) continue;
    ++recordings;
    const auto list = ReadRecordings(entry.path().parent_path());
    const auto found = std::ranges::find(list, entry.path(), &Recording::path);
    ASSERT_NE(found, list.end());
    EXPECT_LE(end - found->end, rules.keep);
  }
  EXPECT_EQ(recordings, 3u * 4 * 7);
  EXPECT_EQ(timelines, 3u * 14);
  for (const std::string &path : {mine, named_alike, elsewhere, open.path.string()})
    EXPECT_TRUE(fs::exists(path)) << path;
  // Days of which nothing is left are gone, but for the one with a stranger's file.
  EXPECT_TRUE(fs::exists(folder_ / "a/2026-03-01"));
  EXPECT_FALSE(fs::exists(folder_ / "b/2026-03-01"));
}

// A machine without a clock of its own believed that it was 1970; the file system has known better since.
TEST_F(Record, SpaceThatNobodyCanMakeIsTold) {
  MakeRecording("a", kMarch, kHour, 100);
  std::vector<std::string> told;
  const auto tell = [&told](const std::string &what) { told.push_back(what); };
  EXPECT_TRUE(ApplyRetention(folder_, {.min_free = {0, 1ull << 60}}, kMarch + kDay, {}, tell).empty());
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("min-free"), std::string::npos);
}

// The camera numbers its frames; what is missing in the row was lost before the recorder.
TEST_F(Record, FramesLostOnTheWayAreCounted) {
  gst_init(nullptr, nullptr);
  const SharedTime time;
  RecorderSettings settings;
  settings.folder = folder_;
  settings.kind = "overlay";
  Recorder recorder(
      settings, time, [](const std::optional<Error> &) {}, [](const std::string &, GstClockTime) {});
  const CapsPtr caps(gst_caps_from_string("image/jpeg,width=16,height=16,framerate=25/1"));
  const auto push = [&](guint64 number, bool keyframe) {
    const BufferPtr frame(gst_buffer_new());
    GST_BUFFER_PTS(frame.get()) = number * GST_SECOND / 25;
    GST_BUFFER_OFFSET(frame.get()) = number;
    if (!keyframe) GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    const std::unique_ptr<GstSample, Deleter<gst_sample_unref>> sample(
        gst_sample_new(frame.get(), caps.get(), nullptr, nullptr));
    recorder.OnFrame(sample.get());
  };
  // No keyframe: nothing is begun, and nothing dropped but what is missing.
  for (const guint64 number : {7, 8, 9, 12, 13, 2, 3, 5})
    push(number, false);
  push(GST_BUFFER_OFFSET_NONE, false);
  push(20, false);
  EXPECT_EQ(recorder.stats().dropped, 3u) << "10, 11 and 4; the camera began anew at 2";
  EXPECT_EQ(recorder.stats().frames, 13u);
}

TEST_F(Record, AFalseBeginningMakesNoFileOld) {
  const Zone zone("UTC");
  const Recording recording = MakeRecording("a", kDay, kHour, 100);
  const timeval times[2] = {{kMarch / kSecond, 0}, {kMarch / kSecond, 0}};
  utimes(recording.path.c_str(), times);
  EXPECT_TRUE(ApplyRetention(folder_, {.keep = 30 * kDay}, kMarch + kDay, {}, [](const std::string &) {}).empty());
  EXPECT_EQ(ApplyRetention(folder_, {.keep = 30 * kDay}, kMarch + 31 * kDay, {}, [](const std::string &) {}).size(),
            1u);
}

TEST_F(Record, UnreadableFilesAreNeverDeleted) {
  const Zone zone("UTC");
  Recording aside = MakeRecording("a", kMarch, kHour, 100);
  aside.aside = true;
  NoteRecording(aside);
  EXPECT_TRUE(ApplyRetention(folder_, {.keep = 1}, kMarch + 99 * kDay, {}, [](const std::string &) {}).empty());
  EXPECT_TRUE(fs::exists(aside.path));
}

// ---- Cycles

TEST(Cycles, FromElementToElement) {
  CycleCounter counter({"take_va"}, 10 * kSecond);
  const auto add = [&](const char *label, int second, bool measured = true) {
    counter.Add(label, second * kSecond, measured);
  };
  add("turn_va", 0);
  add("take_va", 2);  // begins the first
  add("turn_va", 5);
  add("take_va", 10);
  EXPECT_EQ(counter.cycles(), 1u);
  EXPECT_EQ(counter.last(), 8 * kSecond);
  add("unknown", 12, false);
  add("take_va", 13);  // the same element goes on
  EXPECT_EQ(counter.cycles(), 1u);
  add("turn_va", 15);
  add("take_va", 30);  // counted, but with a hole in it
  EXPECT_EQ(counter.cycles(), 2u);
  EXPECT_EQ(counter.last(), 8 * kSecond);
  add("turn_va", 35);
  add("take_va", 45);
  EXPECT_EQ(counter.last(), 15 * kSecond);
  EXPECT_EQ(counter.overruns(), 1u);
  counter.SetTakt(20 * kSecond);
  add("turn_va", 50);
  add("take_va", 60);  // 15 s again
  EXPECT_EQ(counter.overruns(), 1u);
  CycleCounter none({}, 0);
  none.Add("take_va", 0, true);
  EXPECT_FALSE(none.counts());
}

// ---- Settings

TEST_F(Record, ExampleIsRead) {
  // The example's model and passwords are not here: what is checked is every key and value.
  std::ifstream file(std::string(SOURCE_ROOT) + "/examples/site.toml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(text.empty());
  Write("press-1.password", "secret\n");
  Write("page.token", "word\n");
  for (const char *name : {"press-1.password", "page.token"})
    chmod((folder_ / name).c_str(), 0600);
  Write("press-1.csv", "label\n");
  fs::create_directory(folder_ / "press-2-model");
  const SiteSettings site = ReadSiteFile(Write("site.toml", text));
  EXPECT_EQ(site.stations.size(), 3u);
  for (const auto &key : SiteKeys())
    EXPECT_NE(text.find(std::string(key.name) + " = "), std::string::npos) << key.name;
  for (const auto &key : StationKeys())
    EXPECT_NE(text.find(std::string(key.name) + " = "), std::string::npos) << key.name;
  std::ifstream doc(std::string(SOURCE_ROOT) + "/docs/record.md");
  const std::string page((std::istreambuf_iterator<char>(doc)), std::istreambuf_iterator<char>());
  for (const auto &key : SiteKeys())
    EXPECT_NE(page.find("`" + std::string(key.name) + "`"), std::string::npos) << key.name;
  for (const auto &key : StationKeys())
    EXPECT_NE(page.find("`" + std::string(key.name) + "`"), std::string::npos) << key.name;
}

TEST_F(Record, MistakesNameFileAndLine) {
  const std::string head = "output = \"out\"\nmodel = \"model\"\n";
  const std::string station = "[[station]]\ncamera = \"rtsp://host/path\"\n";
  const auto error = [&](const std::string &text) {
    const std::string path = Write("site.toml", text);
    const std::string said = ErrorOf([&] { ReadSiteFile(path); });
    return said.starts_with(path) ? said.substr(path.size()) : "not of the file: " + said;
  };
  const auto expect = [&](const std::string &text, const std::vector<std::string> &words) {
    const std::string said = error(text);
    for (const std::string &word : words)
      EXPECT_NE(said.find(word), std::string::npos) << text << "\n" << said;
  };
  ASSERT_EQ(ErrorOf([&] { ReadSiteFile(Write("site.toml", head + station)); }), "");
  expect(head + "segmant = \"1h\"\n" + station, {"line 3", "'segmant'", "segment"});
  expect(head + station + "colour = \"red\"\n", {"line 5", "'colour'", "takt"});
  expect(head + "segment = \"7h\"\n" + station, {"line 3", "'7h'", "1h"});
  expect(head + "segment = 5\n" + station, {"line 3", "segment", "quotes"});
  expect(head + "bitrate = \"much\"\n" + station, {"line 3", "bitrate", "number"});
  expect(head + "durable = \"yes\"\n" + station, {"line 3", "true or false"});
  expect(head + "keep = \"never\"\n" + station, {"line 3", "'never'", "30d"});
  expect(head + "name = \"x\"\n" + station, {"line 3", "[[station]]"});
  expect(head + station + "roi = \"1,2\"\n", {"line 5", "roi"});
  expect(head + station + "privacy-mask = [\"0,0,1,1\", \"2,0,1,1\"]\n", {"line 5", "privacy-mask"});
  expect(head + station + "name = \"../etc\"\n", {"line 5", "'../etc'"});
  expect(head + station + "name = \"a\"\n" + station + "name = \"a\"\n", {"line 8", "another station"});
  expect(head + "[station]\nname = \"a\"\n", {"two brackets"});
  expect("output = \"out\"\n" + station, {"line 2", "no model"});
  expect("output = \"out\"\nmodel = \"nowhere\"\n" + station, {"line 2", "nowhere"});
  expect(head + "[[station]]\ncamera = \"10.0.0.7\"\n", {"line 4", "'10.0.0.7'", "rtsp://"});
  expect(head + "[[station]]\ncamera = \"http://10.0.0.7/video\"\n", {"line 4", "http", "rtsp://"});
  expect(head + "[[station]]\ncamera = \"rtsp:///path\"\n", {"line 4", "rtsp://HOST"});
  expect(head + "device = \"gpu\"\n" + station, {"line 3", "'gpu'", "cuda"});
  expect(head + "min-free = \"5\"\n" + station, {"line 3", "'5'", "5%"});
  expect(head + "max_size = \"5G\"\n" + station, {"line 3", "Is max-size meant?"});
  expect(head + "tact = 5\n" + station, {"line 3", "takt"});
  expect(head + "[[stations]]\ncamera = \"rtsp://host/path\"\n", {"line 3", "[[station]]"});
  expect(head, {"[[station]]"});
  expect(head + station + "password-file = \"none\"\n", {"line 5", "none"});
  expect("model = \"model\"\n" + station, {"no output"});
  expect(head, {"no station"});
  expect(head + "listen = \"0.0.0.0:80\"\n" + station, {"line 3", "token-file"});
  expect(head + "stale = \"0s\"\n" + station, {"line 3", "'0s'"});
  setenv("GST_ACTION_TEST_PASSWORD", "word", 1);
  expect(head + station + "password-env = \"GST_ACTION_TEST_PASSWORD\"\n", {"line 5", "user"});
  expect(head + "listen = \"here\"\n" + station, {"127.0.0.1:8484"});
  expect(head + station + "privacy-mask = \"0,0,1,1\"\nrecord = \"raw\"\n", {"line 6", "\"raw\"", "masked"});
  expect("record = \"both\"\n" + head + station + "privacy-mask = \"0,0,1,1\"\n", {"line 1", "\"both\"", "masked"});
  expect(head + "output = 5", {"line 3"});
  expect("output = \"", {"line 1"});
  EXPECT_NE(ErrorOf([&] { ReadSiteFile((folder_ / "none.toml").string()); }), "");
}

TEST_F(Record, SecretsAreNobodysBusiness) {
  const std::string head = "output = \"out\"\nmodel = \"model\"\n[[station]]\n";
  const std::string path = Write("site.toml", head + "camera = \"rtsp://user:secret@host/path\"\n");
  chmod(path.c_str(), 0644);
  const std::string said = ErrorOf([&] { ReadSiteFile(path); });
  EXPECT_NE(said.find("chmod 600"), std::string::npos) << said;
  EXPECT_EQ(said.find("secret"), std::string::npos) << said;
  chmod(path.c_str(), 0600);
  const SiteSettings site = ReadSiteFile(path);
  EXPECT_EQ(site.stations[0].name, "host");
  for (const std::string &line : LaunchLines(site, "x264enc"))
    EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  const std::string password = Write("password", "word\r\n");
  StationSettings station{.password_file = password};
  chmod(password.c_str(), 0640);
  EXPECT_NE(ErrorOf([&] { PasswordOf(station); }).find("chmod 600"), std::string::npos);
  chmod(password.c_str(), 0600);
  EXPECT_EQ(PasswordOf(station), "word");
  EXPECT_NE(ErrorOf([] { PasswordOf({.password_env = "GST_ACTION_NO_SUCH_VARIABLE"}); }), "");
  setenv("GST_ACTION_TEST_PASSWORD", "other", 1);
  EXPECT_EQ(PasswordOf({.password_env = "GST_ACTION_TEST_PASSWORD"}), "other");
}

TEST_F(Record, StationsAreNamedByTheirCameras) {
  SiteSettings site{.output = (folder_ / "out").string()};
  for (int i = 0; i < 3; ++i) {
    site.stations.push_back(
        {.camera = "rtsp://10.0.0.7:554/ch" + std::to_string(i), .model = (folder_ / "model").string()});
  }
  CheckSettings(site, [](std::optional<size_t>, const char *) { return ""; });
  EXPECT_EQ(site.stations[0].name, "10.0.0.7");
  EXPECT_EQ(site.stations[1].name, "10.0.0.7-2");
  EXPECT_EQ(site.stations[2].name, "10.0.0.7-3");
}

TEST(Listen, Loopback) {
  for (const char *here : {"127.0.0.1:80", "localhost:80", "[::1]:80", "127.1.2.3:80"})
    EXPECT_TRUE(IsLoopback(here)) << here;
  for (const char *there : {"0.0.0.0:80", "192.168.1.2:80", "[::]:80"})
    EXPECT_FALSE(IsLoopback(there)) << there;
  for (const char *wrong : {"", "80", "host:80", "127.0.0.1", "127.0.0.1:x"})
    EXPECT_NE(ErrorOf([&] { IsLoopback(wrong); }), "") << wrong;
}

// ---- Status

TEST(Status, ProblemsAndMetrics) {
  SiteStatus site;
  StationStatus good;
  good.name = "Press \"1\"\\";
  good.camera.up = good.fresh = true;
  good.overlay = RecorderStats{.recording = true};
  site.stations = {good};
  EXPECT_TRUE(ProblemsOf(site).empty());
  const std::string text = MetricsText(site);
  EXPECT_NE(text.find(R"(gst_action_camera_up{station="Press \"1\"\\"} 1)"), std::string::npos) << text;
  EXPECT_EQ(text.find("gst_action_current_action{"), std::string::npos) << "there is none";
  EXPECT_EQ(text.find("gst_action_lag_seconds{"), std::string::npos) << "no frame leaves";
  site.stations[0].action = "turn";
  site.stations[0].lag = 0.5;
  const std::string more = MetricsText(site);
  EXPECT_NE(more.find(R"(action="turn",value="")"), std::string::npos) << more;
  EXPECT_NE(more.find(R"(gst_action_lag_seconds{station="Press \"1\"\\"} 0.5)"), std::string::npos) << more;
  const auto problem = [&](const std::function<void(StationStatus &)> &change) {
    site.stations = {good};
    change(site.stations[0]);
    return ProblemsOf(site).size();
  };
  EXPECT_EQ(problem([](StationStatus &s) { s.camera.up = false; }), 1u);
  EXPECT_EQ(problem([](StationStatus &s) { s.fresh = false; }), 1u);
  EXPECT_EQ(problem([](StationStatus &s) { s.analysis_failure = "?"; }), 1u);
  EXPECT_EQ(problem([](StationStatus &s) { s.dropping = true; }), 1u);
  EXPECT_EQ(problem([](StationStatus &s) { s.lag = 60; }), 1u);
  EXPECT_EQ(problem([](StationStatus &s) { s.overlay->failure = "full"; }), 1u);
}

TEST(Encoders, LinesAndNames) {
  EXPECT_EQ(EncoderLine("x264enc", 4000, 25),
            "x264enc tune=zerolatency speed-preset=superfast bitrate=4000 key-int-max=25");
  EXPECT_NE(EncoderLine("openh264enc", 4000, 25).find("bitrate=4000000"), std::string::npos);
}

TEST(Deadline, EndsOnlyWhatHangs) {
  {
    Deadline deadline(std::chrono::seconds(600));
    deadline.Begin(3);
  }
  const auto hang = [] {
    Deadline deadline(std::chrono::seconds(0));
    deadline.Begin(3);
    for (;;)
      pause();
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(3), "does not stop");
}

}  // namespace
}  // namespace action

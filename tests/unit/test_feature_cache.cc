// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/feature_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "action/error.h"

namespace action {
namespace {

namespace fs = std::filesystem;

class FeatureCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("cache-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    video_ = (folder_ / "clip.mp4").string();
    std::ofstream(video_) << "not really a video";
    config_.weights_hash = "abc";
    table_.rows.resize(3);
    table_.rows[1][5] = 1.5f;
    table_.times = {0, 2, 4};
    table_.source_fps = 25;
  }

  FeatureCache Cache() const { return FeatureCache(folder_.string(), config_); }
  bool Hit(bool published = false) const { return Cache().Read(video_, {}, published).has_value(); }
  fs::path FileOf(const std::string &ending) const { return folder_ / (Cache().NameFor(video_) + ending); }

  fs::path folder_;
  std::string video_;
  FeatureConfig config_;
  FeatureTable table_;
};

TEST_F(FeatureCacheTest, NamesAreTheReferences) {
  // python3 -c 'import hashlib; print(hashlib.md5(b"data/a.mp4|fps=8|len=16").hexdigest())'
  EXPECT_EQ(Cache().NameFor("data/a.mp4"), "vid_1f181c932241b950dff32130f36095f0__fps8__len16");
  // str(pathlib.PurePosixPath(path))
  for (const char *same : {"./data/a.mp4", "data//a.mp4", "data/./a.mp4", "././data///a.mp4/", "data/a.mp4/."})
    EXPECT_EQ(Cache().NameFor(same), Cache().NameFor("data/a.mp4")) << same;
  EXPECT_EQ(Cache().NameFor("///x/a.mp4"), Cache().NameFor("/x/a.mp4"));
  EXPECT_NE(Cache().NameFor("//x/a.mp4"), Cache().NameFor("/x/a.mp4")) << "POSIX leaves two slashes to the system";
  EXPECT_NE(Cache().NameFor("data/../a.mp4"), Cache().NameFor("a.mp4")) << "data may be a link";
  config_.hop = 4;
  config_.roi = Region::Parse("0.5,0,0.5,1");
  const std::string name = Cache().NameFor("data/a.mp4", {1.5, 20});
  EXPECT_EQ(name, "vid_1f181c932241b950dff32130f36095f0__fps8__len16__hop4__roi0.5,0,0.5,1__1.500-20.000");
  config_.mode = FeatureMode::kContinual;
  EXPECT_EQ(Cache().NameFor("data/a.mp4"),
            "vid_1f181c932241b950dff32130f36095f0__fps8__len16__hop4__continual__roi0.5,0,0.5,1");
}

TEST_F(FeatureCacheTest, GivesBackWhatWasWritten) {
  EXPECT_FALSE(Hit());
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  const auto read = Cache().Read(video_, {}, false);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->rows, table_.rows);
  EXPECT_EQ(read->times, table_.times);
  EXPECT_EQ(read->source_fps, 25);
  EXPECT_FALSE(Cache().Read(video_, {1, 2}, false)) << "a part is another entry";
}

TEST_F(FeatureCacheTest, MissesWhenAnythingChanged) {
  const std::vector<std::pair<const char *, std::function<void()>>> changes = {
      {"weights", [&] { config_.weights_hash = "abd"; }},
      {"precision", [&] { config_.precision = Precision::kBf16; }},
      {"rate",
       [&] {
         config_.sample_rate = {10, 1};
       }},
      {"sampling", [&] { config_.sampling = Sampling::kStride; }},
      {"hop", [&] { config_.hop = 8; }},
      {"roi", [&] { config_.roi.width = 0.5; }},
      {"features", [&] { config_.mode = FeatureMode::kContinual; }},
      {"colorimetry", [&] { config_.colorimetry = Colorimetry::kStream; }},
      {"size", [&] { std::ofstream(video_, std::ios::app) << "x"; }},
      {"mtime", [&] { fs::last_write_time(video_, fs::last_write_time(video_) + std::chrono::milliseconds(1)); }},
      {"damaged", [&] { fs::resize_file(FileOf(".pt"), 100); }},
      {"no twin", [&] { fs::remove(FileOf(".json")); }},
      {"twin of nonsense", [&] { std::ofstream(FileOf(".json")) << "[1, 2"; }},
  };
  for (const auto &[what, change] : changes) {
    SetUp();
    config_ = {};
    config_.weights_hash = "abc";
    Cache().Write(video_, {}, table_, VideoMark::Of(video_));
    ASSERT_TRUE(Hit()) << what;
    change();
    EXPECT_FALSE(Hit(true)) << what;
  }
}

TEST_F(FeatureCacheTest, SaysWhatIsDamaged) {
  const auto said = [&] {
    std::string text;
    EXPECT_FALSE(Cache().Read(video_, {}, false, [&text](const std::string &problem) { text += problem; }));
    return text;
  };
  EXPECT_EQ(said(), "") << "there is none";
  table_.rows[2][7] = std::numeric_limits<float>::quiet_NaN();
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_EQ(said(), FileOf(".pt").string() + " holds features that are not numbers. It is made anew");
  table_.rows[2][7] = 0;
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  fs::resize_file(FileOf(".pt"), 100);
  EXPECT_NE(said().find(FileOf(".pt").string()), std::string::npos);
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  std::ofstream(video_, std::ios::app) << "changed";
  EXPECT_EQ(said(), "") << "stale, not damaged";
}

TEST_F(FeatureCacheTest, AFileByItselfSaysWhatItIsOf) {
  config_.hop = 4;
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  const std::string path = FileOf(".pt").string();
  const FeatureFile file = ReadFeatureFile(path);
  EXPECT_EQ(file.table.rows, table_.rows);
  ASSERT_TRUE(file.config);
  EXPECT_EQ(file.config->hop, 4);
  EXPECT_EQ(file.config->weights_hash, "abc");
  // What a stranger's twin could say, and no sum can be made of.
  std::ifstream in(FileOf(".json"));
  auto twin = nlohmann::json::parse(in);
  for (const auto &[key, value] :
       std::vector<std::pair<std::string, nlohmann::json>>{{"hop", 0}, {"hop", 17}, {"precision", "fp8"}}) {
    auto changed = twin;
    changed[key] = value;
    std::ofstream(FileOf(".json")) << changed;
    EXPECT_THROW(ReadFeatureFile(path), Error) << key;
  }
  fs::remove(FileOf(".json"));
  EXPECT_FALSE(ReadFeatureFile(path).config);
  fs::remove(path);
  table_.times[1] = std::numeric_limits<double>::infinity();
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_THROW(ReadFeatureFile(path), Error);
}

// Version 1, of before 0.2.0, has other features of turned and of full-range videos.
TEST_F(FeatureCacheTest, MissesWhatAnOlderVersionComputed) {
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  ASSERT_TRUE(Hit());
  std::ifstream file(FileOf(".json"));
  auto twin = nlohmann::json::parse(file);
  EXPECT_GE(twin.at("feature_version"), 2);
  twin["feature_version"] = 1;
  std::ofstream(FileOf(".json")) << twin;
  EXPECT_FALSE(Hit(true));
}

TEST_F(FeatureCacheTest, MissesWhatDoesNotBelongTogether) {
  const VideoMark before = VideoMark::Of(video_);
  std::ofstream(video_, std::ios::app) << "replaced while it was read";
  Cache().Write(video_, {}, table_, before);
  EXPECT_FALSE(Hit(true)) << "the features may be of the old video";

  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  ASSERT_TRUE(Hit());
  fs::copy_file(FileOf(".json"), folder_ / "kept.json");
  table_.rows[0][0] = 7;
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  fs::rename(folder_ / "kept.json", FileOf(".json"));
  EXPECT_FALSE(Hit(true)) << "one writer's tensors with another's twin";
}

TEST_F(FeatureCacheTest, TakesTheReferencesEntriesWithCare) {
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  std::ofstream(FileOf(".json")) << R"({"src_fps": 30.0})";  // as the reference writes it
  EXPECT_TRUE(Hit(true));
  EXPECT_EQ(Cache().Read(video_, {}, true)->source_fps, 30);
  EXPECT_FALSE(Hit(false)) << "other weights";
  fs::last_write_time(video_, fs::last_write_time(FileOf(".pt")) + std::chrono::seconds(1));
  EXPECT_FALSE(Hit(true)) << "the video is newer";
  fs::last_write_time(video_, fs::last_write_time(FileOf(".pt")) - std::chrono::seconds(1));
  EXPECT_TRUE(Hit(true));
  config_.precision = Precision::kBf16;
  EXPECT_FALSE(Hit(true)) << "the reference's features are fp32";
}

TEST_F(FeatureCacheTest, OverwritesNoEntryOfTheReference) {
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  std::ofstream(FileOf(".json")) << R"({"src_fps": 25.0})";  // as the reference leaves it
  const auto content = [&](const std::string &ending) {
    std::ifstream file(FileOf(ending), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string tensors = content(".pt"), twin = content(".json");
  EXPECT_FALSE(Hit(false)) << "nobody knows of which weights they are";
  table_.rows[0][0] = 7;
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_EQ(content(".pt"), tensors);
  EXPECT_EQ(content(".json"), twin);
  EXPECT_EQ(Cache().EntryFor(video_), Cache().NameFor(video_) + "__gst-action");
  const auto read = Cache().Read(video_, {}, false);
  ASSERT_TRUE(read) << "beside it";
  EXPECT_EQ(read->rows, table_.rows);
  table_.rows[0][0] = 8;
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_EQ(Cache().Read(video_, {}, false)->rows[0][0], 8) << "ours is replaced";
}

TEST_F(FeatureCacheTest, OverwritesNoTensorsWithoutATwin) {
  std::ofstream(FileOf(".pt")) << "of somebody who was interrupted";
  EXPECT_FALSE(Hit());
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_TRUE(Hit());
  std::ifstream file(FileOf(".pt"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "of somebody who was interrupted");
}

// Killed between the two files: the twin is there, and vouches for nothing that lies beside it.
TEST_F(FeatureCacheTest, AnInterruptedEntryIsNone) {
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  fs::remove(FileOf(".pt"));
  std::string said;
  EXPECT_FALSE(Cache().Read(video_, {}, false, [&said](const std::string &problem) { said += problem; }));
  EXPECT_EQ(said, "") << "nothing is damaged";
  Cache().Write(video_, {}, table_, VideoMark::Of(video_));
  EXPECT_TRUE(Hit());
  EXPECT_EQ(Cache().EntryFor(video_), Cache().NameFor(video_));
}

TEST_F(FeatureCacheTest, SaysWhichFolderCannotBeWritten) {
  try {
    FeatureCache("/dev/null/cache", config_).Prepare();
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("/dev/null/cache"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace action

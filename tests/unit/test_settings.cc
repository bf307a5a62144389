// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Texts that users type: devices, regions, places of weights.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "action/engine.h"
#include "action/error.h"
#include "action/weights_location.h"

namespace action {
namespace {

TEST(Device, Parses) {
  EXPECT_EQ(Device::Parse("auto").kind, Device::Kind::kAuto);
  EXPECT_EQ(Device::Parse("cpu").ToString(), "cpu");
  EXPECT_EQ(Device::Parse("cuda").ToString(), "cuda:0");
  EXPECT_EQ(Device::Parse("cuda:3").index, 3);
  for (const char *bad : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1 ", "CPU"})
    EXPECT_THROW(Device::Parse(bad), Error) << bad;
}

TEST(Region, Parses) {
  EXPECT_TRUE(Region::Parse("0,0,1,1").whole());
  EXPECT_EQ(Region::Parse("0.5,0,0.5,1"), (Region{0.5, 0, 0.5, 1}));
  EXPECT_EQ(Region::Parse("0.25,0.5,0.25,0.125").ToString(), "0.25,0.5,0.25,0.125");
  EXPECT_NO_THROW(Region::Parse("0.1,0.7,0.9,0.3")) << "0.7 + 0.3 may be more than 1 by rounding";
  for (const char *bad :
       {"", "0,0,1", "0,0,1,1,1", "0,0,0,1", "0.6,0,0.5,1", "-0.1,0,1,1", "a,b,c,d", "0;0;1;1", "nan,0,1,1"}) {
    EXPECT_THROW(Region::Parse(bad), Error) << bad;
  }
}

class WeightsPlace : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("weights-place-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    unsetenv("GST_ACTION_WEIGHTS");
    unsetenv("TORCH_HOME");
    setenv("XDG_DATA_HOME", (folder_ / "data").c_str(), 1);
    setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  }
  std::string Touch(const std::filesystem::path &path) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    return path.string();
  }
  std::filesystem::path folder_;
};

TEST_F(WeightsPlace, InOrder) {
  const std::string hub = Touch(folder_ / "cache/torch/hub/checkpoints/r3d_18-b3b3357e.pth");
  EXPECT_EQ(FindWeights(""), hub);
  setenv("TORCH_HOME", (folder_ / "torch").c_str(), 1);
  const std::string home = Touch(folder_ / "torch/hub/checkpoints/r3d_18-b3b3357e.pth");
  EXPECT_EQ(FindWeights(""), home);
  const std::string own = Touch(folder_ / "data/gst-action/r3d_18-b3b3357e.pth");
  EXPECT_EQ(FindWeights(""), own);
  const std::string named = Touch(folder_ / "named.pth");
  setenv("GST_ACTION_WEIGHTS", named.c_str(), 1);
  EXPECT_EQ(FindWeights(""), named);
  const std::string asked = Touch(folder_ / "asked.pth");
  EXPECT_EQ(FindWeights(asked), asked);
}

TEST_F(WeightsPlace, NoneFoundNamesThePlacesAndTheCommands) {
  try {
    FindWeights("");
    FAIL();
  } catch (const Error &e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("data/gst-action/r3d_18-b3b3357e.pth"), std::string::npos) << text;
    EXPECT_NE(text.find("cache/torch/hub/checkpoints/"), std::string::npos) << text;
    EXPECT_NE(text.find("gst-action-weights fetch"), std::string::npos) << text;
    EXPECT_NE(text.find("gst-action-weights make-standin"), std::string::npos) << text;
  }
}

TEST_F(WeightsPlace, ANamedFileMustExist) {
  Touch(folder_ / "data/gst-action/r3d_18-b3b3357e.pth");
  EXPECT_THROW(FindWeights((folder_ / "no.pth").string()), Error);
  setenv("GST_ACTION_WEIGHTS", (folder_ / "no.pth").c_str(), 1);
  EXPECT_THROW(FindWeights(""), Error) << "a place that was named is not passed over";
}

}  // namespace
}  // namespace action

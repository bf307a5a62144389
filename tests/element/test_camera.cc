// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What actioncamerasrc does without a camera; with one: tests/pipeline/test_camera.py.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "actioncamerasrc/camera_uri.h"
#include "actioncamerasrc/retry_delay.h"

namespace action {
namespace {

using std::chrono::seconds;

TEST(CameraUri, LosesItsCredentials) {
  EXPECT_EQ(WithoutCredentials("rtsp://user:secret@host:554/a?b=c"), "rtsp://host:554/a?b=c");
  EXPECT_EQ(WithoutCredentials("rtsp://user@host/a"), "rtsp://host/a");
  EXPECT_EQ(WithoutCredentials("rtsp://user:p@ss@host/a"), "rtsp://host/a") << "the last @ ends them";
  EXPECT_EQ(WithoutCredentials("rtsp://host/a@b"), "rtsp://host/a@b") << "of a path";
  EXPECT_EQ(WithoutCredentials("rtsp://host?mail=a@b"), "rtsp://host?mail=a@b");
  EXPECT_EQ(WithoutCredentials("rtsp://user:se#cret@host/a"), "rtsp://host/a");
  EXPECT_EQ(WithoutCredentials("rtsp://user:se?cret@host/a"), "rtsp://host/a");
  EXPECT_EQ(WithoutCredentials("file:///tmp/a@b.mp4"), "file:///tmp/a@b.mp4");
  EXPECT_EQ(WithoutCredentials("nonsense"), "nonsense");
  EXPECT_EQ(WithoutCredentials(""), "");
}

TEST(CameraUri, LosesItsCredentialsInOthersTexts) {
  const std::string uri = "rtsp://user:secret@host/a";
  EXPECT_EQ(WithoutCredentials("cannot open rtsp://user:secret@host/a twice: rtsp://user:secret@host/a", uri),
            "cannot open rtsp://host/a twice: rtsp://host/a");
  EXPECT_EQ(WithoutCredentials("wrong password secret", uri), "wrong password ***");
  EXPECT_EQ(WithoutCredentials("a word", "rtsp://user:a@host/"), "a word") << "a short one may be any word";
}

TEST(CameraUri, Kinds) {
  EXPECT_TRUE(IsRtsp("rtsp://a/b") && IsRtsp("RTSPS://a/b") && IsRtsp("rtspt://a/b") && !IsRtsp("http://a/rtsp"));
  EXPECT_TRUE(IsLiveUri("v4l2:///dev/video0") && IsLiveUri("rtsp://a") && !IsLiveUri("file:///a"));
}

TEST(RetryDelay, DoublesUpToTheLongestGiveOrTakeAFifth) {
  RetryDelay delay(seconds(1), seconds(30), 1);
  const auto near = [](RetryDelay::Duration got, RetryDelay::Duration wanted) {
    return got >= 0.8 * wanted && got <= 1.2 * wanted;
  };
  for (const int wanted : {1, 2, 4, 8, 16, 30, 30, 30})
    EXPECT_TRUE(near(delay.Next(), seconds(wanted))) << wanted;
  delay.Reset();
  EXPECT_TRUE(near(delay.Next(), seconds(1)));
  RetryDelay one(seconds(10), seconds(5), 1);
  EXPECT_TRUE(near(one.Next(), seconds(5))) << "the longest counts";
  EXPECT_TRUE(near(one.Next(), seconds(5)));
}

TEST(RetryDelay, DiffersFromCameraToCamera) {
  RetryDelay one(seconds(1), seconds(30), 1), other(seconds(1), seconds(30), 2);
  EXPECT_NE(one.Next(), other.Next());
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A camera whose connection hangs in a state change: a named pipe, which nobody writes into, does so.
#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/glib_ptr.h"
#include "record/camera.h"

namespace action {
namespace {

namespace fs = std::filesystem;

void Write(const std::string &line) {
  const ElementPtr pipeline = ParsePipeline(line);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const std::unique_ptr<GstBus, Deleter<gst_object_unref>> bus(gst_element_get_bus(pipeline.get()));
  const MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  EXPECT_TRUE(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

TEST(CameraReader, WhatHangsIsLeftBehind) {
  gst_init(nullptr, nullptr);
  char name[] = "/tmp/gst-action-camera-XXXXXX";
  const fs::path folder = g_mkdtemp(name);
  const std::string camera = (folder / "camera.avi").string(), left = (folder / "left").string();
  ASSERT_EQ(mkfifo(camera.c_str(), 0600), 0);

  SiteSettings site;
  site.stale = GST_SECOND;
  StationSettings station;
  station.camera = "file://" + camera;
  const SharedTime time;
  std::vector<std::string> said;
  {
    CameraReader reader(
        site, station, time, [&](const std::string &what) { said.push_back(what); }, GST_SECOND);
    reader.Start();
    const auto poll_until = [&](const std::function<bool()> &done) {
      const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      const auto poll = [](gpointer user) -> gboolean {
        static_cast<CameraReader *>(user)->Poll();
        return G_SOURCE_CONTINUE;
      };
      const guint polled = g_timeout_add(20, poll, &reader);
      while (!done() && std::chrono::steady_clock::now() < until)
        g_main_context_iteration(nullptr, TRUE);
      g_source_remove(polled);
      return done();
    };
    const auto hung = [&](size_t times) {
      return [&said, times] {
        size_t count = 0;
        for (const std::string &what : said)
          count += what.find("something hangs") != std::string::npos;
        return count >= times;
      };
    };
    ASSERT_TRUE(poll_until(hung(1)));
    EXPECT_NE(reader.status().lost_at, 0);
    ASSERT_TRUE(poll_until(hung(2))) << "and again, while it does";
    // The camera is well again.
    fs::rename(camera, left);
    Write(
        "videotestsrc num-buffers=200 ! video/x-raw,width=64,height=48,framerate=10/1 ! jpegenc ! avimux ! filesink "
        "location=" +
        camera);
    EXPECT_TRUE(poll_until([&] { return reader.status().up; }));
    EXPECT_TRUE(poll_until([&] { return said.back().find("sends video") != std::string::npos; }));
  }
  // Lets go of those that were left behind.
  const int pipe = open(left.c_str(), O_RDWR | O_NONBLOCK);
  ASSERT_GE(pipe, 0);
  close(pipe);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/properties.h"

namespace action {
namespace {

using Settings = CameraSettings;

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  table.Text(
      "uri", "URI",
      "The camera: rtsp://HOST/PATH, rtsps://..., v4l2:///dev/video0, or file:///PATH, which is read as a camera "
      "would send it. Messages name it without user name and password",
      &Settings::uri, kMutableReady);
  table.Text("user-id", "User name", "For a camera that asks for one; in the place of one in the URI (RTSP)",
             &Settings::user_id, kMutableReady);
  // Cannot be read back.
  table.Add(g_param_spec_string(
                "user-pw", "Password", "For a camera that asks for one (RTSP)", nullptr,
                static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)),
            nullptr, [](Settings &s, const GValue *value) {
              const char *text = g_value_get_string(value);
              s.user_pw = text != nullptr ? text : "";
            });
  table.Text("protocols", "Protocols",
             "How RTP is sent, as rtspsrc's property of this name: tcp, udp, udp+tcp, ... Not set: UDP, then TCP",
             &Settings::protocols, kMutableReady);
  table.Uint("latency", "Latency", "Milliseconds for which RTP packets wait for those that are late (RTSP)", 0,
             G_MAXINT, &Settings::latency, kMutableReady);
  table.Uint64("connect-timeout", "Connect timeout",
               "Nanoseconds until a camera that has not sent a frame since it was called counts as lost", GST_MSECOND,
               G_MAXINT64, &Settings::connect_timeout, kMutableReady);
  table.Uint64("stale-timeout", "Stale timeout",
               "Nanoseconds without a frame after which a camera counts as lost, be it connected or not", GST_MSECOND,
               G_MAXINT64, &Settings::stale_timeout, kMutableReady);
  table.Uint64(
      "frozen-timeout", "Frozen timeout",
      "Nanoseconds of a picture that does not change in a single pixel, after which the camera counts as lost: "
      "its encoder hangs. 0: never. Of a dark hall, or behind a camera that takes noise away, a picture may well "
      "stay the same",
      0, G_MAXINT64, &Settings::frozen_timeout, kMutableReady);
  table.Uint64("retry-min", "Shortest retry delay",
               "Nanoseconds from the loss of a camera to the first try to reach it again; the next ones wait twice as "
               "long each, give or take a fifth",
               GST_MSECOND, G_MAXINT64, &Settings::retry_min, kMutableReady);
  table.Uint64("retry-max", "Longest retry delay", "Nanoseconds that a try waits at most, give or take a fifth",
               GST_MSECOND, G_MAXINT64, &Settings::retry_max, kMutableReady);
  table.Computed(g_param_spec_boxed(
      "stats", "Statistics",
      "Since READY->PAUSED: connected (boolean, frames come), frames (uint64), reconnects (uint64, times that frames "
      "came again after a loss), frozen (uint64, losses for a picture that did not change), attempts "
      "(uint64, connections that were begun), lost-reason (string, of the last loss; absent before one)",
      GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  return table;
}

}  // namespace

const PropertyTable<Settings> &CameraProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action

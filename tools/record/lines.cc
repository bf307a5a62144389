// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/lines.h"

#include <glib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "actioncamerasrc/camera_uri.h"
#include "common/encoder.h"
#include "common/glib_ptr.h"
#include "record/folders.h"

namespace action {
namespace {

namespace fs = std::filesystem;

std::string Property(const char *name, const std::string &value) {
  return value.empty() ? "" : std::string(" ") + name + "=" + Quoted(value);
}

std::string RegionsText(const std::vector<Region> &regions) {
  std::string text;
  for (const Region &region : regions)
    text += (text.empty() ? "" : ";") + region.ToString();
  return text;
}

// What the shell puts in when the line runs, as it stands in the line until then.
constexpr char kNow = '\1', kPassword = '\2';
constexpr const char *kNowCommand = "$(date +%Y%m%d-%H%M%S)";

// What gives the shell a camera's password.
std::string PasswordCommand(const StationSettings &station) {
  const auto quoted = [](const std::string &text) {
    const CharPtr word(g_shell_quote(text.c_str()));
    return std::string(word.get());
  };
  if (!station.password_env.empty()) return "$" + station.password_env;
  if (!station.password_file.empty()) return "$(head -n 1 " + quoted(station.password_file) + ")";
  if (!station.password_keyring.empty())
    return "$(secret-tool lookup service gst-action camera " + quoted(station.password_keyring) + ")";
  return "";
}

// As the shell takes it: GStreamer's quotes are within the shell's.
std::string ForShell(const std::string &line, const std::string &password) {
  std::string text;
  for (const char c : line) {
    if (c == kNow) {
      text += kNowCommand;
    } else if (c == kPassword) {
      text += password;
    } else if (c == '"') {
      text += "\\\"";
    } else {
      if (std::strchr(";()$&*?", c) != nullptr) text += '\\';
      text += c;
    }
  }
  return text;
}

std::string Names(bool named, const char *name) {
  return named ? std::string(" name=") + name : "";
}

// A camera's, with all its stations.
std::string LaunchLine(const SiteSettings &site, const StationSettings &camera, const std::string &encoder) {
  const std::string sink = " max-size-time=" + std::to_string(site.segment) +
                           " async-finalize=true muxer-factory=mp4mux "
                           "muxer-properties=properties,fragment-duration=(uint)1000,fragment-mode=(int)1 "
                           "sink-factory=filesink sink-properties=properties,buffer-mode=(int)2";
  const auto recording = [&](const fs::path &folder, const char *kind) {
    return " ! splitmuxsink" + Property("location", (folder / kind).string() + "-" + kNow + "-%05d.mp4") + sink;
  };
  const std::string password = PasswordCommand(camera);
  std::string line = CameraLine(site, camera) + Property("user-id", camera.user) +
                     (password.empty() ? "" : std::string(" user-pw=\"") + kPassword + "\"") + " ! tee name=frames";
  std::string folders;
  bool raw = false;
  for (const StationSettings &station : site.stations) {
    if (!SameCamera(camera, station)) continue;
    const fs::path folder = fs::path(site.output) / station.name;
    const CharPtr quoted(g_shell_quote(folder.c_str()));
    folders += std::string(" ") + quoted.get();
    line += "  frames. ! queue leaky=downstream ! " + StationLine(site, station, true, false);
    if (station.record_overlay) {
      line += " ! queue ! videoconvert ! " + EncoderLine(encoder, site.bitrate, 25) + " ! h264parse" +
              recording(folder, "overlay");
    } else {
      line += " ! fakesink";
    }
    if (station.record_raw) {
      line += raw ? "" : "  camera.encoded ! tee name=encoded";
      raw = true;
      line += "  encoded. ! queue ! parsebin" + recording(folder, "raw");
    }
  }
  return "mkdir -p" + folders + " && gst-launch-1.0 -e " + ForShell(line, password);
}

// In words.
std::string WhatIsRecorded(const SiteSettings &site, const StationSettings &station) {
  std::string what;
  if (station.record_overlay) what = "labelled video";
  if (station.record_raw) what += std::string(what.empty() ? "" : " and ") + "the camera's own stream";
  if (what.empty()) what = "no video, the timeline alone";
  if (station.sound) what += ", with sound (which the line leaves out)";
  return station.name + ": " + what + ", to " + (fs::path(site.output) / station.name).string();
}

}  // namespace

std::string Quoted(const std::string &value) {
  const auto plain = [](char c) { return g_ascii_isalnum(c) || std::strchr("_./:%+,=-?&*", c) != nullptr; };
  if (!value.empty() && std::ranges::all_of(value, plain)) return value;
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string CameraLine(const SiteSettings &site, const StationSettings &station) {
  std::string line = "actioncamerasrc name=camera" + Property("uri", WithoutCredentials(station.camera)) +
                     Property("protocols", station.protocols) + " stale-timeout=" + std::to_string(site.stale);
  if (site.frozen > 0) line += " frozen-timeout=" + std::to_string(site.frozen);
  return line;
}

std::string StationLine(const SiteSettings &site, const StationSettings &station, bool analyse, bool named) {
  std::string line;
  if (analyse) {
    const fs::path folder = fs::path(site.output) / station.name;
    line += "r3dfeatures" + Names(named, "features") +
            " orientation=auto post-messages=false hop=" + std::to_string(station.hop) + Property("roi", station.roi) +
            Property("features", station.features == "windowed" ? "" : station.features) +
            Property("weights", site.weights) + Property("device", site.device == "auto" ? "" : site.device) +
            Property("precision", site.precision == "auto" ? "" : site.precision);
    line += " ! actionclassify" + Property("model", station.model) + Property("elements", station.elements);
    line += " ! timelinesmooth sync-mode=immediate" + Property("profile", station.profile) +
            Property("station", station.name) + Property("location", (folder / "%Y-%m-%d" / kTimelineFile).string()) +
            " ! ";
  }
  if (!station.privacy_mask.empty())
    line += "videoconvert ! actionmask" + Property("regions", RegionsText(station.privacy_mask)) + " ! ";
  if (analyse) line += "actionoverlay show=coarse+fine+value+strip ! ";
  line += "video/x-raw";
  return line;
}

bool SameCamera(const StationSettings &a, const StationSettings &b) {
  return a.camera == b.camera && a.protocols == b.protocols && a.user == b.user && a.password_env == b.password_env &&
         a.password_file == b.password_file && a.password_keyring == b.password_keyring;
}

std::vector<std::string> LaunchLines(const SiteSettings &site, const std::string &encoder) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < site.stations.size(); ++i) {
    const auto first = std::ranges::find_if(
        site.stations, [&](const StationSettings &station) { return SameCamera(site.stations[i], station); });
    if (first - site.stations.begin() != static_cast<std::ptrdiff_t>(i)) continue;  // shown
    for (const StationSettings &station : site.stations)
      if (SameCamera(station, *first)) lines.push_back("# " + WhatIsRecorded(site, station));
    if (HasPassword(first->camera)) lines.emplace_back("# the address of the next camera has user and password in it");
    lines.push_back(LaunchLine(site, *first, encoder));
  }
  return lines;
}

}  // namespace action

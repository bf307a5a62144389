// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/lines.h"

#include <glib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "actioncamerasrc/camera_uri.h"
#include "record/encoder.h"
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

// As the shell takes it: GStreamer's quotes are within the shell's.
std::string ForShell(const std::string &line) {
  std::string text;
  for (const char c : line) {
    if (c == '"') {
      text += "\\\"";
    } else {
      if (std::strchr(";()$&*?", c) != nullptr) text += '\\';
      text += c;
    }
  }
  return text;
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

std::string StationLine(const SiteSettings &site, const StationSettings &station, bool analyse) {
  std::string line;
  if (analyse) {
    const fs::path folder = fs::path(site.output) / station.name;
    line += "r3dfeatures name=features orientation=auto post-messages=false hop=" + std::to_string(station.hop) +
            Property("roi", station.roi) + Property("weights", site.weights) +
            Property("device", site.device == "auto" ? "" : site.device) +
            Property("precision", site.precision == "auto" ? "" : site.precision);
    line +=
        " ! actionclassify name=classify" + Property("model", station.model) + Property("elements", station.elements);
    line += " ! timelinesmooth name=timeline sync-mode=immediate" + Property("profile", station.profile) +
            Property("station", station.name) + Property("location", (folder / "%Y-%m-%d" / kTimelineFile).string()) +
            " ! ";
  }
  if (!station.privacy_mask.empty())
    line += "videoconvert ! actionmask" + Property("regions", RegionsText(station.privacy_mask)) + " ! ";
  if (analyse) line += "actionoverlay name=overlay show=coarse+fine+value+strip ! ";
  line += "video/x-raw";
  return line;
}

bool SameCamera(const StationSettings &a, const StationSettings &b) {
  return a.camera == b.camera && a.protocols == b.protocols && a.user == b.user && a.password_env == b.password_env &&
         a.password_file == b.password_file && a.password_keyring == b.password_keyring;
}

std::vector<std::string> LaunchLines(const SiteSettings &site, const std::string &encoder) {
  const std::string sink = " max-size-time=" + std::to_string(site.segment) +
                           " async-finalize=true muxer-factory=mp4mux "
                           "muxer-properties=properties,fragment-duration=(uint)1000,fragment-mode=(int)1 "
                           "sink-factory=filesink sink-properties=properties,buffer-mode=(int)2";
  std::vector<std::string> lines;
  for (size_t i = 0; i < site.stations.size(); ++i) {
    bool shown = false;
    for (size_t j = 0; j < i; ++j)
      shown = shown || SameCamera(site.stations[i], site.stations[j]);
    if (shown) continue;
    std::string line = "gst-launch-1.0 -e " + CameraLine(site, site.stations[i]) + " ! tee name=frames";
    bool raw = false;
    for (const StationSettings &station : site.stations) {
      if (!SameCamera(site.stations[i], station)) continue;
      const fs::path folder = fs::path(site.output) / station.name;
      line += "  frames. ! queue leaky=downstream ! " + StationLine(site, station, true);
      if (station.record_overlay) {
        line += " ! queue ! videoconvert ! " + EncoderLine(encoder, site.bitrate, 25) + " ! h264parse ! splitmuxsink" +
                Property("location", (folder / "overlay-%05d.mp4").string()) + sink;
      } else {
        line += " ! fakesink";
      }
      if (station.record_raw) {
        line += raw ? "" : "  camera.encoded ! tee name=encoded";
        raw = true;
        line += "  encoded. ! queue ! parsebin ! splitmuxsink" +
                Property("location", (folder / "raw-%05d.mp4").string()) + sink;
      }
    }
    lines.push_back(ForShell(line));
  }
  return lines;
}

}  // namespace action

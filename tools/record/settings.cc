// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/settings.h"

#include <gio/gio.h>
#include <glib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "action/deleter.h"
#include "action/engine.h"
#include "action/error.h"
#include "actioncamerasrc/camera_uri.h"
#include "record/secrets.h"

namespace action {
namespace {

namespace fs = std::filesystem;

using SiteKey = Key<SiteSettings>;
using StationKey = Key<StationSettings>;
using UriPtr = std::unique_ptr<GUri, Deleter<g_uri_unref>>;

constexpr int64_t kDay = 86400'000'000'000;

template <typename Settings>
auto TextInto(std::string Settings::*member) {
  return [member](Settings &s, const std::string &text) { s.*member = text; };
}

auto DurationInto(int64_t SiteSettings::*member) {
  return [member](SiteSettings &s, const std::string &text) { s.*member = ParseDuration(text); };
}

template <typename Settings>
auto FlagInto(bool Settings::*member) {
  return [member](Settings &s, const std::string &text) { s.*member = text == "true"; };
}

// One of the words that are allowed.
template <typename Settings>
auto WordInto(std::string Settings::*member, std::vector<std::string> words) {
  return [member, words](Settings &s, const std::string &text) {
    if (std::ranges::find(words, text) == words.end()) {
      std::string all;
      for (const std::string &word : words)
        all += (all.empty() ? "" : ", ") + word;
      throw Error("'" + text + "' is not one of " + all);
    }
    s.*member = text;
  };
}

void SetSegment(SiteSettings &s, const std::string &text) {
  const int64_t ns = ParseDuration(text);
  if (ns < 1'000'000'000 || kDay % ns != 0 || ns % 1'000'000'000 != 0)
    throw Error("'" + text + "' does not divide a day into equal parts of whole seconds, such as 1h, 15m or 30s");
  s.segment = ns;
}

void SetRecord(StationSettings &s, const std::string &text) {
  if (text != "overlay" && text != "raw" && text != "both" && text != "none")
    throw Error("'" + text + "' is not one of overlay, raw, both, none");
  s.record_overlay = text == "overlay" || text == "both";
  s.record_raw = text == "raw" || text == "both";
}

void SetStale(SiteSettings &s, const std::string &text) {
  s.stale = ParseDuration(text);
  if (s.stale < 100'000'000) throw Error("'" + text + "' is too short: no camera sends frames that fast");
}

void SetDevice(SiteSettings &s, const std::string &text) {
  Device::Parse(text);
  s.device = text;
}

void SetHop(StationSettings &s, const std::string &text) {
  const double hop = ParseNumber(text);
  if (hop < 1 || hop > 16 || hop != static_cast<int>(hop)) throw Error("'" + text + "' is not a number from 1 to 16");
  s.hop = static_cast<int>(hop);
}

std::vector<SiteKey> NewSiteKeys() {
  using enum SiteKey::Kind;
  using S = SiteSettings;
  return {
      {"output", kText, "DIR", "Folder for recordings and timelines", TextInto(&S::output)},
      {"segment", kText, "TIME", "Length of a recorded file, cut on the clock's full hours (default 1h)", SetSegment},
      {"encoder", kText, "ELEMENT", "GStreamer's H.264 encoder; auto: the best that works here", TextInto(&S::encoder)},
      {"bitrate", kNumber, "KBIT", "Of overlaid recordings, in kbit/s (default 4000)",
       [](S &s, const std::string &text) {
         const double rate = ParseNumber(text);
         if (rate < 10 || rate > 1e6) throw Error("'" + text + "' kbit/s is not a bit rate from 10 to 1000000");
         s.bitrate = static_cast<int>(rate);
       }},
      {"durable", kFlag, nullptr, "Bring every second of recordings to the disk at once, against power cuts",
       FlagInto(&S::durable)},
      {"subtitles", kFlag, nullptr, "Write the actions into overlaid recordings as a subtitle track (default)",
       FlagInto(&S::subtitles)},
      {"keep", kText, "TIME", "Delete recordings that are older (such as 30d; default: never)", DurationInto(&S::keep)},
      {"keep-timeline", kText, "TIME", "Delete timelines that are older (default: never)",
       DurationInto(&S::keep_timeline)},
      {"max-size", kText, "SIZE", "Delete the oldest recordings when all together are larger (such as 500G)",
       [](S &s, const std::string &text) { s.max_size = ParseBytes(text); }},
      {"min-free", kText, "SPACE", "Delete the oldest recordings when less of the disk is free (default 5%)",
       [](S &s, const std::string &text) { s.min_free = ParseFreeSpace(text); }},
      {"stale", kText, "TIME", "A camera without a frame for so long is lost and called again (default 5s)", SetStale},
      {"frozen", kText, "TIME", "So is one whose picture has not changed at all for so long (default: off)",
       DurationInto(&S::frozen)},
      {"listen", kText, "ADDRESS:PORT",
       "Where the page, /metrics and /healthz are (default 127.0.0.1:8484; none: nowhere)", TextInto(&S::listen)},
      {"token-env", kText, "NAME", "Environment variable with the word that the page is asked for with",
       TextInto(&S::token_env)},
      {"token-file", kText, "FILE", "File of mode 0600 with that word", TextInto(&S::token_file)},
      {"weights", kText, "FILE", "Weights of the network (default: where gst-action-weights puts them)",
       TextInto(&S::weights)},
      {"device", kText, "DEVICE", "Where the network runs: auto, cpu, cuda, cuda:N", SetDevice},
      {"precision", kText, "PRECISION", "auto, fp32, bf16 or fp16",
       WordInto(&S::precision, {"auto", "fp32", "bf16", "fp16"})},
  };
}

std::vector<StationKey> NewStationKeys() {
  using enum StationKey::Kind;
  using S = StationSettings;
  return {
      {"name", kText, "NAME", "What the station's folder is called", TextInto(&S::name)},
      {"camera", kText, "URI", "rtsp://HOST/PATH, rtsps://..., v4l2:///dev/video0, or a file for rehearsals",
       TextInto(&S::camera)},
      {"protocols", kText, "WORDS", "How RTP is sent: tcp, udp, udp+tcp (default: UDP, then TCP)",
       TextInto(&S::protocols)},
      {"user", kText, "NAME", "User name for the camera", TextInto(&S::user)},
      {"password-env", kText, "NAME", "Environment variable with the camera's password", TextInto(&S::password_env)},
      {"password-file", kText, "FILE", "File of mode 0600 with the camera's password", TextInto(&S::password_file)},
      {"password-keyring", kText, "NAME", "Name of the camera's password in the desktop's key ring",
       TextInto(&S::password_keyring)},
      {"model", kText, "MODEL", "Model folder", TextInto(&S::model)},
      {"elements", kText, "FILE", "elements.csv instead of the model's", TextInto(&S::elements)},
      {"roi", kText, "X,Y,W,H", "Part of the picture that is looked at, as fractions",
       [](S &s, const std::string &text) {
         Region::Parse(text);
         s.roi = text;
       }},
      {"profile", kText, "PROFILE", "study (default) or reference", WordInto(&S::profile, {"study", "reference"})},
      {"hop", kNumber, "SAMPLES", "Samples from one step to the next, 1 to 16 (default 4)", SetHop},
      {"features", kText, "WHICH", "windowed (default) or continual, as the model was trained",
       WordInto(&S::features, {"windowed", "continual"})},
      {"takt", kNumber, "SECONDS", "Takt time: cycles that take longer are counted",
       [](S &s, const std::string &text) { s.takt = ParseNumber(text); }},
      {"cycle-start", kText, "LABEL", "Fine action that begins a cycle (default: the first of elements.csv)",
       TextInto(&S::cycle_start)},
      {"privacy-mask", kList, "X,Y,W,H", "Part of the picture that is never recorded nor shown; may be given again",
       [](S &s, const std::string &text) { s.privacy_mask.push_back(Region::Parse(text)); }},
      {"record", kText, "WHAT", "overlay (default), raw (the camera's own stream), both or none", SetRecord},
      {"sound", kFlag, nullptr, "Record the camera's sound, too; ask first whether that is allowed (default: no sound)",
       FlagInto(&S::sound)},
  };
}

// Letters, digits and a few signs: names are folders, and parts of addresses of pages.
std::string NameOfCamera(const std::string &uri) {
  const UriPtr parsed(g_uri_parse(uri.c_str(), G_URI_FLAGS_PARSE_RELAXED, nullptr));
  std::string name;
  if (parsed && g_uri_get_host(parsed.get()) != nullptr) name = g_uri_get_host(parsed.get());
  if (name.empty() && parsed) name = fs::path(g_uri_get_path(parsed.get())).stem().string();
  std::ranges::replace_if(
      name, [](char c) { return !g_ascii_isalnum(c) && c != '.' && c != '-' && c != '_'; }, '-');
  while (name.starts_with('.'))
    name.erase(0, 1);
  return name.empty() ? "station" : name;
}

void CheckName(const std::string &name) {
  const bool letters = g_utf8_validate(name.c_str(), -1, nullptr) && std::ranges::none_of(name, [](unsigned char c) {
                         return c < 0x20 || c == 0x7f || std::strchr("/\\\"'<>&?#%", c) != nullptr;
                       });
  if (!letters || name.starts_with('.') || name.size() > 100) {
    throw Error("the name '" + name +
                "' cannot be a folder's: at most 100 bytes, no / \\ \" ' < > & ? # %, and no dot at its beginning");
  }
}

void CheckCamera(const std::string &camera) {
  constexpr const char *kAddresses = "rtsp://HOST/PATH, rtsps://HOST/PATH, v4l2:///dev/video0 or file:///FILE";
  if (camera.empty()) throw Error(std::string("it has no camera: set camera to its address, ") + kAddresses);
  const std::string shown = WithoutCredentials(camera);
  const UriPtr parsed(g_uri_parse(camera.c_str(), G_URI_FLAGS_PARSE_RELAXED, nullptr));
  const bool local = parsed && (std::strcmp(g_uri_get_scheme(parsed.get()), "file") == 0 || !IsRtsp(camera));
  const char *host = parsed ? g_uri_get_host(parsed.get()) : nullptr;
  // A password may hold what no address may: then only the scheme can be looked at.
  if (camera.find("://") == std::string::npos || (parsed && !local && (host == nullptr || *host == '\0')))
    throw Error("'" + shown + "' is not the address of a camera: " + kAddresses);
  if (!IsLiveUri(camera) && !camera.starts_with("file://")) {
    throw Error("'" + shown + "': cameras are not recorded by " + camera.substr(0, camera.find("://")) + ", but from " +
                kAddresses + "; the camera's manual or its page of settings says its RTSP address");
  }
}

// What is wrong with the value of one key.
class WrongKey final : public Error {
 public:
  WrongKey(const char *key, const Error &error) : Error(error), key_(key) {}
  const char *key() const { return key_; }

 private:
  const char *key_;
};

void Check(const char *key, const std::function<void()> &check) {
  try {
    check();
  } catch (const Error &e) {
    throw WrongKey(key, e);
  }
}

void CheckRecord(const StationSettings &station) {
  if (!station.record_raw) return;
  const std::string set = station.record_overlay ? "record = \"both\"" : "record = \"raw\"";
  if (!station.privacy_mask.empty()) {
    throw Error(set +
                " keeps the camera's own stream, in which nothing can be masked: leave out privacy-mask, or set "
                "record = \"overlay\"");
  }
  if (!IsRtsp(station.camera))
    throw Error(set + " keeps the stream of rtsp cameras, and " + NameOfCamera(station.camera) +
                " is not one: set record = \"overlay\"");
}

void CheckSound(const StationSettings &station) {
  if (!station.sound) return;
  if (!IsRtsp(station.camera))
    throw Error("sound = true is for rtsp cameras, and " + NameOfCamera(station.camera) +
                " is not one: set sound = false");
  if (!station.record_overlay && !station.record_raw)
    throw Error("sound = true is part of a recording, and record = \"none\" makes none: set sound = false");
}

void CheckListen(const SiteSettings &settings) {
  if (settings.listen == "none") return;
  if (!IsLoopback(settings.listen) && TokenOf(settings).empty()) {
    throw Error("listen = " + settings.listen +
                " is reached by other machines: the pictures of the line want a word that is asked for. Write one into "
                "a file of mode 0600 and name it with token-file, or set token-env");
  }
}

void CheckStation(const StationSettings &station) {
  Check("name", [&] { CheckName(station.name); });
  Check("camera", [&] { CheckCamera(station.camera); });
  Check("model", [&] {
    if (station.model.empty()) throw Error("it has no model: set model to a folder of gst-action-train");
    std::error_code failed;
    if (!fs::is_directory(station.model, failed))
      throw Error(ErrorKind::kNotFound, station.model, "the model " + station.model + " is not a folder");
  });
  Check("elements", [&] {
    std::error_code failed;
    if (!station.elements.empty() && !fs::exists(station.elements, failed))
      throw Error(ErrorKind::kNotFound, station.elements, "there is no file " + station.elements);
  });
  Check("record", [&] { CheckRecord(station); });
  Check("sound", [&] { CheckSound(station); });
  const char *place = !station.password_env.empty()    ? "password-env"
                      : !station.password_file.empty() ? "password-file"
                                                       : "password-keyring";
  Check(place, [&] {
    if (!PasswordOf(station).empty() && station.user.empty())
      throw Error("there is a password, and no user that it belongs to: set user");
  });
}

}  // namespace

bool SameButForCycles(const StationSettings &a, const StationSettings &b) {
  StationSettings same = a;
  same.takt = b.takt;
  same.cycle_start = b.cycle_start;
  return same == b;
}

bool HasPassword(const std::string &uri) {
  return WithoutCredentials(uri) != uri;
}

const std::vector<SiteKey> &SiteKeys() {
  static const std::vector<SiteKey> keys = NewSiteKeys();
  return keys;
}

const std::vector<StationKey> &StationKeys() {
  static const std::vector<StationKey> keys = NewStationKeys();
  return keys;
}

void CheckSettings(SiteSettings &settings, const KeyPlace &where) {
  if (settings.output.empty()) throw Error("there is no output: name the folder for recordings and timelines");
  if (settings.stations.empty())
    throw Error("there is no station: name a camera, in a table [[station]] of a site.toml");
  settings.output = fs::absolute(settings.output).lexically_normal().string();
  std::set<std::string> names;
  for (size_t i = 0; i < settings.stations.size(); ++i) {
    StationSettings &station = settings.stations[i];
    try {
      const bool named = !station.name.empty();
      if (!named) station.name = NameOfCamera(station.camera);
      const std::string name = station.name;
      for (int number = 2; !named && names.contains(station.name); ++number)
        station.name = name + "-" + std::to_string(number);
      CheckStation(station);
      Check("name", [&] {
        if (!names.insert(station.name).second) throw Error("another station has the name '" + station.name + "'");
      });
    } catch (const WrongKey &e) {
      throw Error(e.kind(), e.file(), where(i, e.key()) + ": " + e.what());
    }
  }
  try {
    Check("listen", [&] { CheckListen(settings); });
  } catch (const WrongKey &e) {
    const std::string place = where(std::nullopt, e.key());
    throw Error(e.kind(), e.file(), (place.empty() ? "" : place + ": ") + e.what());
  }
}

std::string PasswordOf(const StationSettings &station) {
  return ReadSecret({station.password_env, station.password_file, station.password_keyring}, "password");
}

std::string TokenOf(const SiteSettings &settings) {
  return ReadSecret({settings.token_env, settings.token_file, ""}, "token");
}

bool IsLoopback(const std::string &listen) {
  const std::unique_ptr<GSocketConnectable, Deleter<g_object_unref>> address(
      g_network_address_parse(listen.c_str(), 0, nullptr));
  if (!address || g_network_address_get_port(G_NETWORK_ADDRESS(address.get())) == 0)
    throw Error("listen = '" + listen + "' is not like 127.0.0.1:8484");
  const char *host = g_network_address_get_hostname(G_NETWORK_ADDRESS(address.get()));
  if (std::strcmp(host, "localhost") == 0) return true;
  const std::unique_ptr<GInetAddress, Deleter<g_object_unref>> number(g_inet_address_new_from_string(host));
  if (!number) throw Error("listen = '" + listen + "': the address must be a number, such as 127.0.0.1 or 0.0.0.0");
  return g_inet_address_get_is_loopback(number.get()) != FALSE;
}

}  // namespace action

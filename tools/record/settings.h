// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What gst-action-record is told: the keys of site.toml, most of which are options of the command line too.
#ifndef GST_ACTION_RECORD_SETTINGS_H_
#define GST_ACTION_RECORD_SETTINGS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "action/network.h"
#include "action/picture.h"
#include "common/quantities.h"

namespace action {

// One camera's view of one place of work. Every member is a key of [[station]], with '-' for '_'.
struct StationSettings {
  std::string name;
  std::string camera;  // URI, without user name and password

  // How the camera is reached.
  std::string protocols;
  std::string user;
  std::string password_env;
  std::string password_file;
  std::string password_keyring;

  // What is looked at, and how.
  std::string model;
  std::string elements;
  std::string roi;
  std::string profile = "study";
  int hop = 4;
  std::string features = "windowed";
  double takt = 0;          // s; 0: none
  std::string cycle_start;  // fine label that begins a cycle; empty: the first of elements.csv

  std::vector<Region> privacy_mask;
  bool record_overlay = true;
  bool record_raw = false;
  bool sound = false;

  friend bool operator==(const StationSettings &, const StationSettings &) = default;
};

// Whether they differ in nothing but takt and cycle_start.
bool SameButForCycles(const StationSettings &a, const StationSettings &b);

// Every member is a key at the top of site.toml.
struct SiteSettings {
  std::string output;

  // What is recorded.
  int64_t segment = 3600'000'000'000;  // ns
  std::string encoder = "auto";
  int bitrate = 4000;  // kbit/s
  bool durable = false;
  bool subtitles = true;

  // What is kept. 0: no limit.
  int64_t keep = 0;           // ns
  int64_t keep_timeline = 0;  // ns
  uint64_t max_size = 0;      // bytes
  FreeSpace min_free{0.05, 0};

  // When a camera counts as lost.
  int64_t stale = 5'000'000'000;
  int64_t frozen = 0;

  // Where it says how it is.
  std::string listen = "127.0.0.1:8484";
  std::string token_env;
  std::string token_file;

  // The network.
  std::string weights;
  std::string device = "auto";
  std::string precision = "auto";

  std::vector<StationSettings> stations;
};

// A key: its name, the word for its value in --help, what it is, and how it is set. Setters throw Error, which does not
// name the key.
template <typename Settings>
struct Key {
  enum class Kind { kText, kNumber, kFlag, kList };
  const char *name;
  Kind kind;
  const char *value;
  const char *help;
  // Of a flag "true" or "false"; of a list once for each entry.
  std::function<void(Settings &, const std::string &)> set;
};
const std::vector<Key<SiteSettings>> &SiteKeys();
const std::vector<Key<StationSettings>> &StationKeys();

// Names the place of a key: of a station, or of the site.
using KeyPlace = std::function<std::string(std::optional<size_t> station, const char *key)>;
// A name that is left out is made of the camera's address; a second one of this name becomes NAME-2. Throws Error for
// what does not go together, and for files that are not there.
void CheckSettings(SiteSettings &settings, const KeyPlace &where);

// Whether an address names a user.
bool HasPassword(const std::string &uri);
// The password of a camera; empty: none. Throws Error.
std::string PasswordOf(const StationSettings &station);
// The word that pages are asked for; empty: none is wanted. Throws Error.
std::string TokenOf(const SiteSettings &settings);
// Whether only this machine reaches it. Throws Error when it is no ADDRESS:PORT.
bool IsLoopback(const std::string &listen);

}  // namespace action

#endif  // GST_ACTION_RECORD_SETTINGS_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/site_file.h"

#include <sys/stat.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "action/error.h"
#include "action/io/input_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

// Keys whose values are names of files.
const std::set<std::string_view> kFiles = {"output", "token-file", "weights", "password-file", "model", "elements"};

class Reader {
 public:
  explicit Reader(const std::string &path) : path_(path), folder_(fs::absolute(path).parent_path()) {}

  std::string Where(const toml::source_region &region) const {
    return path_ + ", line " + std::to_string(region.begin.line);
  }

  [[noreturn]] void Fail(const toml::source_region &region, const std::string &what) const {
    throw Error(ErrorKind::kFormat, path_, Where(region) + ": " + what);
  }

  // Sets the key if the list has it.
  template <typename Settings>
  bool Set(const std::vector<Key<Settings>> &keys, Settings &settings, std::string_view name,
           const toml::node &node) const {
    const auto key = std::ranges::find(keys, name, &Key<Settings>::name);
    if (key == keys.end()) return false;
    const auto set = [&](const toml::node &value) {
      try {
        key->set(settings, TextOf(*key, value));
      } catch (const Error &e) {
        Fail(value.source(), std::string(name) + ": " + e.what());
      }
    };
    const toml::array *list = node.as_array();
    if (list != nullptr && key->kind == Key<Settings>::Kind::kList) {
      for (const toml::node &entry : *list)
        set(entry);
    } else {
      set(node);
    }
    return true;
  }

  [[noreturn]] void RefuseKey(std::string_view name, const toml::source_region &region,
                              const std::vector<std::string> &known) const {
    std::string all, meant;
    for (const std::string &key : known) {
      all += (all.empty() ? "" : ", ") + key;
      if (Letters(key) == Letters(name)) meant = ". Is " + key + " meant?";
    }
    Fail(region, "there is no key '" + std::string(name) + "' here" + (meant.empty() ? "; there are " + all : meant));
  }

 private:
  // What is left of a name when it is written in another way: no capitals, no dashes, no plural.
  static std::string Letters(std::string_view name) {
    std::string letters;
    for (const char c : name)
      if (std::isalnum(static_cast<unsigned char>(c)) != 0)
        letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (letters.ends_with('s')) letters.pop_back();
    return letters;
  }

  template <typename Settings>
  std::string TextOf(const Key<Settings> &key, const toml::node &value) const {
    using Kind = typename Key<Settings>::Kind;
    if (key.kind == Kind::kFlag) {
      const auto flag = value.value_exact<bool>();
      if (!flag) throw Error("should be true or false");
      return *flag ? "true" : "false";
    }
    if (key.kind == Kind::kNumber) {
      std::ostringstream text;
      text.imbue(std::locale::classic());
      if (const auto whole = value.value_exact<int64_t>()) {
        text << *whole;
      } else if (const auto number = value.value_exact<double>()) {
        text << *number;
      } else {
        throw Error("should be a number, without quotes");
      }
      return text.str();
    }
    const auto text = value.value_exact<std::string>();
    if (!text) throw Error("should be a text in quotes");
    return kFiles.contains(key.name) && !text->empty() ? (folder_ / *text).lexically_normal().string() : *text;
  }

  const std::string path_;
  const fs::path folder_;
};

template <typename Settings>
std::vector<std::string> NamesOf(const std::vector<Key<Settings>> &keys) {
  std::vector<std::string> names;
  for (const auto &key : keys)
    names.emplace_back(key.name);
  return names;
}

// An address with a password in it is a secret, and so is the file that it stands in.
void CheckSecret(const std::string &path, const StationSettings &station) {
  struct stat facts {};
  if (!HasPassword(station.camera) || stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077) == 0) return;
  throw Error("the address of the camera holds a password, and others can read " + path + ": run chmod 600 " + path +
              ", or use user with password-file or password-env");
}

}  // namespace

SiteSettings ReadSiteFile(const std::string &path) {
  const Reader reader(path);
  toml::table table;
  try {
    const std::string text = ReadText(path, path, kMostOfSettings);
    table = toml::parse(std::string_view(text), path);
  } catch (const toml::parse_error &e) {
    reader.Fail(e.source(), std::string(e.description()));
  }
  SiteSettings settings;
  StationSettings common;
  for (const auto &[name, node] : table) {
    if (name.str() == "station") continue;
    const bool of_all = name.str() != "name" && name.str() != "camera";
    if (reader.Set(SiteKeys(), settings, name.str(), node)) continue;
    if (of_all && reader.Set(StationKeys(), common, name.str(), node)) continue;
    if (!of_all) reader.Fail(name.source(), std::string(name.str()) + " belongs into a table [[station]]");
    if (node.is_table() || node.is_array_of_tables())
      reader.Fail(name.source(),
                  "there is no table '" + std::string(name.str()) + "': stations are tables [[station]]");
    std::vector<std::string> known = NamesOf(SiteKeys());
    std::ranges::copy(NamesOf(StationKeys()), std::back_inserter(known));
    reader.RefuseKey(name.str(), name.source(), known);
  }
  std::vector<const toml::table *> places;
  if (const toml::node *stations = table.get("station")) {
    const toml::array *list = stations->as_array();
    if (list == nullptr) reader.Fail(stations->source(), "stations are tables [[station]], with two brackets");
    for (const toml::node &node : *list) {
      const toml::table *station_table = node.as_table();
      if (station_table == nullptr) reader.Fail(node.source(), "stations are tables [[station]]");
      StationSettings station = common;
      if (station_table->contains("privacy-mask")) station.privacy_mask.clear();
      for (const auto &[name, value] : *station_table) {
        if (!reader.Set(StationKeys(), station, name.str(), value))
          reader.RefuseKey(name.str(), name.source(), NamesOf(StationKeys()));
      }
      settings.stations.push_back(std::move(station));
      places.push_back(station_table);
    }
  }
  // A key that a station does not have may stand at the top.
  const auto where = [&](std::optional<size_t> station, const char *key) -> std::string {
    const toml::node *common_one = table.get(key);
    if (!station) return common_one != nullptr ? reader.Where(common_one->source()) : "";
    const toml::node *own = places[*station]->get(key);
    const toml::node &node = own != nullptr ? *own : common_one != nullptr ? *common_one : *places[*station];
    return reader.Where(node.source()) + ": station";
  };
  for (size_t i = 0; i < settings.stations.size(); ++i) {
    try {
      CheckSecret(path, settings.stations[i]);
    } catch (const Error &e) {
      throw Error(ErrorKind::kSettings, path, where(i, "camera") + ": " + e.what());
    }
  }
  try {
    CheckSettings(settings, where);
  } catch (const Error &e) {
    const std::string what = e.what();
    throw Error(e.kind(), path, what.starts_with(path) ? what : path + ": " + what);
  }
  return settings;
}

}  // namespace action

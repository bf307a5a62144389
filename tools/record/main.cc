// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-record: a line's cameras, recorded with their labels.
#include <glib.h>
#include <gst/gst.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "action/error.h"
#include "common/command_line.h"
#include "common/encoder.h"
#include "record/app.h"
#include "record/lines.h"
#include "record/models.h"
#include "record/settings.h"
#include "record/site_file.h"

namespace {

namespace fs = std::filesystem;

constexpr const char *kProgram = "gst-action-record";

// The keys of a table as options of the command line.
template <typename Settings>
class Options {
 public:
  using Key = action::Key<Settings>;

  // skipped: keys that are no options.
  Options(const std::vector<Key> &keys, const std::vector<std::string> &skipped) {
    for (const Key &key : keys) {
      bool skip = false;
      for (const std::string &name : skipped)
        skip = skip || name == key.name;
      if (!skip) given_.push_back({key, nullptr, nullptr, -1});
    }
  }
  ~Options() {
    for (Given &given : given_) {
      g_free(given.text);
      g_strfreev(given.texts);
    }
  }
  Options(const Options &) = delete;
  Options &operator=(const Options &) = delete;

  void AddTo(std::vector<GOptionEntry> &entries) {
    for (Given &given : given_) {
      const Key &key = given.key;
      if (key.kind == Key::Kind::kFlag) {
        entries.push_back({key.name, 0, 0, G_OPTION_ARG_NONE, &given.flag, key.help, nullptr});
      } else if (key.kind == Key::Kind::kList) {
        entries.push_back({key.name, 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.texts, key.help, key.value});
      } else {
        entries.push_back({key.name, 0, 0, G_OPTION_ARG_STRING, &given.text, key.help, key.value});
      }
    }
  }
  // Throws UsageError.
  void Set(Settings &settings) const {
    for (const Given &given : given_) {
      try {
        if (given.text != nullptr) given.key.set(settings, given.text);
        if (given.flag == TRUE) given.key.set(settings, "true");
        for (char **text = given.texts; text != nullptr && *text != nullptr; ++text)
          given.key.set(settings, *text);
      } catch (const action::Error &e) {
        throw action::UsageError(std::string("--") + given.key.name + ": " + e.what());
      }
    }
  }
  // The first option that was given; empty: none.
  std::string first() const {
    for (const Given &given : given_) {
      if (given.text != nullptr || given.texts != nullptr || given.flag == TRUE) return given.key.name;
    }
    return {};
  }

 private:
  struct Given {
    Key key;
    char *text;
    char **texts;
    gboolean flag;
  };
  std::list<Given> given_;  // entries point at them
};

bool IsAddress(const std::string &operand) {
  return operand.find("://") != std::string::npos;
}

int Run(int argc, char **argv) {
  gboolean dry_run = FALSE, no_subtitles = FALSE;
  char **rehearsals = nullptr;
  action::CommandLine line(
      kProgram, "CAMERA... | SITE.toml - records cameras with their labels",
      "Records what CAMERAs (rtsp://HOST/PATH, v4l2:///dev/video0) show, with the actions that a model sees drawn in, "
      "and\n"
      "writes the timeline beside it:\n\n"
      "  gst-action-record --model MODEL --output DIR rtsp://CAMERA\n\n"
      "DIR/STATION/2026-11-26/ gets overlay-142000.mp4 (each hour a file) and timeline.jsonl. SITE.toml describes "
      "many\n"
      "stations; docs/record.md explains its keys, which most options below are as well. Passwords of cameras come "
      "from\n"
      "--password-env or --password-file. SIGTERM and Ctrl-C close all files (status 0); SIGHUP reads SITE.toml "
      "again.");
  Options<action::SiteSettings> site(action::SiteKeys(), {"subtitles"});
  Options<action::StationSettings> station(action::StationKeys(), {"name", "camera"});
  std::vector<GOptionEntry> entries = {
      {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Print the pipelines as gst-launch lines, and end", nullptr},
      {"rehearse", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rehearsals,
       "Play a file as if it were a camera; may be given again", "FILE"},
      {"no-subtitles", 0, 0, G_OPTION_ARG_NONE, &no_subtitles, "Write no subtitle track into overlaid recordings",
       nullptr}};
  site.AddTo(entries);
  station.AddTo(entries);
  line.Add(entries);
  if (const auto ended = line.Parse(argc, argv)) return *ended;
  std::vector<std::string> files;
  for (char **file = rehearsals; file != nullptr && *file != nullptr; ++file)
    files.emplace_back(*file);
  g_strfreev(rehearsals);
  const std::vector<std::string> &operands = line.operands();
  if (operands.empty() && files.empty()) throw action::UsageError("name a camera, or a site.toml");

  const auto set_site = [&](action::SiteSettings &settings) {
    site.Set(settings);
    if (no_subtitles != FALSE) settings.subtitles = false;
  };
  action::AppOptions options;
  if (operands.size() == 1 && !IsAddress(operands[0])) {
    const std::string path = operands[0];
    const std::string extra = station.first();
    if (!extra.empty() || !files.empty())
      throw action::UsageError("--" + (extra.empty() ? "rehearse" : extra) + " stands in " + path +
                               ", for each station");
    // Options win over the file.
    options.reload = [path, &set_site] {
      action::SiteSettings settings = action::ReadSiteFile(path);
      set_site(settings);
      return settings;
    };
    options.settings = options.reload();
  } else {
    set_site(options.settings);
    action::StationSettings common;
    station.Set(common);
    std::vector<std::string> cameras = operands;
    for (const std::string &file : files) {
      std::error_code failed;
      if (!fs::is_regular_file(file, failed)) throw action::UsageError("--rehearse: there is no file " + file);
      g_autofree char *uri = g_filename_to_uri(fs::absolute(file).c_str(), nullptr, nullptr);
      cameras.emplace_back(uri);
    }
    for (const std::string &camera : cameras) {
      if (!IsAddress(camera))
        throw action::UsageError("'" + camera +
                                 "' is not the address of a camera, such as rtsp://HOST/PATH (a file: --rehearse)");
      if (action::HasPassword(camera)) {
        throw action::UsageError(
            "a password in the command line can be read by everyone on this machine: use --user with --password-file "
            "or "
            "--password-env");
      }
      options.settings.stations.push_back(common);
      options.settings.stations.back().camera = camera;
    }
    action::CheckSettings(options.settings,
                          [&](std::optional<size_t> i, const char *) { return i ? cameras[*i] : ""; });
  }
  action::CheckModels(options.settings);
  if (dry_run != FALSE) {
    const std::string encoder = action::ChooseEncoder(options.settings.encoder);
    for (const std::string &text : action::LaunchLines(options.settings, encoder))
      std::printf("%s\n", text.c_str());
    return action::kDone;
  }
  return action::RunRecorder(options);
}

}  // namespace

int main(int argc, char **argv) {
  gst_init(nullptr, nullptr);
  return action::RunTool(kProgram, [&] { return Run(argc, argv); });
}

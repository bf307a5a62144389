// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-features: videos in, the reference's feature files out.
#include <glib.h>
#include <gst/gst.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "action/engine.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/feature_cache.h"
#include "action/r3d18_spec.h"
#include "common/command_line.h"
#include "common/feature_options.h"
#include "common/progress.h"
#include "common/video_run.h"

namespace {

struct Options {
  action::FeatureOptions features{"hop", "Samples between chunk starts, 1 to 16 (default: the profile's)"};
  char *output = nullptr;
  gboolean quiet = FALSE;
  std::vector<std::string> videos;
};

int Extract(const Options &options) {
  // All that can be wrong with the options is said before the first video is opened.
  action::FeatureConfig config = options.features.Config();
  const action::Engine::Request request = options.features.Request();
  // Held until the end: every video's r3dfeatures finds this network running.
  const std::shared_ptr<action::FeatureService> service = action::LoadEngine().OpenFeatureService(request);
  config.weights_hash = service->info().weights_hash;
  config.precision = service->info().precision;
  const action::FeatureCache cache(options.output, config);
  cache.Prepare();

  action::Progress progress(options.quiet != FALSE);
  if (service->info().stand_in) {
    progress.Complain(std::string("warning: ") + action::kStandInNotice + " (" + service->info().weights_path + ")");
  }
  action::VideoRunOptions run;
  run.properties = options.features.Properties();
  run.warning = [&progress](const std::string &text) { progress.Complain("warning: " + text); };

  const size_t count = options.videos.size();
  size_t bad = 0;
  for (size_t i = 0; i < count; ++i) {
    const std::string &path = options.videos[i];
    const std::string label =
        std::to_string(i + 1) + "/" + std::to_string(count) + " " + std::filesystem::path(path).filename().string();
    run.progress = [&](double done, double total) { progress.Update(label, done, total); };
    try {
      const action::VideoMark mark = action::VideoMark::Of(path);
      cache.CheckReplaceable(path, {});
      const action::FeatureTable table = action::RunVideo(path, run);
      cache.Write(path, {}, table, mark);
      progress.Finish(path + " -> " + cache.EntryFor(path) + ".pt, " + std::to_string(table.rows.size()) + " chunks");
    } catch (const std::exception &e) {
      ++bad;
      const std::string problem = e.what();
      const bool names_it = problem.find(path) != std::string::npos;
      progress.Complain("error: " + (names_it ? problem : path + ": " + problem));
    }
  }
  if (bad > 0) {
    std::fprintf(stderr, "gst-action-features: %zu of %zu videos failed\n", bad, count);
    return action::kFailed;
  }
  return action::kDone;
}

int Run(int argc, char **argv) {
  Options options;
  action::CommandLine line(
      "gst-action-features", "VIDEO... - features of videos, as the reference's feature cache stores them",
      "Writes for each VIDEO a file vid_MD5__fps8__len16.pt, {'feats': [T,512] float32, 'ts': [T] float32 seconds}, "
      "readable by\n"
      "torch.load, and a .json with the source's frame rate and what the features were made with. One row is 16 frames "
      "sampled at 8 per second, about 2 s.\n"
      "MD5 is that of PATH|fps=8|len=16, where PATH is the path as it is given here.");
  line.Add({{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Folder for the .pt and .json files (required)",
             "DIR"},
            {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print only warnings and errors", nullptr}});
  options.features.AddTo(line.context());
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  options.videos = line.operands();
  if (options.videos.empty()) throw action::UsageError("no video given");
  if (options.output == nullptr) throw action::UsageError("no output folder given: use -o DIR");
  try {
    options.features.Config();
    options.features.Request();
  } catch (const action::Error &e) {
    throw action::UsageError(e.what());
  }
  return Extract(options);
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-features", [&] { return Run(argc, argv); });
}

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

#include "action/engine.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/feature_cache.h"
#include "action/r3d18_spec.h"
#include "common/feature_options.h"
#include "common/progress.h"
#include "common/video_run.h"

namespace {

struct Options {
  action::FeatureOptions features{"hop", "Samples between chunk starts, 1 to 16 (default: the profile's)"};
  char *output = nullptr;
  gboolean quiet = FALSE;
  char **videos = nullptr;
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

  const guint count = g_strv_length(options.videos);
  guint bad = 0;
  for (guint i = 0; i < count; ++i) {
    const std::string path = options.videos[i];
    const std::string label =
        std::to_string(i + 1) + "/" + std::to_string(count) + " " + std::filesystem::path(path).filename().string();
    run.progress = [&](double done, double total) { progress.Update(label, done, total); };
    try {
      const action::VideoMark mark = action::VideoMark::Of(path);
      const action::FeatureTable table = action::RunVideo(path, run);
      cache.Write(path, {}, table, mark);
      progress.Finish(path + " -> " + cache.NameFor(path) + ".pt, " + std::to_string(table.rows.size()) + " chunks");
    } catch (const std::exception &e) {
      ++bad;
      progress.Complain(std::string("error: ") + e.what());
    }
  }
  if (bad > 0) {
    std::fprintf(stderr, "gst-action-features: %u of %u videos failed\n", bad, count);
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  Options options;
  const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Folder for the .pt and .json files (required)",
       "DIR"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print only warnings and errors", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.videos, nullptr, "VIDEO..."},
      {},
  };
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
      g_option_context_new("- features of videos, as the reference's feature cache stores them"),
      &g_option_context_free);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  options.features.AddTo(context.get());
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  g_option_context_set_summary(
      context.get(),
      "Writes for each VIDEO a file vid_MD5__fps8__len16.pt, {'feats': [T,512] float32, 'ts': [T] float32 seconds}, "
      "readable by\n"
      "torch.load, and a .json with the source's frame rate and what the features were made with. One row is 16 frames "
      "sampled at 8 per second, about 2 s.\n"
      "MD5 is that of the path as it is given here. A name that starts with a dash goes behind --.");
  GError *error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    std::fprintf(stderr, "gst-action-features: %s\n", error->message);
    return 2;
  }
  if (options.videos == nullptr || options.output == nullptr) {
    std::fprintf(stderr, "gst-action-features: %s (see --help)\n",
                 options.videos == nullptr ? "no video given" : "no output folder given: use -o DIR");
    return 2;
  }
  try {
    return Extract(options);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "gst-action-features: %s\n", e.what());
    return 1;
  }
}

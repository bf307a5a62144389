// gst-action-features: videos in, the reference's feature files out.
#include <glib.h>
#include <gst/gst.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "action/atomic_file.h"
#include "action/checkpoint/checkpoint.h"
#include "action/error.h"
#include "common/progress.h"
#include "common/video_run.h"

namespace {

struct Options {
  char *output = nullptr;
  char *weights = nullptr;
  char *device = nullptr;
  char *precision = nullptr;
  char *sampling = nullptr;
  char *roi = nullptr;
  char *colorimetry = nullptr;
  int hop = 16;
  gboolean quiet = FALSE;
  char **videos = nullptr;
};

// The reference's name for a video's features: vid_{md5 of "PATH|fps=8|len=16"}__fps8__len16, here extended by the hop
// when it is not the reference's.
std::string CacheName(const std::string &path, int hop) {
  const std::string key = path + "|fps=8|len=16";
  const std::unique_ptr<char, decltype(&g_free)> md5(g_compute_checksum_for_string(G_CHECKSUM_MD5, key.c_str(), -1),
                                                     &g_free);
  return std::string("vid_") + md5.get() + "__fps8__len16" + (hop == 16 ? "" : "__hop" + std::to_string(hop));
}

void WriteFeatures(const std::filesystem::path &stem, const action::VideoFeatures &video) {
  std::vector<float> feats, times;
  for (const action::Features &row : video.features)
    feats.insert(feats.end(), row.begin(), row.end());
  for (const double time : video.times)
    times.push_back(static_cast<float>(time));
  const auto rows = static_cast<int64_t>(video.features.size());
  action::Dict dict;
  dict.items.emplace_back(
      action::MakeValue(std::string("feats")),
      action::MakeValue(action::Tensor::FromFloats({rows, action::kFeatureSize}, std::move(feats))));
  dict.items.emplace_back(action::MakeValue(std::string("ts")),
                          action::MakeValue(action::Tensor::FromFloats({rows}, std::move(times))));
  action::AtomicFile facts(stem.string() + ".json");
  facts.Write(nlohmann::json{{"src_fps", video.source_fps}}.dump() + "\n");
  action::WriteTorchZip(stem.string() + ".pt", action::Value{std::move(dict)});
  facts.Commit();
}

std::string OrEmpty(const char *text) {
  return text != nullptr ? text : "";
}

int Extract(const Options &options) {
  const std::filesystem::path folder = options.output;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw action::Error("cannot make the folder " + folder.string() + ": " + failed.message());

  action::Progress progress(options.quiet != FALSE);
  action::VideoRunOptions run;
  run.properties = {{"weights", OrEmpty(options.weights)},
                    {"device", OrEmpty(options.device)},
                    {"precision", OrEmpty(options.precision)},
                    {"sampling", OrEmpty(options.sampling)},
                    {"roi", OrEmpty(options.roi)},
                    {"colorimetry", OrEmpty(options.colorimetry)},
                    {"hop", std::to_string(options.hop)}};
  run.warning = [&progress](const std::string &text) { progress.Complain("warning: " + text); };

  const guint count = g_strv_length(options.videos);
  guint bad = 0;
  for (guint i = 0; i < count; ++i) {
    const std::string path = options.videos[i];
    const std::string label =
        std::to_string(i + 1) + "/" + std::to_string(count) + " " + std::filesystem::path(path).filename().string();
    run.progress = [&](double done, double total) { progress.Update(label, done, total); };
    try {
      const action::VideoFeatures video = action::RunVideo(path, run);
      const std::string name = CacheName(path, options.hop);
      WriteFeatures(folder / name, video);
      progress.Finish(path + " -> " + name + ".pt, " + std::to_string(video.features.size()) + " chunks");
    } catch (const action::Error &e) {
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
      {"weights", 'w', 0, G_OPTION_ARG_FILENAME, &options.weights,
       "R3D-18 weights; default: see gst-inspect-1.0 r3dfeatures", "FILE"},
      {"device", 0, 0, G_OPTION_ARG_STRING, &options.device, "auto, cpu, cuda or cuda:N", "DEVICE"},
      {"precision", 0, 0, G_OPTION_ARG_STRING, &options.precision, "auto, fp32, fp16 or bf16", "PRECISION"},
      {"sampling", 0, 0, G_OPTION_ARG_STRING, &options.sampling, "auto, stride or timestamp", "SAMPLING"},
      {"hop", 0, 0, G_OPTION_ARG_INT, &options.hop, "Samples between chunk starts, 1 to 16 (default 16)", "N"},
      {"roi", 0, 0, G_OPTION_ARG_STRING, &options.roi, "Part of the picture, as fractions: x,y,width,height", "REGION"},
      {"colorimetry", 0, 0, G_OPTION_ARG_STRING, &options.colorimetry, "reference or stream", "WHICH"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Print only warnings and errors", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.videos, nullptr, "VIDEO..."},
      {},
  };
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
      g_option_context_new("- features of videos, as the reference's feature cache stores them"),
      &g_option_context_free);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  g_option_context_set_summary(
      context.get(),
      "Writes for each VIDEO a file vid_MD5__fps8__len16.pt, {'feats': [T,512] float32, 'ts': [T] float32 seconds}, "
      "readable by\n"
      "torch.load, and a .json with the source's frame rate. One row is 16 frames sampled at 8 per second, about 2 s.\n"
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
  if (options.hop < 1 || options.hop > 16) {
    std::fprintf(stderr, "gst-action-features: --hop is %d; it must be 1 to 16\n", options.hop);
    return 2;
  }
  try {
    return Extract(options);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "gst-action-features: %s\n", e.what());
    return 1;
  }
}

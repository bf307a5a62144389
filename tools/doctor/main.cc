// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-doctor: looks at an installation and says what is missing and what to do.
#include <glib.h>
#include <gst/gst.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/elements.h"
#include "action/engine.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/model_bundle.h"
#include "action/r3d18_spec.h"
#include "action/weights_location.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/cuda_kernels.h"
#include "actionoverlay/panel_painter.h"
#include "build_config.h"
#include "common/command_line.h"

namespace action {
namespace {

using PluginPtr = std::unique_ptr<GstPlugin, Deleter<gst_object_unref>>;

// Prints one line for each thing that was looked at.
class Report {
 public:
  void Good(const char *what, const std::string &found) const { Line("ok", what, found, ""); }
  // Something works less well than it could.
  void Note(const char *what, const std::string &found, const std::string &remedy) const {
    Line("note", what, found, remedy);
  }
  // Something does not work.
  void Bad(const char *what, const std::string &found, const std::string &remedy) {
    ++problems_;
    Line("PROBLEM", what, found, remedy);
  }
  int problems() const { return problems_; }

 private:
  static void Line(const char *state, const char *what, const std::string &found, const std::string &remedy) {
    std::string line = found;
    std::ranges::replace(line, '\n', ' ');
    std::printf("%-8s %-14s %s\n", state, what, Printable(line).c_str());
    if (!remedy.empty()) std::printf("%-8s %-14s -> %s\n", "", "", Printable(remedy).c_str());
  }
  int problems_ = 0;
};

// ---- The plugin

void CheckPlugin(Report &report) {
  GstRegistry *registry = gst_registry_get();
  const PluginPtr plugin(gst_registry_find_plugin(registry, "action"));
  if (plugin) {
    const std::string version = gst_plugin_get_package(plugin.get());
    report.Good("plugin", version + ", " + OrEmpty(gst_plugin_get_filename(plugin.get())));
    if (version != std::string("gst-action ") + ACTION_VERSION) {
      report.Bad("version", "the plugin is of another version than this program, " + std::string(ACTION_VERSION),
                 "install gst-action anew, or correct GST_PLUGIN_PATH");
    }
    return;
  }
  std::string remedy =
      "set GST_PLUGIN_PATH to the folder of libgstaction.so; this build installs it to " ACTION_PLUGIN_DIR;
  GList *plugins = gst_registry_get_plugin_list(registry);
  for (GList *item = plugins; item != nullptr; item = item->next) {
    auto *other = GST_PLUGIN(item->data);
    const std::string file = OrEmpty(gst_plugin_get_filename(other));
    if (!GST_OBJECT_FLAG_IS_SET(other, GST_PLUGIN_FLAG_BLACKLISTED) || !file.ends_with("libgstaction.so")) continue;
    remedy =
        file + " crashed or could not be loaded when GStreamer looked at it, and is blacklisted: remove " +
        (g_getenv("GST_REGISTRY") != nullptr ? g_getenv("GST_REGISTRY") : "~/.cache/gstreamer-1.0/registry.*.bin") +
        " and look again; GST_DEBUG=GST_PLUGIN_LOADING:4 tells why";
  }
  gst_plugin_list_free(plugins);
  const char *path = g_getenv("GST_PLUGIN_PATH");
  report.Bad("plugin",
             std::string("GStreamer does not find it (GST_PLUGIN_PATH is ") +
                 (path == nullptr ? "not set"
                  : *path == '\0' ? "empty"
                                  : path) +
                 ")",
             remedy);
}

// ---- Elements of others

struct Need {
  const char *package;  // of Debian
  const char *what_for;
  std::vector<const char *> elements;
  bool optional = false;
};

const std::vector<Need> &Needs() {
  static const std::vector<Need> kNeeds = {
      {"gstreamer1.0-plugins-base",
       "files, conversion",
       {"decodebin", "uridecodebin", "videoconvert", "videoscale", "videotestsrc"}},
      {"gstreamer1.0-plugins-good",
       "MP4, cameras, screens",
       {"qtdemux", "mp4mux", "matroskademux", "rtspsrc", "rtph264depay", "v4l2src", "splitmuxsink", "autovideosink",
        "videoflip", "pngenc"}},
      {"gstreamer1.0-plugins-bad", "H.264 and H.265 streams", {"h264parse", "h265parse", "tsdemux"}},
      {"gstreamer1.0-plugins-ugly", "encoding H.264", {"x264enc"}},
      {"gstreamer1.0-libav", "decoding", {"avdec_h264", "avdec_h265"}},
      {"gstreamer1.0-x", "a window on the screen", {"ximagesink"}, true},
  };
  return kNeeds;
}

void CheckElements(Report &report) {
  const int before = report.problems();
  for (const Need &need : Needs()) {
    std::string missing;
    for (const char *element : need.elements) {
      GstElementFactory *factory = gst_element_factory_find(element);
      if (factory == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(element);
      if (factory != nullptr) gst_object_unref(factory);
    }
    if (missing.empty()) continue;
    const std::string what = missing + " (" + need.what_for + ")", remedy = std::string("apt install ") + need.package;
    if (need.optional) {
      report.Note("elements", what, remedy);
    } else {
      report.Bad("elements", what, remedy);
    }
  }
  if (report.problems() == before) report.Good("elements", "all that README's lines need");
}

// ---- The network

// How to get other weights than those that were named.
std::string OtherWeights(const std::string &named, const std::string &otherwise) {
  if (!named.empty()) return "name another file with --weights, or none";
  const char *variable = g_getenv("GST_ACTION_WEIGHTS");
  if (variable == nullptr || *variable == '\0') return otherwise;
  return std::string("GST_ACTION_WEIGHTS names ") + variable + ": name another file in it, or unset it; " + otherwise;
}

// What the network would compute features with; nothing when it cannot be had.
std::optional<ServiceInfo> CheckLibTorch(Report &report, const std::string &weights) {
  Engine *engine = nullptr;
  try {
    engine = &LoadEngine();
  } catch (const Error &e) {
    report.Bad("LibTorch", e.what(), "as it says; gst-action does nothing without it");
    return std::nullopt;
  }
  report.Good("LibTorch", engine->TorchVersion());
  const std::string blas = LoadedBlas();
  if (IsReferenceBlas(blas)) {
    report.Note("BLAS", blas + ", the reference: training is about ten times slower",
                "apt install libopenblas0-pthread");
  } else {
    report.Good("BLAS", blas.empty() ? "LibTorch's own" : blas);
  }
  const std::string kernels = engine->CpuKernels();
  if (kernels.empty()) {
    report.Note("CPU", "no AVX2: the network runs on LibTorch, several times slower",
                "use a processor with AVX2 or AVX-512, or a GPU");
  } else {
    report.Good("CPU", "fp32 by gst-action's own convolutions, " + kernels);
  }
  try {
    const ServiceInfo info = engine->Describe({weights, {}, Precision::kAuto});
    const std::string what = info.stand_in    ? kStandInNotice
                             : info.published ? "the published Kinetics-400 ones"
                                              : "not the published ones";
    if (info.stand_in) {
      report.Note("weights", info.weights_path + ": " + what, OtherWeights(weights, "gst-action-weights fetch"));
    } else {
      report.Good("weights", info.weights_path + ": " + what);
    }
    report.Good("device", info.device.ToString() + ", " + NameOf(info.precision));
    return info;
  } catch (const Error &e) {
    report.Bad("weights", e.what(),
               OtherWeights(weights,
                            "gst-action-weights fetch, or to try things out: gst-action-weights make-standin "
                            "standin.pth"));
  }
  return std::nullopt;
}

// ---- Frames on a GPU

void CheckGpuFrames(Report &report) {
  const CudaDriver *driver = FindCudaDriver();
  if (driver == nullptr) return;
  try {
    TryCudaKernels(*driver);
    report.Good("GPU frames", "frames in an NVIDIA GPU's memory (nvh264dec) are shrunk, and drawn into, there");
  } catch (const Error &e) {
    report.Note("GPU frames", "frames in an NVIDIA GPU's memory (nvh264dec) are copied to main memory", e.what());
  }
}

// ---- A model

// Whether a model is good, and was trained with these weights: with others actionclassify refuses it.
void CheckFit(Report &report, const ModelBundle &model, const std::optional<ServiceInfo> &service) {
  if (!model.facts()) {
    report.Note("model", "it does not say what it was trained with, as the Python system's do not",
                "use it with the published weights, 8 frames a second and the whole picture");
    return;
  }
  if (const auto poor = model.facts()->poor_accuracy()) {
    report.Note("model",
                "it was right on only " + std::to_string(std::lround(100 * *poor)) +
                    " % of the clips that were held out when it was trained",
                "train it with more clips of each action; its report.html tells which are mixed up");
  }
  if (service && service->weights_hash != model.facts()->features.weights_hash) {
    report.Bad("model", "it was not trained with the weights that would be used, " + service->weights_path,
               "name those in GST_ACTION_WEIGHTS (or r3dfeatures weights=), or train the model anew");
  }
}

void CheckTable(Report &report, const ModelBundle &model, const std::string &folder) {
  const std::string table = folder + "/" + kElementsFile;
  LabelTable labels = model.labels();
  const bool has_table = std::filesystem::exists(table);
  if (!has_table && !NoValuesNotice(labels, folder).empty()) {
    report.Note("elements.csv", "none, and the labels do not say what adds value: all segments are UNKNOWN",
                "gst-action-elements " + folder + ", then fill in the column value (--dataset FOLDER does, from the " +
                    "names of the clips)");
    return;
  }
  if (!has_table) {
    report.Note("elements.csv", "none: labels are shown as they were trained", "gst-action-elements " + folder);
    return;
  }
  try {
    ApplyElements(ReadElements(table), table, labels);
    report.Good("elements.csv", table);
    if (!NoValuesNotice(labels, folder).empty())
      report.Note("elements.csv", "it says no value category: all segments are UNKNOWN", "fill in the column value");
  } catch (const Error &e) {
    report.Bad("elements.csv", e.what(), "correct the table; gst-action-elements --check " + folder + " looks again");
  }
}

void CheckModel(Report &report, const std::string &folder, const std::optional<ServiceInfo> &service) {
  try {
    const ModelBundle model = ModelBundle::Open(folder);
    const size_t trained = static_cast<size_t>(
        std::ranges::count_if(model.families(), [](const Family &f) { return f.head.has_value(); }));
    report.Good("model", folder + ": " + std::to_string(model.labels().coarse.size()) + " coarse actions, " +
                             std::to_string(model.labels().fine.size()) + " fine ones, " + std::to_string(trained) +
                             " fine classifiers");
    if (model.facts() && model.facts()->stand_in)
      report.Note("model", std::string("trained on a ") + kStandInNotice, "train it anew with the published weights");
    CheckFit(report, model, service);
    CheckTable(report, model, folder);
  } catch (const Error &e) {
    const bool is_model = std::filesystem::is_directory(folder + "/stage1");
    report.Bad("model", e.what(),
               is_model ? "copy the folder anew from where it was trained, or train it anew"
                        : "name a folder of gst-action-train or of the Python system");
  }
}

// ---- Letters

void CheckFonts(Report &report) {
  struct Script {
    const char *name;
    const char *sample;
    const char *package;
  };
  constexpr std::array<Script, 5> kScripts = {{{"Latin", "Aa", "fonts-dejavu-core"},
                                               {"Arabic", "\xd8\xa8", "fonts-dejavu-core"},
                                               {"Chinese", "\xe6\x8b\xa7", "fonts-noto-cjk"},
                                               {"Japanese", "\xe3\x83\x8d", "fonts-noto-cjk"},
                                               {"Emoji", "\xf0\x9f\x94\xa7", "fonts-noto-color-emoji"}}};
  std::string there, missing, packages;
  PanelPainter painter;
  for (const Script &script : kScripts) {
    const PanelLine line{script.sample};
    const bool has = painter.PaintPanel({&line, 1}, {}, 1000, 1000).unreadable.empty();
    std::string &list = has ? there : missing;
    list += (list.empty() ? "" : ", ") + std::string(script.name);
    if (!has && packages.find(script.package) == std::string::npos) packages += std::string(" ") + script.package;
  }
  if (there.find("Latin") == std::string::npos) {
    report.Bad("fonts", "none: actionoverlay would draw boxes for letters", "apt install fonts-dejavu-core");
    return;
  }
  report.Good("fonts", there);
  if (!missing.empty()) report.Note("fonts", "none for " + missing, "if your labels need them: apt install" + packages);
}

int Run(int argc, char **argv) {
  g_autofree char *weights = nullptr;
  CommandLine line(
      "gst-action-doctor", "[MODEL]",
      "Looks at this installation: the plugin, elements of other packages, LibTorch, weights, fonts, and a model\n"
      "folder if one is given. Says what is missing and what to do. Exit status 1 when something does not work.");
  line.Add({{"weights", 'w', 0, G_OPTION_ARG_FILENAME, &weights,
             "Weights to look at (default: those that would be used)", "FILE"}});
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() > 1) throw UsageError("usage: gst-action-doctor [MODEL]");
  Report report;
  g_autofree char *version = gst_version_string();
  report.Good("GStreamer", version);
  CheckPlugin(report);
  CheckElements(report);
  const auto service = CheckLibTorch(report, OrEmpty(weights));
  CheckGpuFrames(report);
  CheckFonts(report);
  if (!line.operands().empty()) CheckModel(report, line.operands()[0], service);
  std::printf("\n%s\n", report.problems() == 0 ? "Everything that is needed is there."
                                               : "What is marked PROBLEM does not work yet.");
  return report.problems() == 0 ? kDone : kFailed;
}

}  // namespace
}  // namespace action

int main(int argc, char **argv) {
  return action::RunTool("gst-action-doctor", [&] { return action::Run(argc, argv); });
}

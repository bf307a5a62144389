// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-weights: look at, check, convert, make and fetch the backbone's weights.
#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/r3d18_spec.h"
#include "action/sha256.h"
#include "action/weights_location.h"
#include "common/command_line.h"
#include "fetch.h"

namespace {

using Arguments = std::vector<std::string>;

using action::CommandLine;
using action::Printable;

// A command's operands, of which there must be `count`; an exit code where the program ends at once.
std::optional<int> Parse(CommandLine &line, const Arguments &arguments, size_t count, const char *usage) {
  const auto end = line.Parse(arguments);
  if (!end && line.operands().size() != count) {
    throw action::UsageError(std::string("usage: gst-action-weights ") + usage);
  }
  return end;
}

void PrintPrefix(const action::StateDict &state) {
  if (!state.prefix.empty())
    std::printf("prefix:  %s, which stands before every name, is left off\n", Printable(state.prefix).c_str());
}

void PrintTree(const action::Value &value, const std::string &name, int depth, size_t &budget) {
  if (budget == 0) return;
  --budget;
  std::printf("%*s%s: %s\n", 2 * depth, "", Printable(name).c_str(), Printable(action::Describe(value)).c_str());
  const auto *dict = value.As<action::Dict>();
  if (dict == nullptr || depth > 8) return;
  for (const auto &[key, item] : dict->items) {
    const auto *text = key->As<std::string>();
    PrintTree(*item, text != nullptr ? *text : action::Describe(*key), depth + 1, budget);
  }
}

int Inspect(const Arguments &arguments) {
  CommandLine line("gst-action-weights inspect", "FILE",
                   "Prints what a checkpoint file holds: entries, types, shapes and hashes.");
  if (const auto end = Parse(line, arguments, 1, "inspect FILE")) return *end;
  const action::Checkpoint checkpoint = action::ReadCheckpoint(line.operands()[0]);
  std::printf("file:    %s\nformat:  %s, %zu bytes\nsha256:  %s\n", checkpoint.path.c_str(), NameOf(checkpoint.format),
              checkpoint.bytes->size(), action::Sha256Of(*checkpoint.bytes).c_str());
  action::StateDict state;
  try {
    state = action::ToStateDict(checkpoint);
  } catch (const action::Error &) {
    std::printf("content: not a state_dict\n");
    size_t budget = 10000;
    PrintTree(*checkpoint.root, "root", 0, budget);
    return 0;
  }
  int64_t elements = 0;
  size_t width = 0;
  for (const auto &[name, tensor] : state.entries) {
    elements += tensor.numel();
    width = std::max(width, name.size());
  }
  std::printf("content: a state_dict of %zu tensors, %lld elements\n", state.entries.size(),
              static_cast<long long>(elements));
  std::printf("weights: %s\n", action::WeightsHash(state).c_str());
  PrintPrefix(state);
  for (const auto &[key, value] : state.metadata)
    std::printf("note:    %s: %s\n", Printable(key).c_str(), Printable(value).c_str());
  std::printf("\n");
  for (const auto &[name, tensor] : state.entries) {
    std::printf("%-*s  %-8s  %s\n", static_cast<int>(width), name.c_str(), NameOf(tensor.dtype()),
                action::ShapeToString(tensor.shape()).c_str());
  }
  return 0;
}

int Verify(const Arguments &arguments) {
  CommandLine line(
      "gst-action-weights verify", "FILE",
      "Says whether a file holds an R3D-18 and whether it is the published one. Fails when it is no R3D-18.");
  if (const auto end = Parse(line, arguments, 1, "verify FILE")) return *end;
  const action::Checkpoint checkpoint = action::ReadCheckpoint(line.operands()[0]);
  const action::StateDict state = action::ToStateDict(checkpoint);
  action::CheckR3d18(state, checkpoint.path);
  const std::string hash = action::Sha256Of(*checkpoint.bytes);
  std::printf("%s: an R3D-18, %s, %s classifier\n", checkpoint.path.c_str(), NameOf(checkpoint.format),
              state.Find("fc.weight") != nullptr ? "with" : "without");
  std::printf("sha256:  %s\nweights: %s\n", hash.c_str(), action::WeightsHash(state).c_str());
  PrintPrefix(state);
  if (hash.starts_with(action::kPublishedWeightsHashPrefix)) {
    std::printf("known:   torchvision's published Kinetics-400 weights, %s\n", action::kPublishedWeightsFile);
  } else if (action::IsStandIn(state)) {
    std::printf("known:   %s (%s)\n", action::kStandInNotice, state.metadata.at(action::kStandInKey).c_str());
  } else {
    std::printf(
        "known:   no. It is neither torchvision's published file nor a stand-in: a converted copy of it, or weights "
        "that "
        "were trained elsewhere. Models that were trained with these weights work with them, others do not\n");
  }
  return 0;
}

void CheckFree(const std::string &path, bool force) {
  if (!force && std::filesystem::exists(path)) {
    throw action::Error(path + " is there already; --force replaces it");
  }
}

void WarnOfNotFinite(const action::StateDict &weights) {
  for (const auto &[name, tensor] : weights.entries) {
    const std::vector<float> values = tensor.ToFloats();
    if (std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) continue;
    std::fprintf(stderr, "warning: %s is not finite, as it was before: nothing can be computed with such weights\n",
                 Printable(name).c_str());
    return;
  }
}

int Convert(const Arguments &arguments) {
  gboolean force = FALSE;
  CommandLine line(
      "gst-action-weights convert", "IN OUT",
      "Writes the state_dict of IN as OUT: .pt or .pth (PyTorch zip) or .safetensors. Names, types and values "
      "stay; so does the identity that models are tied to.");
  line.Add({{"force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace a file that is there", nullptr}});
  if (const auto end = Parse(line, arguments, 2, "convert IN OUT")) return *end;
  const Arguments &operands = line.operands();
  action::CheckStateDictPath(operands[1]);
  CheckFree(operands[1], force != FALSE);
  const action::StateDict weights = action::ToStateDict(action::ReadCheckpoint(operands[0]));
  action::WriteStateDict(operands[1], weights);
  std::printf("%s written\n", operands[1].c_str());
  WarnOfNotFinite(weights);
  return 0;
}

int MakeStandIn(const Arguments &arguments) {
  gint64 seed = 1;
  gboolean force = FALSE;
  CommandLine line(
      "gst-action-weights make-standin", "OUT",
      "Writes R3D-18 weights that were never trained: random, with batch norms calibrated on drifting noise. "
      "Their features are repeatable and good enough to try things out. They are no measurement, and "
      "everything that uses them says so.");
  line.Add({{"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Another seed gives other weights (default 1)", "N"},
            {"force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace a file that is there", nullptr}});
  if (const auto end = Parse(line, arguments, 1, "make-standin OUT")) return *end;
  const std::string &out = line.operands()[0];
  action::CheckStateDictPath(out);
  if (seed < 0) throw action::UsageError("--seed must be 0 or more");
  CheckFree(out, force != FALSE);
  action::LoadEngine().MakeStandIn(out, static_cast<uint64_t>(seed));
  std::printf("%s written (%s)\n", out.c_str(), action::kStandInNotice);
  return 0;
}

int Find(const Arguments &arguments) {
  CommandLine line("gst-action-weights find", "", "Prints the weights that are used where none are named.");
  if (const auto end = Parse(line, arguments, 0, "find")) return *end;
  std::printf("%s\n", action::FindWeights("").c_str());
  return 0;
}

int Fetch(const Arguments &arguments) {
  g_autofree char *url = nullptr;
  g_autofree char *output = nullptr;
  g_autofree char *sha256 = nullptr;
  CommandLine line(
      "gst-action-weights fetch", "",
      "Downloads torchvision's published weights (127 MB) with curl or wget, checks them against the hash in "
      "the file's name (its first 8 digits), and puts them where r3dfeatures looks. An interrupted download goes on "
      "where it stopped. Who has noted the whole SHA-256 of the file that models were trained with asks for it with "
      "--sha256.");
  line.Add({{"url", 0, 0, G_OPTION_ARG_STRING, &url, "Download from a mirror; the name must end in -HASH.pth", "URL"},
            {"sha256", 0, 0, G_OPTION_ARG_STRING, &sha256, "The SHA-256 that the file must have", "HASH"},
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder to put the file in", "DIR"}});
  if (const auto end = Parse(line, arguments, 0, "fetch")) return *end;
  const std::string path =
      action::FetchWeights(url != nullptr ? url : action::kPublishedWeightsUrl,
                           output != nullptr ? output : action::WeightsFolder(), action::OrEmpty(sha256));
  std::printf("%s\n", path.c_str());
  return 0;
}

constexpr const char *kUsage =
    "Usage:\n"
    "  gst-action-weights COMMAND [OPTION...] ...\n"
    "\n"
    "Looks after files of weights.\n"
    "\n"
    "  inspect FILE       what a checkpoint file holds\n"
    "  verify FILE        is it an R3D-18, and the published one?\n"
    "  convert IN OUT     between .pt, .pth and .safetensors\n"
    "  make-standin OUT   seeded weights for trying things out\n"
    "  fetch              download the published weights\n"
    "  find               which weights are used where none are named\n"
    "\n"
    "Options:\n"
    "  --seed=N           make-standin: another seed gives other weights (default 1)\n"
    "  --force            convert, make-standin: replace a file that is there\n"
    "  --url=URL          fetch: download from a mirror\n"
    "  --sha256=HASH      fetch: the SHA-256 that the file must have\n"
    "  -o, --output=DIR   fetch: folder to put the file in\n"
    "  --version          print the version and end\n"
    "\n"
    "gst-action-weights COMMAND --help says more about each.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 the command line is not understood, 130 interrupted.\n";

}  // namespace

int main(int argc, char **argv) {
  static const std::map<std::string, std::function<int(const Arguments &)>> kCommands = {
      {"inspect", Inspect},          {"verify", Verify}, {"convert", Convert},
      {"make-standin", MakeStandIn}, {"fetch", Fetch},   {"find", Find}};
  const std::string name = argc > 1 ? argv[1] : "";
  return action::RunTool("gst-action-weights", [&]() -> int {
    if (name == "--help" || name == "-h" || name == "--help-all") {
      std::fputs(kUsage, stdout);
      return action::kDone;
    }
    if (name == "--version") return CommandLine("gst-action-weights", "", "").Parse({name}).value_or(action::kDone);
    const auto command = kCommands.find(name);
    if (name.empty()) {
      std::fputs(kUsage, stderr);
      return action::kUsage;
    }
    if (command == kCommands.end()) {
      throw action::UsageError("there is no command '" + Printable(name) + "'");
    }
    return command->second(Arguments(argv + 2, argv + argc));
  });
}

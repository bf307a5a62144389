// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-weights: look at, check, convert, make and fetch the backbone's weights.
#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/r3d18_spec.h"
#include "action/sha256.h"
#include "action/text.h"
#include "action/weights_location.h"
#include "fetch.h"

namespace {

using Arguments = std::vector<std::string>;

// Parses a command's options; what is left are its operands.
Arguments Parse(const std::string &usage, const std::string &summary, const Arguments &arguments,
                std::vector<GOptionEntry> entries) {
  entries.push_back({});
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(g_option_context_new(usage.c_str()),
                                                                                  &g_option_context_free);
  g_option_context_set_summary(context.get(), summary.c_str());
  g_option_context_add_main_entries(context.get(), entries.data(), nullptr);
  std::vector<char *> words = {g_strdup("gst-action-weights")};
  for (const std::string &argument : arguments)
    words.push_back(g_strdup(argument.c_str()));
  words.push_back(nullptr);
  char **list = g_strdupv(words.data());
  for (char *word : words)
    g_free(word);
  GError *error = nullptr;
  const bool parsed = g_option_context_parse_strv(context.get(), &list, &error) != FALSE;
  Arguments rest;
  for (char **word = list; parsed && *word != nullptr; ++word) {
    if (word != list && std::string(*word) != "--") rest.emplace_back(*word);
  }
  g_strfreev(list);
  if (!parsed) {
    const std::string message = error->message;
    g_error_free(error);
    throw action::Error(message + " (see gst-action-weights " + usage.substr(0, usage.find(' ')) + " --help)");
  }
  return rest;
}

void Expect(const Arguments &operands, size_t count, const char *usage) {
  if (operands.size() != count) throw action::Error(std::string("usage: gst-action-weights ") + usage);
}

// Without what a terminal would obey.
std::string Printable(std::string text) {
  std::ranges::replace_if(text, action::IsControlCharacter, '?');
  return text;
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
  const char *usage = "inspect FILE";
  const Arguments operands =
      Parse(usage, "Prints what a checkpoint file holds: entries, types, shapes and hashes.", arguments, {});
  Expect(operands, 1, usage);
  const action::Checkpoint checkpoint = action::ReadCheckpoint(operands[0]);
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
  const char *usage = "verify FILE";
  const Arguments operands = Parse(
      usage, "Says whether a file holds an R3D-18 and whether it is the published one. Fails when it is no R3D-18.",
      arguments, {});
  Expect(operands, 1, usage);
  const action::Checkpoint checkpoint = action::ReadCheckpoint(operands[0]);
  const action::StateDict state = action::ToStateDict(checkpoint);
  action::CheckR3d18(state, checkpoint.path);
  const std::string hash = action::Sha256Of(*checkpoint.bytes);
  std::printf("%s: an R3D-18, %s, %s classifier\n", checkpoint.path.c_str(), NameOf(checkpoint.format),
              state.Find("fc.weight") != nullptr ? "with" : "without");
  std::printf("weights: %s\n", action::WeightsHash(state).c_str());
  if (hash.starts_with(action::kPublishedWeightsHashPrefix)) {
    std::printf("known:   torchvision's published Kinetics-400 weights, %s\n", action::kPublishedWeightsFile);
  } else if (action::IsStandIn(state)) {
    std::printf("known:   %s (%s)\n", action::kStandInNotice, state.metadata.at(action::kStandInKey).c_str());
  } else {
    std::printf(
        "known:   no: the file's SHA-256 is %s; that of the published file starts with %s. A converted copy or "
        "weights trained elsewhere look like this\n",
        hash.c_str(), action::kPublishedWeightsHashPrefix);
  }
  return 0;
}

int Convert(const Arguments &arguments) {
  const char *usage = "convert IN OUT";
  const Arguments operands = Parse(
      usage,
      "Writes the state_dict of IN as OUT: .pt or .pth (PyTorch zip) or .safetensors. Names, types and values stay; so "
      "does the identity that models are tied to.",
      arguments, {});
  Expect(operands, 2, usage);
  action::CheckStateDictPath(operands[1]);
  action::WriteStateDict(operands[1], action::ToStateDict(action::ReadCheckpoint(operands[0])));
  std::printf("%s written\n", operands[1].c_str());
  return 0;
}

int MakeStandIn(const Arguments &arguments) {
  const char *usage = "make-standin OUT";
  gint64 seed = 1;
  const Arguments operands = Parse(
      usage,
      "Writes R3D-18 weights that were never trained: random, with batch norms calibrated on drifting noise. Their "
      "features "
      "are repeatable and good enough to try things out. They are no measurement, and everything that uses them says "
      "so.",
      arguments, {{"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Another seed gives other weights (default 1)", "N"}});
  Expect(operands, 1, usage);
  const std::string &out = operands[0];
  action::CheckStateDictPath(out);
  if (seed < 0) throw action::Error("--seed must be 0 or more");
  action::LoadEngine().MakeStandIn(out, static_cast<uint64_t>(seed));
  std::printf("%s written (%s)\n", out.c_str(), action::kStandInNotice);
  return 0;
}

int Find(const Arguments &arguments) {
  const char *usage = "find";
  Expect(Parse(usage, "Prints the weights that are used where none are named.", arguments, {}), 0, usage);
  std::printf("%s\n", action::FindWeights("").c_str());
  return 0;
}

int Fetch(const Arguments &arguments) {
  const char *usage = "fetch";
  g_autofree char *url = nullptr;
  g_autofree char *output = nullptr;
  const Arguments operands =
      Parse(usage,
            "Downloads torchvision's published weights (127 MB) with curl or wget, checks them against the hash in the "
            "file's name, "
            "and puts them where r3dfeatures looks. An interrupted download goes on where it stopped.",
            arguments,
            {{"url", 0, 0, G_OPTION_ARG_STRING, &url, "Download from a mirror; the name must end in -HASH.pth", "URL"},
             {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder to put the file in", "DIR"}});
  Expect(operands, 0, usage);
  const std::string path = action::FetchWeights(url != nullptr ? url : action::kPublishedWeightsUrl,
                                                output != nullptr ? output : action::WeightsFolder());
  std::printf("%s\n", path.c_str());
  return 0;
}

constexpr const char *kUsage =
    "usage: gst-action-weights COMMAND ...\n"
    "\n"
    "  inspect FILE       what a checkpoint file holds\n"
    "  verify FILE        is it an R3D-18, and the published one?\n"
    "  convert IN OUT     between .pt, .pth and .safetensors\n"
    "  make-standin OUT   seeded weights for trying things out\n"
    "  fetch              download the published weights\n"
    "  find               which weights are used where none are named\n"
    "\n"
    "gst-action-weights COMMAND --help says more about each.\n";

}  // namespace

int main(int argc, char **argv) {
  static const std::map<std::string, std::function<int(const Arguments &)>> kCommands = {
      {"inspect", Inspect},          {"verify", Verify}, {"convert", Convert},
      {"make-standin", MakeStandIn}, {"fetch", Fetch},   {"find", Find}};
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const auto command = kCommands.find(name);
  if (command == kCommands.end()) {
    if (!name.empty()) std::fprintf(stderr, "gst-action-weights: no command '%s'\n", name.c_str());
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    const int status = command->second(Arguments(argv + 2, argv + argc));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw action::Error("cannot write to the standard output");
    return status;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "gst-action-weights: %s\n", e.what());
    return 1;
  }
}

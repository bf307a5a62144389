// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/weights_location.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "action/error.h"

namespace action {
namespace {

std::string Environment(const char *name) {
  const char *value = std::getenv(name);
  return value != nullptr ? value : "";
}

// $NAME, or a folder under the home directory.
std::filesystem::path FolderFrom(const char *name, const char *under_home) {
  const std::string value = Environment(name);
  return !value.empty() ? std::filesystem::path(value) : std::filesystem::path(Environment("HOME")) / under_home;
}

constexpr const char *kHelp =
    "Get the published weights with 'gst-action-weights fetch', or make a stand-in for trying things out with "
    "'gst-action-weights make-standin FILE' and name it: weights= in a pipeline, --weights for a tool, or "
    "GST_ACTION_WEIGHTS for all";

bool Exists(const std::string &path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

std::string WeightsFolder() {
  return (FolderFrom("XDG_DATA_HOME", ".local/share") / "gst-action").string();
}

std::vector<std::string> WeightsPlaces() {
  std::vector<std::string> places;
  if (const std::string named = Environment("GST_ACTION_WEIGHTS"); !named.empty()) places.push_back(named);
  places.push_back((std::filesystem::path(WeightsFolder()) / kPublishedWeightsFile).string());
  // torch.hub: $TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch.
  std::filesystem::path torch_home = Environment("TORCH_HOME");
  if (torch_home.empty()) torch_home = FolderFrom("XDG_CACHE_HOME", ".cache") / "torch";
  places.push_back((torch_home / "hub" / "checkpoints" / kPublishedWeightsFile).string());
  return places;
}

std::string FindWeights(const std::string &asked) {
  if (!asked.empty()) {
    if (Exists(asked)) return asked;
    throw ReadError(asked, ENOENT, "the weights file " + asked + " does not exist. " + kHelp);
  }
  if (const std::string named = Environment("GST_ACTION_WEIGHTS"); !named.empty() && !Exists(named)) {
    throw ReadError(named, ENOENT,
                    "the weights file " + named + ", named by GST_ACTION_WEIGHTS, does not exist. " + kHelp);
  }
  std::string looked;
  for (const std::string &place : WeightsPlaces()) {
    if (Exists(place)) return place;
    looked += "\n  " + place;
  }
  throw Error(ErrorKind::kNotFound, kPublishedWeightsFile,
              "no R3D-18 weights found. Looked at:" + looked + "\n" + kHelp);
}

}  // namespace action

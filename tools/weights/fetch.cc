// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fetch.h"

#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/sha256.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShortestHash = 8, kHashDigits = 64;

bool IsHash(const std::string &text) {
  return text.size() <= kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string HashInName(const std::string &name) {
  const size_t dash = name.rfind('-'), point = name.rfind('.');
  const std::string hash = dash < point ? name.substr(dash + 1, point - dash - 1) : "";
  if (hash.size() < kShortestHash || !IsHash(hash)) {
    throw Error("the file name '" + name +
                "' carries no hash to check the download by (expected NAME-HASH.pth, such as " +
                "r3d_18-b3b3357e.pth)");
  }
  return hash;
}

// What the file's SHA-256 must begin with.
std::string ExpectedHash(const std::string &name, std::string sha256) {
  if (sha256.empty()) return HashInName(name);
  std::ranges::transform(sha256, sha256.begin(), g_ascii_tolower);
  if (sha256.size() == kHashDigits && IsHash(sha256)) return sha256;
  throw Error("--sha256 is '" + sha256 + "'; a SHA-256 is 64 digits from 0 to f, as sha256sum prints it");
}

bool IsInstalled(const char *program) {
  const std::unique_ptr<char, decltype(&g_free)> path(g_find_program_in_path(program), &g_free);
  return path != nullptr;
}

std::vector<std::string> DownloadCommand(const std::string &url, const std::string &part) {
  const bool on_terminal = isatty(STDERR_FILENO) != 0;
  if (IsInstalled("curl")) {
    return {"curl",       "--fail",
            "--location", "--continue-at",
            "-",          "--retry",
            "3",          "--connect-timeout",
            "30",         on_terminal ? "--progress-bar" : "--no-progress-meter",
            "--output",   part,
            url};
  }
  if (IsInstalled("wget")) {
    return {"wget", "--continue", "--tries=3", "--timeout=30", on_terminal ? "--show-progress" : "--no-verbose",
            "-O",   part,         url};
  }
  throw Error("neither curl nor wget is installed. Install one (apt-get install curl), or download " + url +
              " yourself and put it into " + fs::path(part).parent_path().string());
}

struct Outcome {
  bool ok = false;
  bool refused = false;  // the server answered, but not with what was asked for: perhaps it cannot go on in the middle
  std::string reason;
};

Outcome Run(const std::vector<std::string> &command) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  int status = 0;
  GError *error = nullptr;
  const auto flags = static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN);
  Outcome outcome;
  outcome.ok =
      g_spawn_sync(nullptr, words.data(), nullptr, flags, nullptr, nullptr, nullptr, nullptr, &status, &error) &&
      g_spawn_check_wait_status(status, &error);
  if (outcome.ok) return outcome;
  constexpr int kCurlHttpError = 22, kCurlRangeError = 33, kCurlBadResume = 36, kWgetServerError = 8;
  const bool curl = command.front() == "curl";
  outcome.refused =
      error->domain == G_SPAWN_EXIT_ERROR &&
      (curl ? error->code == kCurlHttpError || error->code == kCurlRangeError || error->code == kCurlBadResume
            : error->code == kWgetServerError);
  outcome.reason = error->message;
  g_error_free(error);
  return outcome;
}

// Continues the part that is there; throws Error when the file is not there in the end.
void Download(const std::string &url, const fs::path &part) {
  const std::vector<std::string> command = DownloadCommand(url, part.string());
  std::error_code failed;
  const bool resumed = fs::exists(part, failed) && fs::file_size(part, failed) > 0;
  Outcome outcome = Run(command);
  if (!outcome.ok && outcome.refused && resumed) {
    std::fprintf(stderr, "gst-action-weights: the server does not go on in the middle; starting again\n");
    fs::remove(part, failed);
    outcome = Run(command);
  }
  if (outcome.ok) return;
  throw Error("downloading " + command.back() + " with " + command.front() + " failed: " + outcome.reason +
              ". Check the network (a proxy is taken from https_proxy) and run the command again: it goes on where it "
              "stopped. Or copy the file from another machine");
}

}  // namespace

std::string FetchWeights(const std::string &url, const std::string &folder, const std::string &sha256) {
  const std::string name = url.substr(url.rfind('/') + 1);
  const std::string expected = ExpectedHash(name, sha256);
  const fs::path target = fs::path(folder) / name;
  const fs::path part = target.string() + ".part";
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw Error("cannot make the folder " + folder + ": " + failed.message());

  if (fs::exists(target)) {
    if (Sha256OfFile(target).starts_with(expected)) return target.string();
    throw Error(target.string() + " is there already, but its SHA-256 does not start with " + expected +
                ": it is damaged or another file. Remove it and run the command again");
  }
  const auto is_right = [&] { return fs::exists(part) && Sha256OfFile(part).starts_with(expected); };
  const bool resumed = fs::exists(part);
  // A download that was complete but not renamed yet would make the server answer "nothing left".
  if (!is_right()) Download(url, part);
  if (!is_right() && resumed) {
    // What was there was not the beginning of this file.
    fs::remove(part, failed);
    Download(url, part);
  }

  const std::string hash = Sha256OfFile(part);
  if (!hash.starts_with(expected)) {
    fs::remove(part, failed);
    throw Error("the download from " + url + " is not the file it should be: its SHA-256 is " + hash +
                " and should start with " + expected + ". It was removed; run the command again, or try another --url");
  }
  SyncToDisk(part.string());
  fs::rename(part, target, failed);
  if (failed) throw Error("cannot rename " + part.string() + " to " + target.string() + ": " + failed.message());
  return target.string();
}

}  // namespace action

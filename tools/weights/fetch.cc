#include "fetch.h"

#include <glib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <regex>
#include <vector>

#include "action/error.h"

namespace action {
namespace {

namespace fs = std::filesystem;

std::string HashInName(const std::string &name) {
  static const std::regex kPattern("-([0-9a-f]{8,64})\\.[A-Za-z0-9]+$");
  std::smatch match;
  if (!std::regex_search(name, match, kPattern)) {
    throw Error("the file name '" + name +
                "' carries no hash to check the download by (expected NAME-HASH.pth, such as " +
                "r3d_18-b3b3357e.pth)");
  }
  return match[1];
}

std::string Sha256OfFile(const fs::path &path) {
  const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw Error("cannot read " + path.string());
  const std::unique_ptr<GChecksum, decltype(&g_checksum_free)> hash(g_checksum_new(G_CHECKSUM_SHA256),
                                                                    &g_checksum_free);
  std::vector<guchar> buffer(1 << 20);
  for (size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
    g_checksum_update(hash.get(), buffer.data(), static_cast<gssize>(got));
  }
  return g_checksum_get_string(hash.get());
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

void Run(const std::vector<std::string> &command) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  int status = 0;
  GError *error = nullptr;
  const auto flags = static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN);
  const bool ran =
      g_spawn_sync(nullptr, words.data(), nullptr, flags, nullptr, nullptr, nullptr, nullptr, &status, &error) &&
      g_spawn_check_wait_status(status, &error);
  if (ran) return;
  const std::string reason = error->message;
  g_error_free(error);
  throw Error("downloading " + command.back() + " with " + command.front() + " failed: " + reason +
              ". Check the network (a proxy is taken from https_proxy) and run the command again: it goes on where it "
              "stopped. Or copy the file from another machine");
}

}  // namespace

std::string FetchWeights(const std::string &url, const std::string &folder) {
  const std::string name = url.substr(url.rfind('/') + 1);
  const std::string expected = HashInName(name);
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
  // A download that was complete but not renamed yet would make the server answer "nothing left".
  if (!fs::exists(part) || !Sha256OfFile(part).starts_with(expected)) Run(DownloadCommand(url, part.string()));

  const std::string hash = Sha256OfFile(part);
  if (!hash.starts_with(expected)) {
    fs::remove(part, failed);
    throw Error("the download from " + url + " is not the file it should be: its SHA-256 is " + hash +
                " and should start with " + expected + ". It was removed; run the command again, or try another --url");
  }
  fs::rename(part, target, failed);
  if (failed) throw Error("cannot rename " + part.string() + " to " + target.string() + ": " + failed.message());
  return target.string();
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-studio: label, train, correct and study in a browser.
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "action/error.h"
#include "action/io/json_text.h"
#include "action/sha256.h"
#include "common/command_line.h"
#include "common/glib_ptr.h"
#include "studio/server.h"
#include "studio/studio.h"

namespace {

namespace fs = std::filesystem;

// Port and word of a folder's studio: a page that is open finds it again after a restart.
struct Session {
  unsigned port = 0;
  std::string token;
};

std::string SessionPath(const std::string &folder) {
  action::Sha256 hash;
  hash.Update(folder);
  return std::string(g_get_user_state_dir()) + "/gst-action/studio-" + hash.Hex().substr(0, 16) + ".json";
}

Session ReadSession(const std::string &path) {
  Session session;
  try {
    const nlohmann::json found = action::ReadJsonObject(path, path, action::kMostOfSettings);
    session.port = found.value("port", 0U);
    session.token = found.value("token", "");
  } catch (const std::exception &) {  // none, or damaged: another word
  }
  return session;
}

// For nobody else to read.
void WriteSession(const std::string &path, const Session &session) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;  // then the next start has another word
  const std::string text = nlohmann::json({{"port", session.port}, {"token", session.token}}).dump() + "\n";
  if (write(fd, text.data(), text.size()) < 0) ftruncate(fd, 0);
  close(fd);
}

std::string NewToken() {
  const action::CharPtr first(g_uuid_string_random()), second(g_uuid_string_random());
  std::string token = std::string(first.get()) + second.get();
  std::erase(token, '-');
  return token;
}

std::string AddressOf(const Session &session) {
  return "http://127.0.0.1:" + std::to_string(session.port) + "/?token=" + session.token;
}

int Run(int argc, char **argv) {
  gint port = 0;
  gboolean no_browser = FALSE;
  g_autofree char *model = nullptr, *weights = nullptr;
  action::CommandLine line(
      "gst-action-studio", "FOLDER - label, train, correct and study videos of work, in a browser",
      "FOLDER holds the videos. The studio opens a page in your browser on which you say what is done when, train a "
      "model "
      "on\nit, correct what that finds in other videos, and read the time study. All of it stays in FOLDER: "
      "annotations.csv,\nelements.csv, models/. Nobody but you can open the page. Ctrl-C ends it.");
  line.Add({{"port", 'p', 0, G_OPTION_ARG_INT, &port, "of the page (default: that of the last time, or any)", "N"},
            {"no-browser", 0, 0, G_OPTION_ARG_NONE, &no_browser, "only print the address", nullptr},
            {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model, "begin with this model, instead of without one", "MODEL"},
            {"weights", 'w', 0, G_OPTION_ARG_FILENAME, &weights,
             "R3D-18 weights; default: see gst-inspect-1.0 r3dfeatures", "FILE"}});
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 1) throw action::UsageError("name the folder of your videos: gst-action-studio FOLDER");
  if (port < 0 || port > 65535) throw action::UsageError("--port is from 0 to 65535");
  const std::string folder = fs::weakly_canonical(line.operands().front()).string();
  const auto absolute = [](const char *path) {
    return path != nullptr ? fs::absolute(path).lexically_normal().string() : std::string();
  };
  action::Studio studio({folder, absolute(model), absolute(weights)});

  const std::string path = SessionPath(folder);
  Session session = ReadSession(path);
  const int lock = open((folder + "/.studio/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
    throw action::Error("a studio is open for " + folder + " already" +
                        (session.token.empty() ? "" : ": " + AddressOf(session)));
  }
  if (session.token.empty()) session.token = NewToken();
  const auto handle = [&studio](const action::StudioRequest &request) { return studio.Handle(request); };
  std::unique_ptr<action::StudioServer> server;
  if (port == 0 && session.port != 0) {
    try {
      server = std::make_unique<action::StudioServer>(session.port, session.token, handle);
    } catch (const action::Error &) {
      // Somebody else has it now.
    }
  }
  if (!server) server = std::make_unique<action::StudioServer>(static_cast<unsigned>(port), session.token, handle);
  session.port = server->port();
  WriteSession(path, session);
  // Before anybody is told where it is, and may end it.
  const std::unique_ptr<GMainLoop, action::Deleter<g_main_loop_unref>> loop(g_main_loop_new(nullptr, FALSE));
  const GSourceFunc quit = [](gpointer user) -> gboolean {
    g_main_loop_quit(static_cast<GMainLoop *>(user));
    return G_SOURCE_CONTINUE;
  };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    g_unix_signal_add(signal, quit, loop.get());
  std::printf("the studio of %s is at\n  %s\nCtrl-C ends it\n", action::Printable(folder).c_str(),
              AddressOf(session).c_str());
  std::fflush(stdout);
  const bool has_desktop = g_getenv("DISPLAY") != nullptr || g_getenv("WAYLAND_DISPLAY") != nullptr;
  if (no_browser == FALSE && has_desktop)
    g_app_info_launch_default_for_uri(AddressOf(session).c_str(), nullptr, nullptr);

  const GSourceFunc settle = [](gpointer user) -> gboolean {
    try {
      static_cast<action::Studio *>(user)->Settle();
    } catch (const std::exception &e) {
      std::fprintf(stderr, "gst-action-studio: %s\n", e.what());
    }
    return G_SOURCE_CONTINUE;
  };
  g_timeout_add_seconds(1, settle, &studio);
  g_main_loop_run(loop.get());
  return action::kDone;
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-studio", [&] { return Run(argc, argv); });
}

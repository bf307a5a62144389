// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/job.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "action/deleter.h"
#include "action/error.h"
#include "common/file_pipeline.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostLines = 300;

using ProcessPtr = std::unique_ptr<GSubprocess, Deleter<g_object_unref>>;
using StreamPtr = std::unique_ptr<GDataInputStream, Deleter<g_object_unref>>;

// Where this program is, its relatives are; else where the shell finds them.
std::string PathOfTool(const std::string &tool) {
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed);
  if (!failed && fs::exists(here.parent_path() / tool)) return (here.parent_path() / tool).string();
  return tool;
}

// "features 40 %, ..." -> 0.4; negative: it says nothing of that.
double ShareIn(const std::string &line) {
  const size_t sign = line.find(" %");
  if (sign == std::string::npos || sign == 0) return -1;
  size_t begin = sign;
  while (begin > 0 && g_ascii_isdigit(line[begin - 1]))
    --begin;
  return begin < sign ? std::stod(line.substr(begin, sign - begin)) / 100 : -1;
}

}  // namespace

Job::~Job() {
  cancel_ = true;
  if (thread_.joinable()) thread_.join();
}

bool Job::Start(const std::string &kind, std::function<nlohmann::ordered_json(Job &)> work) {
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (status_.state == "running") return false;
    number = status_.number + 1;
    status_ = {number, kind, "running", "", 0, {}, "", nullptr};
  }
  if (thread_.joinable()) thread_.join();
  cancel_ = false;
  thread_ = std::thread([this, work = std::move(work)] {
    std::string state = "done", error;
    nlohmann::ordered_json result;
    try {
      result = work(*this);
    } catch (const Cancelled &) {
      state = "cancelled";
    } catch (const std::exception &e) {
      state = "failed";
      error = e.what();
    }
    const std::lock_guard lock(mutex_);
    status_.state = state;
    status_.error = error;
    status_.result = std::move(result);
  });
  return true;
}

Job::Status Job::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Job::Doing(const std::string &what) {
  if (cancel_) throw Cancelled();
  const std::lock_guard lock(mutex_);
  status_.doing = what;
  status_.share = 0;
}

void Job::Say(const std::string &line) {
  const std::lock_guard lock(mutex_);
  if (const double share = ShareIn(line); share >= 0) status_.share = share;
  status_.lines.push_back(line);
  if (status_.lines.size() > kMostLines) status_.lines.erase(status_.lines.begin());
}

void Job::RunTool(const std::string &tool, const std::vector<std::string> &arguments) {
  const std::string program = PathOfTool(tool);
  std::vector<const char *> line = {program.c_str()};
  for (const std::string &argument : arguments)
    line.push_back(argument.c_str());
  line.push_back(nullptr);
  GError *error = nullptr;
  const ProcessPtr process(g_subprocess_newv(
      line.data(), static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE),
      &error));
  const std::unique_ptr<GError, Deleter<g_error_free>> owner(error);
  if (!process) throw Error("cannot run " + tool + ": " + error->message);
  // Its end, or somebody's wish, ends the reading: whoever wishes it does not wait for the next line.
  std::atomic<bool> ended{false};
  std::thread watch([&] {
    while (!ended) {
      if (cancel_) {
        g_subprocess_send_signal(process.get(), SIGINT);
        return;
      }
      g_usleep(50'000);
    }
  });
  const StreamPtr output(g_data_input_stream_new(g_subprocess_get_stdout_pipe(process.get())));
  g_data_input_stream_set_newline_type(output.get(), G_DATA_STREAM_NEWLINE_TYPE_ANY);
  std::string last;
  for (;;) {
    const std::unique_ptr<char, Deleter<g_free>> text(
        g_data_input_stream_read_line(output.get(), nullptr, nullptr, nullptr));
    if (!text) break;
    const std::unique_ptr<char, Deleter<g_free>> valid(g_utf8_make_valid(text.get(), -1));
    if (*valid.get() != '\0') last = valid.get();
    Say(valid.get());
  }
  g_subprocess_wait(process.get(), nullptr, nullptr);
  ended = true;
  watch.join();
  if (cancel_) throw Cancelled();
  if (!g_subprocess_get_successful(process.get())) throw Error(last.empty() ? tool + " failed" : last);
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/background_sync.h"

#include <gio/gio.h>

#include <memory>
#include <utility>

#include "action/deleter.h"
#include "action/io/atomic_file.h"

namespace action {

void SyncInBackground(const std::string &path, std::function<void()> done) {
  const auto on_done = [](GObject *, GAsyncResult *, gpointer user) {
    const std::unique_ptr<std::function<void()>> owner(static_cast<std::function<void()> *>(user));
    (*owner)();
  };
  const std::unique_ptr<GTask, Deleter<g_object_unref>> task(
      g_task_new(nullptr, nullptr, on_done, new std::function<void()>(std::move(done))));
  g_task_set_task_data(task.get(), new std::string(path),
                       [](gpointer data) { delete static_cast<std::string *>(data); });
  g_task_run_in_thread(task.get(), [](GTask *running, gpointer, gpointer data, GCancellable *) {
    SyncToDisk(*static_cast<std::string *>(data));
    g_task_return_boolean(running, TRUE);
  });
}

}  // namespace action

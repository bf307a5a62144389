// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/exit_waits.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

namespace action {
namespace {

struct Works {
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0;
};

std::atomic<bool> forked{false};

// Never destroyed: the last work may end after everything else.
Works &All() {
  static auto *all = new Works;
  return *all;
}

void WaitForAll() {
  if (forked) return;
  Works &all = All();
  std::unique_lock lock(all.mutex);
  all.changed.wait(lock, [&all] { return all.under_way == 0; });
}

// exit() destroys what is local to its thread before it runs the handlers of atexit, which run in reverse order: one of
// ours would run after the destructors of what was loaded since.
struct WaitAtExitOfMainThread {
  ~WaitAtExitOfMainThread() {
    if (gettid() == getpid()) WaitForAll();
  }
};

}  // namespace

ExitWaits::ExitWaits() {
  static thread_local WaitAtExitOfMainThread wait;
  static_cast<void>(&wait);  // the first use makes it
  // For an exit() on another thread than the one that is here, as well as can be.
  static const int registered = std::atexit(WaitForAll) + pthread_atfork(nullptr, nullptr, [] { forked = true; });
  static_cast<void>(registered);
  Works &all = All();
  const std::lock_guard lock(all.mutex);
  ++all.under_way;
}

bool ExitWaits::InForkedChild() {
  return forked;
}

ExitWaits::~ExitWaits() {
  if (!counted_) return;
  Works &all = All();
  {
    const std::lock_guard lock(all.mutex);
    --all.under_way;
  }
  all.changed.notify_all();
}

}  // namespace action

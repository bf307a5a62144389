// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What takes seconds to load, such as LibTorch and a network, is loaded beside the state changes.
#ifndef GST_ACTION_COMMON_LOADED_BESIDE_H_
#define GST_ACTION_COMMON_LOADED_BESIDE_H_

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "common/exit_waits.h"

namespace action {

// Begin, TakeFresh, Forget and Open are for state changes, Get and Wait for the streaming thread, the others for any
// thread.
template <typename T>
class LoadedBeside {
 public:
  // Returns what was loaded; null: it failed, and the error was posted. Runs on a thread of its own.
  using Load = std::function<std::shared_ptr<T>()>;
  // Called on that thread when Get would return it.
  using Done = std::function<void(const T &)>;

  LoadedBeside() = default;
  ~LoadedBeside() { Forget(); }
  LoadedBeside(const LoadedBeside &) = delete;
  LoadedBeside &operator=(const LoadedBeside &) = delete;

  // What is still being loaded from before goes on, and is thrown away.
  void Begin(Load load, Done done = {}) {
    fresh_ = true;
    std::uint64_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      mine = ++asked_;
      loaded_.reset();
      failed_ = false;
    }
    loading_ = std::jthread([this, mine, load = std::move(load), done = std::move(done), before = std::move(loading_),
                             leave = ExitWaits()]() mutable {
      pthread_setname_np(pthread_self(), "action-load");
      if (before.joinable()) before.join();
      const std::shared_ptr<T> loaded = load();
      {
        const std::lock_guard lock(mutex_);
        if (mine != asked_) return;
        loaded_ = loaded;
        failed_ = !loaded;
      }
      changed_.notify_all();
      if (loaded && done) done(*loaded);
    });
  }

  // Whether Begin was called, and neither this nor Open since: NULL->READY was just before READY->PAUSED.
  bool TakeFresh() { return std::exchange(fresh_, false); }

  // Waits for what is being loaded, and lets go of what was.
  void Forget() {
    fresh_ = false;
    if (loading_.joinable()) {
      // The thread of a forked child's parent does not live in the child.
      ExitWaits::InForkedChild() ? loading_.detach() : loading_.join();
    }
    const std::lock_guard lock(mutex_);
    loaded_.reset();
    failed_ = false;
  }

  // Null: it is not there yet, or there will be none.
  std::shared_ptr<T> Get() const {
    const std::lock_guard lock(mutex_);
    return loaded_;
  }
  // Null: interrupted, or there will be none.
  std::shared_ptr<T> Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return loaded_ || failed_ || interrupted_ || closed_; });
    return loaded_;
  }
  // Waits no longer than this.
  void WaitFor(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [this] { return loaded_ || failed_; });
  }
  bool failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }

  // Wait returns at once until Resume.
  void Interrupt() { Set(&LoadedBeside::interrupted_, true); }
  void Resume() { Set(&LoadedBeside::interrupted_, false); }
  // The same, until Open; a late Resume does not end it.
  void Close() { Set(&LoadedBeside::closed_, true); }
  void Open() {
    fresh_ = false;
    Set(&LoadedBeside::closed_, false);
    Resume();
  }

 private:
  void Set(bool LoadedBeside::*flag, bool value) {
    {
      const std::lock_guard lock(mutex_);
      this->*flag = value;
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;  // protects all but the last two
  std::condition_variable changed_;
  std::shared_ptr<T> loaded_;
  std::uint64_t asked_ = 0;
  bool failed_ = false, interrupted_ = false, closed_ = false;
  std::jthread loading_;
  bool fresh_ = false;  // state changes
};

}  // namespace action

#endif  // GST_ACTION_COMMON_LOADED_BESIDE_H_

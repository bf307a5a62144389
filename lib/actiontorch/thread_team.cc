// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/thread_team.h"

#include <pthread.h>

#include <system_error>

namespace action {

ThreadTeam::ThreadTeam(int size) {
  Start(size);
}

ThreadTeam::~ThreadTeam() {
  Stop();
}

void ThreadTeam::Resize(int size) {
  Stop();
  Start(size);
}

void ThreadTeam::Start(int size) {
  ending_ = false;
  const uint32_t loops = loops_;
  try {
    for (int member = 1; member < size; ++member) {
      threads_.emplace_back([this, member, loops] { Work(member, loops); });
      pthread_setname_np(threads_.back().native_handle(), "action-network");
    }
  } catch (const std::system_error &) {
    // A limit on threads: those that there are do the work.
  }
}

void ThreadTeam::Stop() {
  ending_ = true;
  ++loops_;
  loops_.notify_all();
  for (std::thread &thread : threads_)
    thread.join();
  threads_.clear();
}

void ThreadTeam::ForEach(int count, const std::function<void(int, int)> &body) {
  if (threads_.empty() || count == 1) {
    for (int i = 0; i < count; ++i)
      body(i, 0);
    return;
  }
  body_ = &body;
  count_ = count;
  undone_ = count;
  untaken_ = count;
  ++loops_;
  loops_.notify_all();
  TakePieces(0);
  for (int undone = undone_; undone != 0; undone = undone_)
    undone_.wait(undone);
}

// seen: loops that were over when the thread was made.
void ThreadTeam::Work(int member, uint32_t seen) {
  for (;;) {
    loops_.wait(seen);
    seen = loops_;
    if (ending_) return;
    TakePieces(member);
  }
}

void ThreadTeam::TakePieces(int member) {
  for (int untaken = untaken_; untaken != 0;) {
    if (!untaken_.compare_exchange_weak(untaken, untaken - 1)) continue;
    (*body_)(count_ - untaken, member);
    if (--undone_ == 0) undone_.notify_one();
    untaken = untaken_;
  }
}

}  // namespace action

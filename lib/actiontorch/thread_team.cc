#include "actiontorch/thread_team.h"

#include <pthread.h>

#include <system_error>

namespace action {

ThreadTeam::ThreadTeam(int size) {
  try {
    for (int member = 1; member < size; ++member) {
      threads_.emplace_back([this, member] { Work(member); });
      pthread_setname_np(threads_.back().native_handle(), "action-network");
    }
  } catch (const std::system_error &) {
    // A limit on threads: those that there are do the work.
  }
}

ThreadTeam::~ThreadTeam() {
  ending_ = true;
  ++loops_;
  loops_.notify_all();
  for (std::thread &thread : threads_)
    thread.join();
}

void ThreadTeam::ForEach(int count, const std::function<void(int, int)> &body) {
  if (threads_.empty() || count == 1) {
    for (int i = 0; i < count; ++i)
      body(i, 0);
    return;
  }
  body_ = &body;
  count_ = count;
  next_ = 0;
  busy_ = static_cast<int>(threads_.size());
  ++loops_;
  loops_.notify_all();
  TakePieces(0);
  for (int busy = busy_; busy != 0; busy = busy_)
    busy_.wait(busy);
}

void ThreadTeam::Work(int member) {
  for (uint32_t seen = 0;;) {
    loops_.wait(seen);
    seen = loops_;
    if (ending_) return;
    TakePieces(member);
    if (--busy_ == 0) busy_.notify_one();
  }
}

void ThreadTeam::TakePieces(int member) {
  for (int i = next_++; i < count_; i = next_++)
    (*body_)(i, member);
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Threads that share out a loop.
#ifndef ACTIONTORCH_THREAD_TEAM_H_
#define ACTIONTORCH_THREAD_TEAM_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace action {

// The calling thread and size() - 1 of its own, which sleep between loops. Not OpenMP's: a wheel of PyTorch brings an
// OpenMP of its own along, and whoever is done here takes the next piece, so that a thread whose core a decoder uses as
// well holds nobody up; one that does not get to run at all is not waited for. One thread at a time calls ForEach.
class ThreadTeam {
 public:
  explicit ThreadTeam(int size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam &) = delete;
  ThreadTeam &operator=(const ThreadTeam &) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }
  // Between loops.
  void Resize(int size);
  // Calls body(i, member) once for each i in [0, count) and returns when all are done; `member` in [0, size) is
  // different for calls that run at the same time. The body throws nothing.
  void ForEach(int count, const std::function<void(int i, int member)> &body);

 private:
  void Start(int size);
  void Stop();
  void Work(int member, uint32_t seen);
  void TakePieces(int member);

  // Written before its pieces are laid out, read by those who hold one: the loop cannot end meanwhile.
  const std::function<void(int, int)> *body_ = nullptr;
  int count_ = 0;
  // Pieces that nobody has taken. Who takes one down takes it of the loop that goes on, however late he woke.
  std::atomic<int> untaken_{0};
  std::atomic<int> undone_{0};
  std::atomic<uint32_t> loops_{0};  // counts up with every loop, which wakes the threads
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
};

}  // namespace action

#endif  // ACTIONTORCH_THREAD_TEAM_H_

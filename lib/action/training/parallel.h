// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Independent pieces of work on several threads.
#ifndef ACTION_TRAINING_PARALLEL_H_
#define ACTION_TRAINING_PARALLEL_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace action {

// Calls body(0) to body(count - 1), on up to `threads` threads, in no certain order. After an exception no further one
// is begun; the first is thrown when all have ended.
inline void ParallelFor(size_t count, size_t threads, const std::function<void(size_t)> &body) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  std::mutex mutex;  // protects error
  const auto work = [&] {
    for (size_t i; !failed && (i = next++) < count;) {
      try {
        body(i);
      } catch (...) {
        failed = true;
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> workers;
  try {
    for (size_t i = 0; i < std::min(threads, count); ++i)
      workers.emplace_back(work);
  } catch (const std::system_error &) {
    // A limit on threads: those that there are do the work.
  }
  if (workers.empty()) work();
  for (std::thread &worker : workers)
    worker.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace action

#endif  // ACTION_TRAINING_PARALLEL_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/worker_threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstdlib>

#include "action/processors.h"

namespace action {
namespace {

using SetNumThreads = void(int);

// LibTorch's own OpenMP, which need not be the system's: a wheel brings one along under another name.
SetNumThreads *FindSetNumThreads() {
  Dl_info where{};
  if (dladdr(reinterpret_cast<void *>(&at::get_num_threads), &where) == 0) return nullptr;
  void *library = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  return library != nullptr ? reinterpret_cast<SetNumThreads *>(dlsym(library, "omp_set_num_threads")) : nullptr;
}

}  // namespace

bool ThreadsAreGiven() {
  return std::getenv("OMP_NUM_THREADS") != nullptr;
}

int UseAllProcessors() {
  // First: LibTorch sets a number of its own (half the processors) when a thread uses it for the first time.
  const int own = at::get_num_threads();
  SetNumThreads *set = FindSetNumThreads();
  if (ThreadsAreGiven() || set == nullptr) return own;
  const int count = UsableProcessors();
  // Not at::set_num_threads: that is for the whole process.
  set(count);
  return count;
}

void UseOneProcessor() {
  at::get_num_threads();  // as above
  if (SetNumThreads *set = FindSetNumThreads()) set(1);
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many threads LibTorch computes with.
#ifndef ACTIONTORCH_WORKER_THREADS_H_
#define ACTIONTORCH_WORKER_THREADS_H_

namespace action {

// Lets what the calling thread computes use every processor that this process can keep busy (processors.h), or
// OMP_NUM_THREADS of them when that is set. Other threads, and so the host's own use of LibTorch, are left as they
// are. Returns the number.
int UseAllProcessors();

// Whether OMP_NUM_THREADS says how many threads there are to be.
bool ThreadsAreGiven();

// Lets the calling thread compute alone.
void UseOneProcessor();

}  // namespace action

#endif  // ACTIONTORCH_WORKER_THREADS_H_

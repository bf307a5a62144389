// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds libactiontorch, and with it LibTorch, when an element first needs it.
#ifndef ACTION_ENGINE_LIBRARY_H_
#define ACTION_ENGINE_LIBRARY_H_

#include <string>

#include "action/engine.h"

namespace action {

// The engine of this process, or why there is none: libactiontorch cannot be loaded, is of another version, or the
// process already holds another LibTorch than the one it was built with (two of them in one process end in a crash that
// nothing can catch).
struct EngineOrError {
  Engine *engine = nullptr;
  std::string error;
};

// Opens libactiontorch once a process; it is never closed. Does not throw on purpose: a process that holds a foreign
// LibTorch is most often Python, where libgcc's and libunwind's unwinders may both be at work, and an exception then
// ends the process.
ACTION_API EngineOrError FindEngine();

// The same for programs: throws Error when there is none.
ACTION_API Engine &LoadEngine();

// The BLAS that this process has loaded, as a real path, or empty: which one it is decides the last bits of what is
// trained, and the reference BLAS is about ten times slower than an optimised one.
ACTION_API std::string LoadedBlas();
ACTION_API bool IsReferenceBlas(const std::string &path);

}  // namespace action

#endif  // ACTION_ENGINE_LIBRARY_H_

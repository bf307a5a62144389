// Finds libactiontorch, and with it LibTorch, when an element first needs it.
#ifndef ACTION_ENGINE_LIBRARY_H_
#define ACTION_ENGINE_LIBRARY_H_

#include "action/engine.h"

namespace action {

// The engine of this process. Opened once, never closed. Throws Error when libactiontorch cannot be loaded, when it is of
// another version, or when the process already holds another LibTorch than the one it was built with: two of them in one
// process end in a crash that nothing can catch.
ACTION_API Engine &LoadEngine();

}  // namespace action

#endif  // ACTION_ENGINE_LIBRARY_H_

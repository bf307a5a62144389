// Precompiled: LibTorch's headers cost more to read than this library's own code.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Precompiled: LibTorch's headers cost more to read than this library's own code.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

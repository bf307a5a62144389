// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef TESTS_FAKE_ENGINE_H_
#define TESTS_FAKE_ENGINE_H_

#include "action/export.h"

extern "C" {
// A closed gate keeps the network from answering.
ACTION_API void fake_engine_set_gate(bool open);
// Blocks until the network stands at the closed gate with a chunk.
ACTION_API void fake_engine_wait_at_gate();
ACTION_API void fake_engine_set_failing(bool fail);
// Neither a network nor a classifier is loaded while it is closed.
ACTION_API void fake_engine_set_loading(bool open);
}

#endif  // TESTS_FAKE_ENGINE_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The vote that decides a clip, a step's window and a segment alike.
#ifndef ACTION_MAJORITY_H_
#define ACTION_MAJORITY_H_

#include <span>

#include "action/export.h"

namespace action {

// The most frequent of some ids, each 0 or more; of equals the smallest. -1 when there is none.
ACTION_API int Majority(std::span<const int> ids);

}  // namespace action

#endif  // ACTION_MAJORITY_H_

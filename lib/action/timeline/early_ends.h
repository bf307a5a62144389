// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Segments as the Python system's first scripts write them (docs/python-system.md).
#ifndef ACTION_TIMELINE_EARLY_ENDS_H_
#define ACTION_TIMELINE_EARLY_ENDS_H_

#include <vector>

#include "action/timeline/step.h"

namespace action {

// Segments that end where their last step begins: one step early, and one of a single step at once. Each is made to
// last until the next one begins, in order of time, and the last one a step longer. False: they are none, since steps
// are not of one length, or there is not just one between a segment and the next; they are left alone.
bool MendEarlyEnds(std::vector<Segment> &segments);

}  // namespace action

#endif  // ACTION_TIMELINE_EARLY_ENDS_H_

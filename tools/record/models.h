// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a recorder needs to know of its models without running them.
#ifndef GST_ACTION_RECORD_MODELS_H_
#define GST_ACTION_RECORD_MODELS_H_

#include <set>
#include <string>

#include "record/settings.h"

namespace action {

// Fine labels of the element that a cycle begins with: cycle_start, else the first of elements.csv; none: cycles are
// not counted. Throws Error when elements.csv cannot be read.
std::set<std::string> CycleStarts(const StationSettings &station);

// Throws Error when there are no weights, when the model of a station cannot be read, its elements.csv is not one of
// that model's, or its cycles have no beginning.
void CheckModels(const SiteSettings &settings);

}  // namespace action

#endif  // GST_ACTION_RECORD_MODELS_H_

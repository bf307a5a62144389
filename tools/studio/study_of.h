// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_STUDIO_STUDY_OF_H_
#define GST_ACTION_STUDIO_STUDY_OF_H_

#include <string>
#include <vector>

#include "report/report.h"
#include "studio/project.h"
#include "studio/training.h"

namespace action {

// The study of these videos, with the settings of the project. What was labelled or corrected counts; with `found`,
// where nothing was, what the model has found. Videos that neither is known of are left out. Throws Error.
StudyReport StudyOf(Project &project, const StationSetup &setup, const std::vector<std::string> &videos, bool found);

}  // namespace action

#endif  // GST_ACTION_STUDIO_STUDY_OF_H_

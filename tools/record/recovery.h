// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_RECOVERY_H_
#define GST_ACTION_RECORD_RECOVERY_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "record/folders.h"

namespace action {

// Recordings in OUTPUT/STATION/DAY/ that were never closed: of a process that was killed, or a machine that lost power.
std::vector<Recording> UnclosedRecordings(const std::filesystem::path &output);

// Makes an ordinary MP4 of it, with all that can be read of it, in the place of what lay there, and notes it. One of
// which nothing can be read gets the ending .unreadable. Nothing is ever deleted. `told` hears what was done, `stop` is
// asked now and then. Blocks; for a thread of its own.
void RecoverRecording(const Recording &recording, const std::function<void(const std::string &)> &told,
                      const std::atomic<bool> &stop);

}  // namespace action

#endif  // GST_ACTION_RECORD_RECOVERY_H_

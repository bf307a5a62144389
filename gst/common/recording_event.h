// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The contract between whoever records the labelled video and timelinesmooth: an upstream event.
//
// `action-recording`: a new file begins. Timelines name the file that a segment begins in. Fields:
//   file            string   its path
//   running-time    uint64   of its first frame, ns
#ifndef GST_ACTION_RECORDING_EVENT_H_
#define GST_ACTION_RECORDING_EVENT_H_

#include <gst/gst.h>

#include <optional>
#include <string>

namespace action {

inline constexpr const char *kRecordingEvent = "action-recording";

struct RecordingFacts {
  std::string file;
  GstClockTime begin = GST_CLOCK_TIME_NONE;  // running time
};

// Returns a full reference.
inline GstEvent *NewRecordingEvent(const RecordingFacts &facts) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                              gst_structure_new(kRecordingEvent, "file", G_TYPE_STRING, facts.file.c_str(),
                                                "running-time", G_TYPE_UINT64, facts.begin, nullptr));
}

// Nothing when the structure is not what it should be.
inline std::optional<RecordingFacts> ParseRecording(const GstStructure *structure) {
  const char *file = gst_structure_get_string(structure, "file");
  guint64 begin = 0;
  if (file == nullptr || !gst_structure_get_uint64(structure, "running-time", &begin)) return std::nullopt;
  return RecordingFacts{file, begin};
}

}  // namespace action

#endif  // GST_ACTION_RECORDING_EVENT_H_

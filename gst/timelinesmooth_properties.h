// The properties of timelinesmooth: their texts, defaults and values.
#ifndef GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_
#define GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "action/timeline/run_smoother.h"

namespace action {

enum class SyncMode { kAuto, kImmediate, kAligned };
enum class TimeOrigin { kFirstFrame, kStream };

struct SmoothSettings {
  SmoothingSettings smoothing;
  SyncMode sync_mode = SyncMode::kAuto;
  guint64 max_size_bytes = G_GUINT64_CONSTANT(2) << 30;
  GstClockTime stall_timeout = 10 * GST_SECOND;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;
  std::string location;
  bool post_messages = true;
};

void InstallSmoothProperties(GObjectClass *object_class);

// False when there is no property of this id.
bool SetProperty(SmoothSettings &settings, guint id, const GValue *value);
bool GetProperty(const SmoothSettings &settings, guint id, GValue *value);

}  // namespace action

#endif  // GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_

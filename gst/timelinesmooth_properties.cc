#include "timelinesmooth_properties.h"

#include "common/enums.h"

namespace action {
namespace {

enum {
  PROP_0,
  PROP_WINDOW,
  PROP_MIN_DURATION,
  PROP_REFINE_WINDOW,
  PROP_SYNC_MODE,
  PROP_MAX_SIZE_BYTES,
  PROP_STALL_TIMEOUT,
  PROP_TIME_ORIGIN,
  PROP_LOCATION,
  PROP_POST_MESSAGES,
};

}  // namespace

bool SetProperty(SmoothSettings &settings, guint id, const GValue *value) {
  switch (id) {
    case PROP_WINDOW:
      settings.smoothing.window = g_value_get_int(value);
      return true;
    case PROP_MIN_DURATION:
      settings.smoothing.min_duration = static_cast<int64_t>(g_value_get_uint64(value));
      return true;
    case PROP_REFINE_WINDOW:
      settings.smoothing.refine_window = g_value_get_int(value);
      return true;
    case PROP_SYNC_MODE:
      settings.sync_mode = static_cast<SyncMode>(g_value_get_enum(value));
      return true;
    case PROP_MAX_SIZE_BYTES:
      settings.max_size_bytes = g_value_get_uint64(value);
      return true;
    case PROP_STALL_TIMEOUT:
      settings.stall_timeout = g_value_get_uint64(value);
      return true;
    case PROP_TIME_ORIGIN:
      settings.time_origin = static_cast<TimeOrigin>(g_value_get_enum(value));
      return true;
    case PROP_LOCATION: {
      const char *text = g_value_get_string(value);
      settings.location = text != nullptr ? text : "";
      return true;
    }
    case PROP_POST_MESSAGES:
      settings.post_messages = g_value_get_boolean(value) != FALSE;
      return true;
    default:
      return false;
  }
}

bool GetProperty(const SmoothSettings &settings, guint id, GValue *value) {
  switch (id) {
    case PROP_WINDOW:
      g_value_set_int(value, settings.smoothing.window);
      return true;
    case PROP_MIN_DURATION:
      g_value_set_uint64(value, static_cast<guint64>(settings.smoothing.min_duration));
      return true;
    case PROP_REFINE_WINDOW:
      g_value_set_int(value, settings.smoothing.refine_window);
      return true;
    case PROP_SYNC_MODE:
      g_value_set_enum(value, static_cast<int>(settings.sync_mode));
      return true;
    case PROP_MAX_SIZE_BYTES:
      g_value_set_uint64(value, settings.max_size_bytes);
      return true;
    case PROP_STALL_TIMEOUT:
      g_value_set_uint64(value, settings.stall_timeout);
      return true;
    case PROP_TIME_ORIGIN:
      g_value_set_enum(value, static_cast<int>(settings.time_origin));
      return true;
    case PROP_LOCATION:
      g_value_set_string(value, settings.location.empty() ? nullptr : settings.location.c_str());
      return true;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, settings.post_messages);
      return true;
    default:
      return false;
  }
}

void InstallSmoothProperties(GObjectClass *object_class) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  const auto install = [object_class](guint id, GParamSpec *spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  const SmoothSettings defaults;
  install(PROP_WINDOW,
          g_param_spec_int("window", "Smoothing window",
                           "Steps around each one that decide its coarse action by majority; an even number counts as "
                           "the next one. 1: no smoothing. With r3dfeatures' hop=16 a step is about 2 s, and 9 steps "
                           "18 s: actions of less than half of it are smoothed away. Take hop=4 to keep them",
                           1, 999, defaults.smoothing.window, kFlags));
  install(PROP_MIN_DURATION,
          g_param_spec_uint64("min-duration", "Minimum duration",
                              "Segments shorter than this, in nanoseconds, are merged into their longer neighbour", 0,
                              G_MAXINT64, static_cast<guint64>(defaults.smoothing.min_duration), kFlags));
  install(PROP_REFINE_WINDOW,
          g_param_spec_int("refine-window", "Refining window",
                           "Steps around each one that decide its fine action by majority, within a finished segment; "
                           "an even number counts as the next one",
                           1, 999, defaults.smoothing.refine_window, kFlags));
  install(PROP_SYNC_MODE,
          g_param_spec_enum("sync-mode", "Synchronisation mode",
                            "Whether frames wait for their label. aligned: the smoothed coarse action changes on the "
                            "right frame, frames are held meanwhile; immediate: frames pass with what is known; auto: "
                            "immediate when the source is live, aligned otherwise",
                            GST_TYPE_ACTION_SYNC_MODE, static_cast<int>(defaults.sync_mode), kFlags));
  install(PROP_MAX_SIZE_BYTES,
          g_param_spec_uint64("max-size-bytes", "Maximum size",
                              "Bytes of frames that may wait for their label (aligned); beyond it the oldest go on "
                              "with what is known, with one warning. Needed: frame bytes x frames per second x seconds "
                              "of look-ahead, where look-ahead is (window / 2 x hop + 16 samples) / sample rate and 2 "
                              "chunks in flight: 1.3 GB for 1080p30 (3.1 MB a frame) at window 9, hop 16",
                              0, G_MAXUINT64, defaults.max_size_bytes, kFlags));
  install(PROP_STALL_TIMEOUT,
          g_param_spec_uint64("stall-timeout", "Stall timeout",
                              "Nanoseconds without input while frames wait for their label and nothing goes "
                              "downstream; then the element warns and goes on in immediate, since most often another "
                              "branch of the pipeline has no room for the same time. 0: wait for ever",
                              0, G_MAXINT64, defaults.stall_timeout, kFlags));
  install(PROP_TIME_ORIGIN,
          g_param_spec_enum("time-origin", "Time origin",
                            "What counts as 0 s in the file: the first frame, as in the reference, or stream time 0",
                            GST_TYPE_ACTION_TIME_ORIGIN, static_cast<int>(defaults.time_origin), kFlags));
  install(PROP_LOCATION,
          g_param_spec_string("location", "Location",
                              "File for the timeline. NAME.json: the reference's list of segments, written when the "
                              "stream ends, complete or not at all; NAME.jsonl: one segment a line, appended as soon "
                              "as it is final, also to what is in the file already: each line names its run",
                              nullptr, kFlags));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message 'action-segment' for every final segment", TRUE, kFlags));

  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SYNC_MODE, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_TIME_ORIGIN, static_cast<GstPluginAPIFlags>(0));
}

}  // namespace action

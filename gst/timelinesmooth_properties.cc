// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth_properties.h"

#include <cmath>

#include "common/enums.h"
#include "common/property_values.h"

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
  PROP_PROFILE,
  PROP_METHOD,
  PROP_SWITCH_COST,
  PROP_ORDER_COST,
  PROP_LOOKAHEAD,
  PROP_WINDOW_SECONDS,
  PROP_REFINE_WINDOW_SECONDS,
  PROP_MIN_DURATION_SECONDS,
  PROP_ELEMENTS,
  PROP_STATS,
};

// What a profile may set: all but what the user has set.
void ApplyProfile(SmoothSettings &settings) {
  const SmoothingSettings profile = SmoothingOf(settings.profile);
  SmoothingSettings &own = settings.smoothing;
  const auto apply = [&settings](guint id, auto &value, auto of_profile) {
    if ((settings.set_by_user >> id & 1) == 0) value = of_profile;
  };
  apply(PROP_WINDOW, own.window, profile.window);
  apply(PROP_REFINE_WINDOW, own.refine_window, profile.refine_window);
  apply(PROP_MIN_DURATION, own.min_duration, profile.min_duration);
  apply(PROP_METHOD, own.method, profile.method);
  apply(PROP_SWITCH_COST, own.switch_cost, profile.switch_cost);
  apply(PROP_ORDER_COST, own.order_cost, profile.order_cost);
  apply(PROP_LOOKAHEAD, own.lookahead, profile.lookahead);
}

// The odd number of steps that is nearest to so many seconds.
int StepsOf(double seconds, double step_seconds) {
  return 2 * static_cast<int>(std::min(seconds / step_seconds / 2, 1e6)) + 1;
}

}  // namespace

SmoothingSettings SmoothSettings::SmoothingFor(double step_seconds) const {
  SmoothingSettings result = smoothing;
  if (step_seconds > 0 && window_seconds > 0) result.window = StepsOf(window_seconds, step_seconds);
  if (step_seconds > 0 && refine_window_seconds > 0) {
    result.refine_window = StepsOf(refine_window_seconds, step_seconds);
  }
  if (min_duration_seconds >= 0) result.min_duration = std::llround(min_duration_seconds * GST_SECOND);
  return result;
}

bool IsStats(guint id) {
  return id == PROP_STATS;
}

bool SetProperty(SmoothSettings &settings, guint id, const GValue *value) {
  settings.set_by_user |= guint64{1} << id;
  switch (id) {
    case PROP_PROFILE:
      settings.profile = static_cast<Profile>(g_value_get_enum(value));
      ApplyProfile(settings);
      return true;
    case PROP_METHOD:
      settings.smoothing.method = static_cast<SmoothingMethod>(g_value_get_enum(value));
      return true;
    case PROP_SWITCH_COST:
      settings.smoothing.switch_cost = g_value_get_double(value);
      return true;
    case PROP_ORDER_COST:
      settings.smoothing.order_cost = g_value_get_double(value);
      return true;
    case PROP_LOOKAHEAD:
      settings.smoothing.lookahead = static_cast<int64_t>(g_value_get_uint64(value));
      return true;
    case PROP_WINDOW_SECONDS:
      settings.window_seconds = g_value_get_double(value);
      return true;
    case PROP_REFINE_WINDOW_SECONDS:
      settings.refine_window_seconds = g_value_get_double(value);
      return true;
    case PROP_MIN_DURATION_SECONDS:
      settings.min_duration_seconds = g_value_get_double(value);
      return true;
    case PROP_ELEMENTS:
      settings.elements = TextOf(value);
      return true;
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
    case PROP_LOCATION:
      settings.location = TextOf(value);
      return true;
    case PROP_POST_MESSAGES:
      settings.post_messages = g_value_get_boolean(value) != FALSE;
      return true;
    default:
      return false;
  }
}

bool GetProperty(const SmoothSettings &settings, guint id, GValue *value) {
  switch (id) {
    case PROP_PROFILE:
      g_value_set_enum(value, static_cast<int>(settings.profile));
      return true;
    case PROP_METHOD:
      g_value_set_enum(value, static_cast<int>(settings.smoothing.method));
      return true;
    case PROP_SWITCH_COST:
      g_value_set_double(value, settings.smoothing.switch_cost);
      return true;
    case PROP_ORDER_COST:
      g_value_set_double(value, settings.smoothing.order_cost);
      return true;
    case PROP_LOOKAHEAD:
      g_value_set_uint64(value, static_cast<guint64>(settings.smoothing.lookahead));
      return true;
    case PROP_WINDOW_SECONDS:
      g_value_set_double(value, settings.window_seconds);
      return true;
    case PROP_REFINE_WINDOW_SECONDS:
      g_value_set_double(value, settings.refine_window_seconds);
      return true;
    case PROP_MIN_DURATION_SECONDS:
      g_value_set_double(value, settings.min_duration_seconds);
      return true;
    case PROP_ELEMENTS:
      SetTextOrNull(value, settings.elements);
      return true;
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
      SetTextOrNull(value, settings.location);
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
  install(
      PROP_WINDOW,
      g_param_spec_int(
          "window", "Smoothing window",
          "Steps around each one that decide its coarse action by majority (method=majority); an even number counts as "
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
                              "stream ends or is left (then the last one says complete: false); what another run left "
                              "there is kept as NAME.json~; NAME.jsonl: one segment a line, appended as soon "
                              "as it is final, also to what is in the file already: each line names its run",
                              nullptr, kFlags));
  install(PROP_PROFILE,
          g_param_spec_enum("profile", "Profile",
                            "A set of defaults for method, costs, windows and durations; what is set by itself stays, "
                            "whichever comes first. reference: exactly what the Python system computes; study: "
                            "durations of elements of 3 s and more (Viterbi; take r3dfeatures hop=4 with it), and the "
                            "states 'absent' and 'unknown' of what classes of such names mean",
                            GST_TYPE_ACTION_PROFILE, static_cast<int>(defaults.profile), kFlags));
  install(PROP_METHOD,
          g_param_spec_enum("method", "Method",
                            "How steps become segments. majority: of the coarse labels in a window, then one vote for "
                            "the fine action of a segment, as in the reference; viterbi: the most probable sequence of "
                            "fine actions, a change of which costs switch-cost",
                            GST_TYPE_ACTION_SMOOTHING_METHOD, static_cast<int>(defaults.smoothing.method), kFlags));
  install(
      PROP_SWITCH_COST,
      g_param_spec_double("switch-cost", "Switch cost",
                          "What a change of the fine action costs (viterbi), in nats: evidence for the new one must "
                          "add up to more than twice it before a short stretch gets it. Less finds shorter elements, "
                          "and invents more",
                          0, 1000, defaults.smoothing.switch_cost, kFlags));
  install(PROP_ORDER_COST,
          g_param_spec_double("order-cost", "Order cost",
                              "What a change off the order of work in elements.csv costs beside switch-cost (viterbi), "
                              "in nats: once where one element is left out, twice for any other. Only changes straight "
                              "from one element with a turn to another are charged. 0: the order decides nothing. "
                              "Deviations stay possible and are reported either way",
                              0, 1000, defaults.smoothing.order_cost, kFlags));
  install(PROP_LOOKAHEAD,
          g_param_spec_uint64("lookahead", "Look-ahead",
                              "Nanoseconds of later evidence that a frame waits for at most (viterbi, aligned), if its "
                              "label is not final before. More: fewer frames with another label than the finished "
                              "timeline; and, live, that much more latency",
                              0, 120 * GST_SECOND, static_cast<guint64>(defaults.smoothing.lookahead), kFlags));
  install(PROP_WINDOW_SECONDS,
          g_param_spec_double("window-seconds", "Smoothing window in seconds",
                              "The same as window, so that it means the same at every hop: the nearest odd number of "
                              "steps. 0: window counts",
                              0, 86400, defaults.window_seconds, kFlags));
  install(PROP_REFINE_WINDOW_SECONDS,
          g_param_spec_double("refine-window-seconds", "Refining window in seconds",
                              "The same as refine-window, in seconds, as with window-seconds. 0: refine-window counts",
                              0, 86400, defaults.refine_window_seconds, kFlags));
  install(PROP_MIN_DURATION_SECONDS,
          g_param_spec_double("min-duration-seconds", "Minimum duration in seconds",
                              "The same as min-duration, in seconds. -1: min-duration counts", -1, 86400,
                              defaults.min_duration_seconds, kFlags));
  install(PROP_ELEMENTS, g_param_spec_string(
                             "elements", "Elements",
                             "A file elements.csv: display names, values, order and limits of the fine labels, instead "
                             "of what actionclassify sends. gst-action-elements MODEL writes a template",
                             nullptr, kFlags));
  install(PROP_STATS,
          g_param_spec_boxed("stats", "Statistics",
                             "Since READY->PAUSED: segments, gaps, deviations (from the order of work), forced-steps "
                             "(whose label was decided after 120 s of doubt), steps-kept (in memory now)",
                             GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message 'action-segment' for every final segment", TRUE, kFlags));

  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_PROFILE, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SMOOTHING_METHOD, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SYNC_MODE, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_TIME_ORIGIN, static_cast<GstPluginAPIFlags>(0));
}

}  // namespace action

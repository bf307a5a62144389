// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/properties.h"

#include <algorithm>
#include <cmath>

#include "common/time_origin.h"
#include "timelinesmooth/enums.h"

namespace action {
namespace {

using Settings = TimelineSmoothSettings;

// The odd number of steps that is nearest to so many seconds.
int StepsOf(double seconds, double step_seconds) {
  return 2 * static_cast<int>(std::min(seconds / step_seconds / 2, 1e6)) + 1;
}

// A property that the profile gives a value until the user does. `take` and `put`: GValue's functions for it.
template <typename Value, typename Raw>
void AddOfProfile(PropertyTable<Settings> &table, GParamSpec *spec, Value SmoothingSettings::*member,
                  std::optional<Value> SmoothingSetByUser::*by_user, Raw (*take)(const GValue *),
                  void (*put)(GValue *, Raw)) {
  table.Add(
      spec,
      [member, put](const Settings &s, GValue *value) { put(value, static_cast<Raw>(s.SmoothingFor(0).*member)); },
      [by_user, take](Settings &s, const GValue *value) { s.by_user.*by_user = static_cast<Value>(take(value)); });
}

void AddSmoothing(PropertyTable<Settings> &table) {
  const SmoothingSettings defaults = Settings{}.SmoothingFor(0);
  using Of = SmoothingSettings;
  using By = SmoothingSetByUser;
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SMOOTHING_METHOD, static_cast<GstPluginAPIFlags>(0));
  AddOfProfile(
      table,
      g_param_spec_enum("method", "Method",
                        "How steps become segments. majority: of the coarse labels in a window, then one vote for the "
                        "fine action of a segment, as in the reference; viterbi: the most probable sequence of fine "
                        "actions, a change of which costs switch-cost",
                        GST_TYPE_ACTION_SMOOTHING_METHOD, static_cast<gint>(defaults.method), kMutableReady),
      &Of::method, &By::method, g_value_get_enum, g_value_set_enum);
  AddOfProfile(
      table,
      g_param_spec_int("window", "Smoothing window",
                       "Steps around each one that decide its coarse action by majority (method=majority); an even "
                       "number counts as the next one. 1: no smoothing. With r3dfeatures' hop=16 a step is about 2 s, "
                       "and 9 steps 18 s: actions of less than half of it are smoothed away. Take hop=4 to keep them",
                       1, 999, defaults.window, kMutableReady),
      &Of::window, &By::window, g_value_get_int, g_value_set_int);
  AddOfProfile(
      table,
      g_param_spec_int("refine-window", "Refining window",
                       "Steps around each one that decide its fine action by majority, within a finished segment; an "
                       "even number counts as the next one",
                       1, 999, defaults.refine_window, kMutableReady),
      &Of::refine_window, &By::refine_window, g_value_get_int, g_value_set_int);
  AddOfProfile(table,
               g_param_spec_uint64("min-duration", "Minimum duration",
                                   "Segments shorter than this, in nanoseconds, are merged into their longer neighbour",
                                   0, G_MAXINT64, static_cast<guint64>(defaults.min_duration), kMutableReady),
               &Of::min_duration, &By::min_duration, g_value_get_uint64, g_value_set_uint64);
  AddOfProfile(
      table,
      g_param_spec_double("switch-cost", "Switch cost",
                          "What a change of the fine action costs (viterbi), in nats: evidence for the new one must "
                          "add up to more than twice it before a short stretch gets it. Less finds shorter elements, "
                          "and invents more",
                          0, 1000, defaults.switch_cost, kMutableReady),
      &Of::switch_cost, &By::switch_cost, g_value_get_double, g_value_set_double);
  AddOfProfile(
      table,
      g_param_spec_double("order-cost", "Order cost",
                          "What a change off the order of work in elements.csv costs beside switch-cost (viterbi), in "
                          "nats: once where one element is left out, twice for any other. Only changes straight from "
                          "one element with a turn to another are charged. 0: the order decides nothing. Deviations "
                          "stay possible and are reported either way",
                          0, 1000, defaults.order_cost, kMutableReady),
      &Of::order_cost, &By::order_cost, g_value_get_double, g_value_set_double);
  AddOfProfile(
      table,
      g_param_spec_uint64("lookahead", "Look-ahead",
                          "Nanoseconds of later evidence that a frame waits for at most (viterbi, aligned), if its "
                          "label is not final before. More: fewer frames with another label than the finished "
                          "timeline; and, live, that much more latency",
                          0, 120 * GST_SECOND, static_cast<guint64>(defaults.lookahead), kMutableReady),
      &Of::lookahead, &By::lookahead, g_value_get_uint64, g_value_set_uint64);
}

void AddDeprecated(PropertyTable<Settings> &table) {
  constexpr auto kDeprecated = static_cast<GParamFlags>(kMutableReady | G_PARAM_DEPRECATED);
  table.Double("window-seconds", "Smoothing window in seconds",
               "Deprecated: set window. The same in seconds, as the nearest odd number of steps. 0: window counts", 0,
               86400, &Settings::window_seconds, kDeprecated);
  table.Double("refine-window-seconds", "Refining window in seconds",
               "Deprecated: set refine-window. The same in seconds, as the nearest odd number of steps. 0: "
               "refine-window counts",
               0, 86400, &Settings::refine_window_seconds, kDeprecated);
  table.Double("min-duration-seconds", "Minimum duration in seconds",
               "Deprecated: set min-duration, in nanoseconds. -1: min-duration counts", -1, 86400,
               &Settings::min_duration_seconds, kDeprecated);
}

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  table.Enum("profile", "Profile",
             "A set of defaults for method, costs, windows and durations; what is set by itself stays, whichever comes "
             "first. reference: exactly what the Python system computes; study: durations of elements of 3 s and more "
             "(Viterbi; take r3dfeatures hop=4 with it), and the states 'absent' and 'unknown' of what classes of such "
             "names mean",
             GST_TYPE_ACTION_PROFILE, &Settings::profile, kMutableReady);
  AddSmoothing(table);
  AddDeprecated(table);
  table.Enum("sync-mode", "Synchronisation mode",
             "Whether frames wait for their label. aligned: the smoothed coarse action changes on the right frame, "
             "frames are held meanwhile; immediate: frames pass with what is known; auto: immediate when the source is "
             "live, aligned otherwise",
             GST_TYPE_ACTION_SYNC_MODE, &Settings::sync_mode, kMutableReady);
  table.Uint64("max-size-bytes", "Maximum size",
               "Bytes of frames that may wait for their label (aligned); beyond it the oldest go on with what is "
               "known, with one warning. Needed: frame bytes x frames per second x seconds of look-ahead, where "
               "look-ahead is (window / 2 x hop + 16 samples) / sample rate and 2 chunks in flight: 1.3 GB for 1080p30 "
               "(3.1 MB a frame) at window 9, hop 16",
               0, G_MAXUINT64, &Settings::max_size_bytes, kMutableReady);
  table.Uint64("stall-timeout", "Stall timeout",
               "Nanoseconds without input while frames wait for their label and nothing goes downstream; then the "
               "element warns and goes on in immediate, since most often another branch of the pipeline has no room "
               "for the same time. 0: wait for ever",
               0, G_MAXINT64, &Settings::stall_timeout, kMutableReady);
  table.Enum("time-origin", "Time origin",
             "What counts as 0 s in the file: the first frame, as in the reference, or stream time 0",
             GST_TYPE_ACTION_TIME_ORIGIN, &Settings::time_origin, kMutableReady);
  table.Text(
      "location", "Location",
      "File for the timeline. NAME.json: the reference's list of segments, written when the stream ends or is "
      "left (then the last one says complete: false); what another run left there is kept as NAME.json~; "
      "NAME.jsonl: one segment a line, appended as soon as it is final, also to what is in the file already: "
      "each line names its run. In the name of a .jsonl, %Y, %m, %d and so on (strftime, local time) are those of "
      "the segment's beginning: a file a day; folders are made. Other endings are formats of other programs, written "
      "at the end: .vtt, .srt, .eaf (ELAN), .csv; what they cannot hold is left out (gst-action-convert says what)",
      &Settings::location, kMutableReady);
  table.Text("station", "Station", "What the place of work is called: a key of each line of a .jsonl",
             &Settings::station, kMutableReady);
  table.Text("elements", "Elements",
             "A file elements.csv: display names, values, order and limits of the fine labels, instead of what "
             "actionclassify sends. gst-action-elements MODEL writes a template",
             &Settings::elements, kMutableReady);
  table.Boolean("post-messages", "Post messages", "Post an element message 'action-segment' for every final segment",
                &Settings::post_messages, kMutablePlaying);
  table.Computed(
      g_param_spec_boxed("stats", "Statistics",
                         "Since READY->PAUSED: segments, gaps, deviations (from the order of work), forced-steps "
                         "(whose label was decided after 120 s of doubt), steps-kept (in memory now)",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  return table;
}

}  // namespace

SmoothingSettings TimelineSmoothSettings::SmoothingFor(double step_seconds) const {
  SmoothingSettings result = SmoothingOf(profile);
  result.method = by_user.method.value_or(result.method);
  result.window = by_user.window.value_or(result.window);
  result.refine_window = by_user.refine_window.value_or(result.refine_window);
  result.min_duration = by_user.min_duration.value_or(result.min_duration);
  result.switch_cost = by_user.switch_cost.value_or(result.switch_cost);
  result.order_cost = by_user.order_cost.value_or(result.order_cost);
  result.lookahead = by_user.lookahead.value_or(result.lookahead);
  if (step_seconds > 0 && window_seconds > 0) result.window = StepsOf(window_seconds, step_seconds);
  if (step_seconds > 0 && refine_window_seconds > 0)
    result.refine_window = StepsOf(refine_window_seconds, step_seconds);
  if (min_duration_seconds >= 0) result.min_duration = std::llround(min_duration_seconds * GST_SECOND);
  return result;
}

const PropertyTable<Settings> &TimelineSmoothProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action

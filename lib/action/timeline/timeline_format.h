// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timelines in the formats of other programs.
#ifndef ACTION_TIMELINE_TIMELINE_FORMAT_H_
#define ACTION_TIMELINE_TIMELINE_FORMAT_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"
#include "action/timeline/step.h"
#include "action/timeline/timeline_file.h"

namespace action {

// One run of a timeline, and what else a file says of it.
struct TimelineDocument {
  std::vector<Segment> segments;  // in order of time; stretches that nothing is known of are gaps
  std::string video;              // that it is of, as the file names it; empty: it does not
  double frame_rate = 0;          // of the video, frames a second; 0: not known
};

// A format: how it is read and written, and what it cannot hold.
struct TimelineFormat {
  const char *name;    // as users type it
  const char *ending;  // of file names; two formats may have the same
  const char *what;    // for people
  // What of a segment it holds, beside its times and its fine action.
  struct Holds {
    bool coarse = false, value = false, name = false, state = false, confidence = false, deviation = false;
    bool wall_clock = false, steps = false, stand_in = false;
  } holds;
  // Whether a text of this ending is of this format: of two with the same ending the first that says so.
  bool (*is)(std::string_view text);
  // where: the file, for messages; frame_rate: of the video, where times are frames and the file does not say it; 0:
  // not known. Throws Error naming the line.
  TimelineDocument (*read)(std::string_view text, const std::string &where, double frame_rate);
  std::string (*write)(const TimelineDocument &document);
  bool by_frames = false;     // its times are numbers of frames
  bool joins_equals = false;  // segments of one action that follow on each other become one
};

ACTION_API std::span<const TimelineFormat> TimelineFormats();

// By its name; empty: by the ending of the path and, where the file is there to be looked at, by the text. Throws Error
// naming those that there are.
ACTION_API const TimelineFormat &FormatOf(const std::string &path, std::string_view name, std::string_view text = {});

// By the ending: one that labels can be written in without knowing the video's frames. Throws Error naming those.
ACTION_API const TimelineFormat &FormatOfLabels(const std::string &path);

// A timeline file of any format. Ours may have several runs, and something beside them; others have one.
struct AnyTimeline {
  TimelineFile file;
  std::string video;  // as in TimelineDocument
  double frame_rate = 0;
};
// format: the name of one; empty: by the file's ending and its text, and ours where nothing is known. frame_rate: of
// the video, for formats that count frames. "-" is the standard input, without a format's name in ours. Throws Error
// naming the file.
ACTION_API AnyTimeline ReadAnyTimeline(const std::string &path, std::string_view format = {}, double frame_rate = 0);

// What of this document the format leaves out, in words, such as "the confidence"; empty: nothing.
ACTION_API std::vector<std::string> LeftOut(const TimelineDocument &document, const TimelineFormat &format);

}  // namespace action

#endif  // ACTION_TIMELINE_TIMELINE_FORMAT_H_

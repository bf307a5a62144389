// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A pipeline over a file, from its first frame to its last.
#ifndef GST_ACTION_FILE_PIPELINE_H_
#define GST_ACTION_FILE_PIPELINE_H_

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>

#include "action/deleter.h"
#include "action/error.h"

namespace action {

using ElementPtr = std::unique_ptr<GstElement, Deleter<gst_object_unref>>;
using BusPtr = std::unique_ptr<GstBus, Deleter<gst_object_unref>>;

// Stops a pipeline at the end of a block.
struct TakenDown {
  GstElement *pipeline;
  ~TakenDown() { gst_element_set_state(pipeline, GST_STATE_NULL); }
};

// Throws what an ERROR message says, behind `path` where the message is not one of our elements, which say themselves
// what is wrong with what.
[[noreturn]] void FailWith(GstMessage *message, const std::string &path);

// Somebody asked for an end.
class Cancelled : public Error {
 public:
  Cancelled() : Error("cancelled") {}
};

// The pipeline does nothing, and does not say why (StandstillDetector). Another try gives the video, or the error.
class Standstill : public Error {
 public:
  explicit Standstill(const std::string &path)
      : Error(path + ": no video that can be decoded: GStreamer gives up on it without saying why") {}
};

// Another try is made after a Standstill, some times.
void WithTries(const std::function<void()> &run);

// What GStreamer knows beside the text of an error, in one line: "FILE(LINE): FUNCTION (): OBJECT:", a line end, and
// what happened: that alone, and not pages of it, for some list codec data. Empty: nothing.
std::string DetailOf(const char *debug);

// An element, floating, as gst_element_factory_make returns it. Throws Error.
GstElement *MakeElement(const char *factory);
// The plugin is looked for where this program's own installation has it, too. Throws Error.
void FindPlugin();

struct FileRunOptions {
  // Called several times a second with position and duration in seconds (0: not known). May be empty.
  std::function<void(double, double)> progress;
  // Asked several times a second: true ends the run with Cancelled. May be empty.
  std::function<bool()> cancelled;
  // The part of the file that is played, s; end 0: all of it.
  double start = 0, end = 0;
  // Warnings of the pipeline. May be empty.
  std::function<void(const std::string &)> warning;
};

// What the elements of such a pipeline are called that read the file and decode it (decodebin).
inline constexpr const char *kSource = "source", *kDecoder = "decoder";

// A pipeline of a gst-launch line that has these two elements, "filesrc name=source ! decodebin name=decoder ! ...",
// for a file. wanted: caps of what the decoder gives, the video alone by default. Throws Error.
ElementPtr OpenFilePipeline(const std::string &line, const std::string &path,
                            const std::string &wanted = "video/x-raw(ANY)");
// One of its elements, as long as the pipeline is there.
GstElement *ChildOf(const ElementPtr &pipeline, const char *name);

// Plays the pipeline until its end, then takes it down. Throws Error with `path` before what GStreamer says, Standstill
// or Cancelled.
void RunToEnd(GstElement *pipeline, const std::string &path, const FileRunOptions &options);

}  // namespace action

#endif  // GST_ACTION_FILE_PIPELINE_H_

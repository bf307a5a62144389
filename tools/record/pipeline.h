// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pipelines that share one time, and what passes from one to the next.
#ifndef GST_ACTION_RECORD_PIPELINE_H_
#define GST_ACTION_RECORD_PIPELINE_H_

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "action/deleter.h"
#include "common/glib_ptr.h"

namespace action {

// The running time of all pipelines: they have one clock and one base time.
class SharedTime {
 public:
  SharedTime();
  GstClock *clock() const { return clock_.get(); }
  GstClockTime base() const { return base_; }
  GstClockTime Now() const { return gst_clock_get_time(clock_.get()) - base_; }
  // What the clock on the wall said at this running time, ns since 1970.
  int64_t WallAt(GstClockTime running) const;

 private:
  const std::unique_ptr<GstClock, Deleter<gst_object_unref>> clock_;
  const GstClockTime base_;
};

using ElementPtr = std::unique_ptr<GstElement, Deleter<gst_object_unref>>;
// A pipeline of a gst-launch line. Throws Error.
ElementPtr ParsePipeline(const std::string &line);
// What an error or a warning says.
std::string TextOf(GstMessage *message);
// Owned by the pipeline; null when there is none.
GstElement *FindElement(GstElement *pipeline, const char *name);

// A pipeline of a gst-launch line. Made and taken down on the main loop.
class Pipeline {
 public:
  // on_message: on the main loop. Throws Error when the line cannot be made.
  Pipeline(const std::string &line, const SharedTime &time, std::function<void(GstMessage *)> on_message);
  ~Pipeline();
  Pipeline(const Pipeline &) = delete;
  Pipeline &operator=(const Pipeline &) = delete;

  // Loads what the elements need. Throws Error with what the first of them said.
  void Pause();
  // What goes wrong is told in messages.
  void Play();
  // Whether a message told of an error.
  bool failed() const { return failed_; }
  // Stops; nothing is said any more.
  void Stop();
  // Stops and frees it on a thread of its own, which may take for ever: an element in it hangs.
  static void LeaveBehind(std::unique_ptr<Pipeline> pipeline);
  // Owned by the pipeline; null when there is none.
  GstElement *Find(const char *name) const;
  GstElement *get() const { return pipeline_.get(); }

 private:
  const ElementPtr pipeline_;
  const std::function<void(GstMessage *)> on_message_;
  bool failed_ = false;
  guint watch_ = 0;
};

// Takes what leaves a pipeline. Called on its streaming thread; must not wait.
class FrameConsumer {
 public:
  virtual void OnFrame(GstSample *sample) = 0;
  // Nothing comes for this time: running times.
  virtual void OnGap(GstClockTime start, GstClockTime duration) = 0;
  virtual void OnEnd() {}

 protected:
  ~FrameConsumer() = default;
};

// Hands what arrives at an appsink to any number of consumers.
class FrameFeed {
 public:
  FrameFeed() = default;
  ~FrameFeed();
  FrameFeed(const FrameFeed &) = delete;
  FrameFeed &operator=(const FrameFeed &) = delete;

  // From this one on, and from no other, though another may go on.
  void Connect(GstElement *appsink);
  void Add(FrameConsumer *consumer);
  // When it returns, the consumer is not called any more.
  void Remove(FrameConsumer *consumer);

 private:
  // An appsink has it too, which may outlive the feed.
  struct State {
    std::mutex mutex;
    GstElement *source = nullptr;  // compared alone
    std::vector<FrameConsumer *> consumers;
  };
  template <typename Call>
  static void ForEachConsumer(gpointer appsink, gpointer state, Call &&call);

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Puts frames into a pipeline at an appsrc: now into this one, then into the next. What does not fit is dropped, oldest
// first.
class FrameInput final : public FrameConsumer {
 public:
  // Owned by a pipeline; null: nobody takes frames.
  void SetTarget(GstElement *appsrc);
  // Whether there ever was a frame.
  bool fed() const;
  void OnFrame(GstSample *sample) override;
  // Before the first frame there is nothing that a gap could be in: caps come before everything else.
  void OnGap(GstClockTime start, GstClockTime duration) override;

 private:
  mutable std::mutex mutex_;
  CapsPtr caps_;  // of the last frame
  ElementPtr target_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_PIPELINE_H_

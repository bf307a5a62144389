// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// timelinesmooth in a harness, with the steps that actionclassify would send.
#ifndef TESTS_ELEMENT_SMOOTHED_STREAM_H_
#define TESTS_ELEMENT_SMOOTHED_STREAM_H_

#include <future>
#include <string>

#include "labelled_stream.h"

namespace test {

class TimelineSmooth : public LabelledStream {
 protected:
  void SetUp() override { Make("timelinesmooth"); }

  // Everything before the first frame.
  void Begin(int hop = 16, bool live = false) {
    Start();
    PushBackbone(hop, live);
    PushLabels();
  }

  // A stream of steps of 16 frames each, one letter a step; '?' unknown, '.' dropped.
  void PushStream(const std::string &steps, uint64_t first = 0) {
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto index = static_cast<int>(first + i);
      PushFrames(index * 16, index * 16 + 16);
      if (steps[i] == '.') {
        Push(StepEvent(FactsOf(first + i), std::nullopt));
      } else {
        PushStep(first + i, steps[i] == '?' ? 3 : steps[i] - 'a');
      }
    }
  }

  // On a thread of its own, since held frames may block it; the result is the last flow.
  std::future<GstFlowReturn> PushUntilRefused(int first, int most) {
    return std::async(std::launch::async, [this, first, most] {
      GstFlowReturn flow = GST_FLOW_OK;
      for (int i = first; i < first + most && flow == GST_FLOW_OK; ++i)
        flow = PushFrame(static_cast<GstClockTime>(i) * kFrame);
      return flow;
    });
  }

  // Downstream takes no frame until `open` is fulfilled.
  void Block(std::promise<void> &open) {
    blocked_ = open.get_future().share();
    GstPad *pad = gst_element_get_static_pad(element_, "src");
    gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad *, GstPadProbeInfo *, gpointer user) {
          static_cast<std::shared_future<void> *>(user)->wait();
          return GST_PAD_PROBE_OK;
        },
        &blocked_, nullptr);
    gst_object_unref(pad);
  }
  std::shared_future<void> blocked_;

  void WaitForNamedEvent(const char *name) {
    bool found = false;
    while (!found) {
      GstEvent *event = gst_harness_pull_event(harness_);
      ASSERT_NE(event, nullptr);
      found = gst_event_has_name(event, name);
      gst_event_unref(event);
    }
  }

  // Waits for an event of this type; those before it are dropped.
  bool WaitForEvent(GstEventType type) {
    while (GstEvent *event = gst_harness_pull_event(harness_)) {
      const bool found = GST_EVENT_TYPE(event) == type;
      gst_event_unref(event);
      if (found) return true;
    }
    return false;
  }
};

}  // namespace test

#endif  // TESTS_ELEMENT_SMOOTHED_STREAM_H_

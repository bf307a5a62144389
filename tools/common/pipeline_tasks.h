// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether anything in a pipeline still runs.
#ifndef GST_ACTION_PIPELINE_TASKS_H_
#define GST_ACTION_PIPELINE_TASKS_H_

#include <gst/gst.h>

namespace action {

// A pad of the element has a task at work.
inline bool Runs(GstElement *element) {
  bool runs = false;
  GST_OBJECT_LOCK(element);
  for (GList *node = element->pads; node != nullptr; node = node->next) {
    GstTask *task = GST_PAD_TASK(GST_PAD(node->data));
    if (task != nullptr && gst_task_get_state(task) == GST_TASK_STARTED) runs = true;
  }
  GST_OBJECT_UNLOCK(element);
  return runs;
}

// No pad of the bin has a task at work. While data flows, waits or is decoded some task always is; before it is
// started, and after the end of the stream, none.
inline bool NothingRuns(GstBin *bin) {
  bool runs = false;
  GstIterator *elements = gst_bin_iterate_recurse(bin);
  const auto look = [](const GValue *item, gpointer user) {
    if (Runs(static_cast<GstElement *>(g_value_get_object(item)))) *static_cast<bool *>(user) = true;
  };
  while (gst_iterator_foreach(elements, look, &runs) == GST_ITERATOR_RESYNC)
    gst_iterator_resync(elements);
  gst_iterator_free(elements);
  return !runs;
}

// decodebin of GStreamer 1.22 holds errors of an element back while it plugs it in, and now and then drops the only one
// that there is: the pipeline stands still and says nothing. To be asked again and again at this interval; true when it
// has been so for a while.
class StandstillDetector {
 public:
  static constexpr GstClockTime kInterval = 100 * GST_MSECOND;

  bool Stands(GstElement *pipeline) {
    polls_ = NothingRuns(GST_BIN(pipeline)) ? polls_ + 1 : 0;
    return polls_ >= kPolls;
  }
  // The same of a pipeline in which something always runs behind its decoder: as long as this has given nothing.
  bool Stands(GstElement *source, GstElement *decoder) {
    GST_OBJECT_LOCK(decoder);
    const bool gave = decoder->numsrcpads > 0;
    GST_OBJECT_UNLOCK(decoder);
    polls_ = !gave && !Runs(source) && NothingRuns(GST_BIN(decoder)) ? polls_ + 1 : 0;
    return polls_ >= kPolls;
  }
  void OnMessage() { polls_ = 0; }

 private:
  static constexpr int kPolls = 20;
  int polls_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_PIPELINE_TASKS_H_

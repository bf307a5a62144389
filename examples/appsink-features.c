// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/* Reads the features of a video from an appsink: action-features events come out in order with the buffers.
 *
 *   cc appsink-features.c -o appsink-features $(pkg-config --cflags --libs gstreamer-app-1.0)
 *   ./appsink-features VIDEO
 *
 * Prints a line a chunk: its time in seconds, the frames it is made of, the first three of its 512 numbers.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#define PATIENCE 60 /* s */

static void print_chunk(const GstStructure *chunk) {
  guint64 stream_time = 0;
  gint frames = 0;
  GBytes *bytes = NULL;
  gst_structure_get(chunk, "stream-time", G_TYPE_UINT64, &stream_time, "frames", G_TYPE_INT, &frames, NULL);
  /* Absent when a live source was faster than the network. */
  if (!gst_structure_get(chunk, "features", G_TYPE_BYTES, &bytes, NULL)) return;
  const gfloat *features = g_bytes_get_data(bytes, NULL);
  g_print("%.3f %d %.6f %.6f %.6f\n", (gdouble)stream_time / GST_SECOND, frames, features[0], features[1], features[2]);
  g_bytes_unref(bytes);
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc != 2) {
    g_printerr("usage: %s VIDEO\n", argv[0]);
    return 2;
  }
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch(
      "filesrc name=source ! decodebin ! r3dfeatures orientation=auto ! appsink name=sink sync=false", &error);
  if (pipeline == NULL) {
    g_printerr("%s\n", error->message);
    return 1;
  }
  GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  GstAppSink *sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(pipeline), "sink"));
  g_object_set(source, "location", argv[1], NULL);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  /* Buffers and serialized events, in the order in which they were sent. The sink says that it is at the end as soon as
   * no buffer waits (or when it never started): events may still. An error in the pipeline does not wake it: look at
   * the bus now and then; and decodebin may give up without one on a file that has no video. */
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *message = NULL;
  gboolean ended = FALSE;
  int in_vain = 0;
  while (message == NULL && in_vain < 10 * PATIENCE) {
    ended = gst_app_sink_is_eos(sink);
    GstMiniObject *object = gst_app_sink_try_pull_object(sink, 100 * GST_MSECOND);
    if (object == NULL) {
      in_vain++;
      message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
      if (ended) break;
      continue;
    }
    in_vain = 0;
    if (GST_IS_EVENT(object) && gst_event_has_name(GST_EVENT(object), "action-features")) {
      print_chunk(gst_event_get_structure(GST_EVENT(object)));
    }
    gst_mini_object_unref(object);
  }

  if (message != NULL) {
    gst_message_parse_error(message, &error, NULL);
    g_printerr("%s\n", error->message);
    gst_message_unref(message);
  } else if (!ended) {
    g_printerr("%s: no picture for %d s\n", argv[1], PATIENCE);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(sink);
  gst_object_unref(source);
  gst_object_unref(pipeline);
  return ended && message == NULL ? 0 : 1;
}

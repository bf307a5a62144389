// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/decoding.h"

#include <gst/video/video.h>

#include "common/glib_ptr.h"

namespace action {
namespace {

// jpegdec decodes motion JPEG with libjpeg, whose pixels are not those of libavcodec.
void PreferLibavOfMotionJpeg() {
  GstPluginFeature *feature = gst_registry_lookup_feature(gst_registry_get(), "avdec_mjpeg");
  if (feature == nullptr) return;
  gst_plugin_feature_set_rank(feature, GST_RANK_PRIMARY + 1);
  gst_object_unref(feature);
}

// GStreamer 1.26's libav decoders write pictures whose width is no multiple of 16 into buffers of a pool, from several
// threads. Now and then one takes a buffer of the wrong size, and the whole program ends ("video meta uses 368x240
// instead of 360x240"). Without the pool they copy each frame, which costs little.
void AvoidLibavPool(GstElement *element) {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  if (minor < 24) return;
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "direct-rendering") == nullptr) return;
  g_object_set(element, "direct-rendering", FALSE, nullptr);
}

// qtdemux takes no notice of the full-range flag of a `colr` box: it states limited range, and parser and decoder
// believe that more than what the video itself says. As no range is stated here, the decoder finds the video's own.
GstPadProbeReturn ForgetRange(GstPad *, GstPadProbeInfo *info, gpointer) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const char *text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  GstVideoColorimetry colorimetry{};
  if (text == nullptr || !gst_video_colorimetry_from_string(&colorimetry, text)) return GST_PAD_PROBE_OK;
  colorimetry.range = GST_VIDEO_COLOR_RANGE_UNKNOWN;
  const CharPtr without(gst_video_colorimetry_to_string(&colorimetry));
  const CapsPtr changed(gst_caps_copy(caps));
  gst_caps_set_simple(changed.get(), "colorimetry", G_TYPE_STRING, without.get(), nullptr);
  GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_caps(changed.get());
  gst_event_unref(event);
  return GST_PAD_PROBE_OK;
}

bool IsParser(GstElement *element) {
  const GstElementFactory *factory = gst_element_get_factory(element);
  if (factory == nullptr) return false;
  const char *name = GST_OBJECT_NAME(factory);
  return g_str_equal(name, "h264parse") || g_str_equal(name, "h265parse");
}

void OnElement(GstBin *, GstBin *, GstElement *element, gpointer) {
  AvoidLibavPool(element);
  if (!IsParser(element)) return;
  const PadPtr sink(gst_element_get_static_pad(element, "sink"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, ForgetRange, nullptr, nullptr);
}

}  // namespace

void MendDecoding(GstElement *pipeline) {
  PreferLibavOfMotionJpeg();
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(OnElement), nullptr);
}

}  // namespace action

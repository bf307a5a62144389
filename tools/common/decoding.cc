// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/decoding.h"

#include <gst/video/video.h>

#include <memory>

#include "action/deleter.h"
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

constexpr const char *kSkip = "actionskip";

bool IsSkip(GstElement *element) {
  const GstElementFactory *factory = element != nullptr ? gst_element_get_factory(element) : nullptr;
  return factory != nullptr && g_str_equal(GST_OBJECT_NAME(factory), kSkip);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS  // GValueArray, which is what the signal takes
                                  // What decodebin tries first behind a parser.
    GValueArray *
    WithSkip(GstElement *, GstPad *pad, GstCaps *caps, GValueArray *factories, gpointer) {
  // The signal comes with a pad of decodebin's own, which stands for the element's.
  const PadPtr target(GST_IS_GHOST_PAD(pad) ? gst_ghost_pad_get_target(GST_GHOST_PAD(pad))
                                            : GST_PAD(gst_object_ref(pad)));
  const std::unique_ptr<GstElement, Deleter<gst_object_unref>> before(target ? gst_pad_get_parent_element(target.get())
                                                                             : nullptr);
  const std::unique_ptr<GstElementFactory, Deleter<gst_object_unref>> skip(gst_element_factory_find(kSkip));
  if (!skip || IsSkip(before.get()) || !gst_element_factory_can_sink_all_caps(skip.get(), caps)) return nullptr;
  GValueArray *more = g_value_array_copy(factories);
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_OBJECT);
  g_value_set_object(&value, skip.get());
  g_value_array_prepend(more, &value);
  g_value_unset(&value);
  return more;
}
G_GNUC_END_IGNORE_DEPRECATIONS

}  // namespace

void SkipUnsampled(GstElement *decodebin, const std::string &sample_rate) {
  g_signal_connect(decodebin, "autoplug-sort", G_CALLBACK(WithSkip), nullptr);
  const auto on_element = +[](GstBin *, GstElement *element, gpointer rate) {
    const char *text = static_cast<const char *>(rate);
    if (IsSkip(element) && *text != '\0') gst_util_set_object_arg(G_OBJECT(element), "sample-rate", text);
  };
  g_signal_connect_data(
      decodebin, "element-added", G_CALLBACK(on_element), g_strdup(sample_rate.c_str()),
      [](gpointer text, GClosure *) { g_free(text); }, static_cast<GConnectFlags>(0));
}

void MendDecoding(GstElement *pipeline) {
  PreferLibavOfMotionJpeg();
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(OnElement), nullptr);
}

}  // namespace action

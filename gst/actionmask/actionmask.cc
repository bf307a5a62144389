// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actionmask
 * @title: actionmask
 *
 * Makes parts of the picture black: what is not to be recorded or shown, such as faces at a walkway. Behind
 * r3dfeatures, the analysis sees the whole picture all the same. Frames that others hold too are copied before they are
 * filled. A text that is no list of regions is an error, also while it plays: nothing passes unmasked.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e v4l2src ! videoconvert ! actionmask regions="0,0,1,0.2" ! x264enc ! mp4mux ! filesink
 * location=m.mp4
 * ]|
 */
#include "actionmask/actionmask.h"

#include <string>
#include <vector>

#include "actionmask/mask_painter.h"
#include "actionmask/properties.h"
#include "common/guarded.h"
#include "common/object_lock.h"

GST_DEBUG_CATEGORY_STATIC(action_mask_debug);
#define GST_CAT_DEFAULT action_mask_debug

namespace {

using action::SettingsOf;

struct State {
  action::ActionMaskSettings settings;  // object lock

  // Streaming thread.
  std::string text;  // which `regions` are made of
  std::vector<action::Region> regions;
};

}  // namespace

struct _GstActionMask {
  GstVideoFilter parent;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstActionMask, gst_action_mask, GST_TYPE_VIDEO_FILTER,
                              GST_DEBUG_CATEGORY_INIT(action_mask_debug, "actionmask", 0, "privacy masks"));
GST_ELEMENT_REGISTER_DEFINE(actionmask, "actionmask", GST_RANK_NONE, GST_TYPE_ACTION_MASK);

namespace {

// Those in which each component of a pixel is a byte or two of its own.
#define FORMATS                                                                                                        \
  "{ I420, YV12, NV12, NV21, Y41B, Y42B, Y444, YUY2, YVYU, UYVY, AYUV, A420, GRAY8, GRAY16_LE, GRAY16_BE, RGB, BGR, "  \
  "RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, GBR, GBRA, I420_10LE, I422_10LE, Y444_10LE, I420_12LE, I422_12LE, " \
  "Y444_12LE, P010_10LE, P016_LE }"

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(FORMATS)));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(FORMATS)));

// Takes over what the property says. Throws Error.
void Update(GstActionMask *self) {
  State &state = *self->state;
  const std::string text = SettingsOf(self).regions;
  if (text == state.text) return;
  state.regions = action::ParseRegions(text);
  state.text = text;
}

gboolean Start(GstBaseTransform *transform) {
  return action::guarded(GST_ELEMENT(transform), FALSE, [transform] {
    Update(GST_ACTION_MASK(transform));
    return TRUE;
  });
}

GstFlowReturn TransformFrame(GstVideoFilter *filter, GstVideoFrame *frame) {
  return action::guarded(GST_ELEMENT(filter), GST_FLOW_ERROR, [&] {
    GstActionMask *self = GST_ACTION_MASK(filter);
    Update(self);
    for (const action::Region &region : self->state->regions)
      action::PaintBlack(frame, region);
    return GST_FLOW_OK;
  });
}

void Finalize(GObject *object) {
  delete GST_ACTION_MASK(object)->state;
  G_OBJECT_CLASS(gst_action_mask_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_mask_class_init(GstActionMaskClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = action::SetElementProperty<GstActionMask>;
  object_class->get_property = action::GetElementProperty<GstActionMask>;
  object_class->finalize = Finalize;
  action::ActionMaskProperties().Install(object_class);
  GST_BASE_TRANSFORM_CLASS(klass)->start = Start;
  GST_VIDEO_FILTER_CLASS(klass)->transform_frame_ip = TransformFrame;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Privacy mask", "Filter/Effect/Video",
                                        "Makes parts of the picture black that are not to be recorded or shown",
                                        "The gst-action developers");
}

static void gst_action_mask_init(GstActionMask *self) {
  self->state = new State;
}

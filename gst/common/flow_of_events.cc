// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/flow_of_events.h"

#include "common/glib_ptr.h"

namespace action {
namespace {

GstFlowReturn SinkEvent(GstPad *pad, GstObject *parent, GstEvent *event) {
  GstBaseTransform *transform = GST_BASE_TRANSFORM(parent);
  const GstEventType type = GST_EVENT_TYPE(event);
  if (GST_BASE_TRANSFORM_GET_CLASS(transform)->sink_event(transform, event)) return GST_FLOW_OK;
  return FlowOfRefusedEvent(pad, GST_BASE_TRANSFORM_SRC_PAD(transform), type);
}

}  // namespace

void ReturnFlowOfEvents(GstBaseTransform *transform) {
  gst_pad_set_event_full_function(GST_BASE_TRANSFORM_SINK_PAD(transform), SinkEvent);
}

GstFlowReturn FlowOfRefusedEvent(GstPad *sink, GstPad *source, GstEventType type) {
  const PadPtr peer(gst_pad_get_peer(source));
  if (GST_PAD_IS_FLUSHING(sink) || GST_PAD_IS_FLUSHING(source) || (peer && GST_PAD_IS_FLUSHING(peer.get()))) {
    return GST_FLOW_FLUSHING;
  }
  if (GST_PAD_IS_EOS(source)) return GST_FLOW_EOS;
  return type == GST_EVENT_CAPS ? GST_FLOW_NOT_NEGOTIATED : GST_FLOW_ERROR;
}

}  // namespace action

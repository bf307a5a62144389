// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What sink pads say of events.
#ifndef GST_ACTION_COMMON_FLOW_OF_EVENTS_H_
#define GST_ACTION_COMMON_FLOW_OF_EVENTS_H_

#include <gst/base/gstbasetransform.h>

namespace action {

// GstBaseTransform says of an event only whether it could be handled, and upstream takes "no" for an error of the
// stream, also when the answer is "no more, the pipeline is being stopped". This makes the sink pad return flow
// (GstPadEventFullFunction), as that of `queue` does. For the instance's init function.
void ReturnFlowOfEvents(GstBaseTransform *transform);

// What an event function returns of an event that went no further, by the pads that it came through.
GstFlowReturn FlowOfRefusedEvent(GstPad *sink, GstPad *source, GstEventType type);

}  // namespace action

#endif  // GST_ACTION_COMMON_FLOW_OF_EVENTS_H_

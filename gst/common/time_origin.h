// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What counts as 0 s in a timeline file: a property of every element that writes or reads one.
#ifndef GST_ACTION_COMMON_TIME_ORIGIN_H_
#define GST_ACTION_COMMON_TIME_ORIGIN_H_

#include <glib-object.h>

#include "action/timeline/stream_clock.h"

G_BEGIN_DECLS

#define GST_TYPE_ACTION_TIME_ORIGIN (gst_action_time_origin_get_type())
GType gst_action_time_origin_get_type(void);

G_END_DECLS

#endif  // GST_ACTION_COMMON_TIME_ORIGIN_H_

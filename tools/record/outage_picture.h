// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_OUTAGE_PICTURE_H_
#define GST_ACTION_RECORD_OUTAGE_PICTURE_H_

#include <gst/gst.h>

#include <string>

#include "common/glib_ptr.h"

namespace action {

// The picture, darkened, with the text across its middle. caps: raw video. Null when it cannot be read.
BufferPtr OutagePicture(GstBuffer *picture, GstCaps *caps, const std::string &text);

}  // namespace action

#endif  // GST_ACTION_RECORD_OUTAGE_PICTURE_H_

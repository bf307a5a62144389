// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_DOWNLOAD_ELEMENT_H_
#define GST_ACTION_DOWNLOAD_ELEMENT_H_

#include <gst/gst.h>

namespace action {

// Of caps in memory that only a GPU or another device can read: the element that brings them back. Null: of others.
const char *DownloadElementFor(const GstCaps *caps);

}  // namespace action

#endif  // GST_ACTION_DOWNLOAD_ELEMENT_H_

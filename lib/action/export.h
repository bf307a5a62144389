// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Visibility: libaction and libactiontorch are built with hidden symbols; what their users may call is marked.
#ifndef ACTION_EXPORT_H_
#define ACTION_EXPORT_H_

#define ACTION_API __attribute__((visibility("default")))

#endif  // ACTION_EXPORT_H_

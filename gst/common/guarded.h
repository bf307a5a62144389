// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The border between C++ and GLib: no exception crosses it.
#ifndef GST_ACTION_GUARDED_H_
#define GST_ACTION_GUARDED_H_

#include <gst/gst.h>

#include <exception>
#include <new>

#include "action/error.h"

namespace action {

// Runs body; an exception becomes an element error with its text, and `failed` is returned.
template <typename R, typename Body>
R guarded(GstElement *element, R failed, Body &&body) noexcept {
  try {
    return body();
  } catch (const Error &e) {
    GST_ELEMENT_ERROR(element, LIBRARY, SETTINGS, ("%s", e.what()), (nullptr));
  } catch (const std::bad_alloc &) {
    GST_ELEMENT_ERROR(element, RESOURCE, NO_SPACE_LEFT, ("Out of memory"), (nullptr));
  } catch (const std::exception &e) {
    GST_ELEMENT_ERROR(element, LIBRARY, FAILED, ("%s", e.what()), ("Not expected here; please report it"));
  }
  return failed;
}

}  // namespace action

#endif  // GST_ACTION_GUARDED_H_

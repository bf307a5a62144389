// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The border between C++ and GLib: no exception crosses it.
#ifndef GST_ACTION_COMMON_GUARDED_H_
#define GST_ACTION_COMMON_GUARDED_H_

#include <gst/gst.h>

#include <exception>
#include <new>

#include "action/error.h"

namespace action {

// An element error of the domain and code that the kind has (RESOURCE NOT_FOUND, OPEN_READ, OPEN_WRITE, NO_SPACE_LEFT;
// STREAM FORMAT; else LIBRARY SETTINGS), whose details have the field `location` (string) where a file is to blame.
void PostError(GstElement *element, const Error &error) noexcept;
// The same for what no one expected.
void PostError(GstElement *element, const std::exception &error) noexcept;

// Runs body; an exception becomes an element error with its text, and `failed` is returned.
template <typename R, typename Body>
R guarded(GstElement *element, R failed, Body &&body) noexcept {
  try {
    return body();
  } catch (const Error &e) {
    PostError(element, e);
  } catch (const std::bad_alloc &) {
    GST_ELEMENT_ERROR(element, RESOURCE, NO_SPACE_LEFT, ("Out of memory"), (nullptr));
  } catch (const std::exception &e) {
    PostError(element, e);
  }
  return failed;
}

}  // namespace action

#endif  // GST_ACTION_COMMON_GUARDED_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/messages.h"

#include "common/guarded.h"

namespace action {
namespace {

struct DomainAndCode {
  GQuark domain;
  gint code;
};

DomainAndCode Of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
    case ErrorKind::kOpenRead:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ};
    case ErrorKind::kOpenWrite:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE};
    case ErrorKind::kNoSpaceLeft:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
    case ErrorKind::kFormat:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT};
    case ErrorKind::kSettings:
      break;
  }
  return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS};
}

// Null when no file is to blame.
GstStructure *DetailsOf(const Error &error) {
  if (error.file().empty()) return nullptr;
  return gst_structure_new("details", "location", G_TYPE_STRING, error.file().c_str(), nullptr);
}

}  // namespace

void PostInfo(GstElement *element, GQuark domain, gint code, const std::string &text) {
  gst_element_message_full(element, GST_MESSAGE_INFO, domain, code, g_strdup(text.c_str()), g_strdup(text.c_str()),
                           __FILE__, GST_FUNCTION, __LINE__);
}

void PostWarning(GstElement *element, const Error &error, const std::string &debug) {
  const auto [domain, code] = Of(error.kind());
  gst_element_message_full_with_details(element, GST_MESSAGE_WARNING, domain, code, g_strdup(error.what()),
                                        g_strdup(debug.c_str()), __FILE__, GST_FUNCTION, __LINE__, DetailsOf(error));
}

void PostError(GstElement *element, const Error &error) noexcept {
  const auto [domain, code] = Of(error.kind());
  gst_element_message_full_with_details(element, GST_MESSAGE_ERROR, domain, code, g_strdup(error.what()), nullptr,
                                        __FILE__, GST_FUNCTION, __LINE__, DetailsOf(error));
}

void PostError(GstElement *element, const std::exception &error) noexcept {
  GST_ELEMENT_ERROR(element, LIBRARY, FAILED, ("%s", error.what()), ("Not expected here; please report it"));
}

}  // namespace action

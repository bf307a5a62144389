// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fields of a GstStructure: enumerations by their names, lists of texts as a GStrv, lists of numbers as the GBytes of
// their little-endian values.
#ifndef GST_ACTION_COMMON_STRUCTURE_FIELDS_H_
#define GST_ACTION_COMMON_STRUCTURE_FIELDS_H_

#include <gst/gst.h>

#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/labels.h"
#include "action/timeline/step.h"
#include "common/glib_ptr.h"

namespace action {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

using StrvPtr = std::unique_ptr<gchar *, Deleter<g_strfreev>>;

// By their names; UNKNOWN, and measured, where it is none of them.
ValueCategory CategoryNamed(std::string_view name);
SegmentState StateNamed(std::string_view name);

StrvPtr ToStrv(std::span<const std::string> texts);
std::optional<std::vector<std::string>> FromStrv(const GstStructure *structure, const char *field);

template <typename T>
void SetNumbers(GstStructure *structure, const char *field, const std::vector<T> &numbers) {
  const BytesPtr bytes(g_bytes_new(numbers.data(), numbers.size() * sizeof(T)));
  gst_structure_set(structure, field, G_TYPE_BYTES, bytes.get(), nullptr);
}

// Nothing where there are not `count` of them.
template <typename T>
std::optional<std::vector<T>> GetNumbers(const GstStructure *structure, const char *field, size_t count) {
  GBytes *bytes = nullptr;
  if (!gst_structure_get(structure, field, G_TYPE_BYTES, &bytes, nullptr)) return std::nullopt;
  const BytesPtr owner(bytes);
  if (g_bytes_get_size(bytes) != count * sizeof(T)) return std::nullopt;
  std::vector<T> numbers(count);
  if (count > 0) std::memcpy(numbers.data(), g_bytes_get_data(bytes, nullptr), count * sizeof(T));
  return numbers;
}

}  // namespace action

#endif  // GST_ACTION_COMMON_STRUCTURE_FIELDS_H_

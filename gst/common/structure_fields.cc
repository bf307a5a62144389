// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/structure_fields.h"

#include "action/text.h"

namespace action {

ValueCategory CategoryNamed(std::string_view name) {
  return Named(name, {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva}).value_or(ValueCategory::kUnknown);
}

SegmentState StateNamed(std::string_view name) {
  return Named(name, {SegmentState::kAbsent, SegmentState::kUnknown, SegmentState::kGap})
      .value_or(SegmentState::kMeasured);
}

StrvPtr ToStrv(std::span<const std::string> texts) {
  StrvPtr strv(g_new0(gchar *, texts.size() + 1));
  for (size_t i = 0; i < texts.size(); ++i)
    strv.get()[i] = g_strdup(texts[i].c_str());
  return strv;
}

std::optional<std::vector<std::string>> FromStrv(const GstStructure *structure, const char *field) {
  gchar **texts = nullptr;
  if (!gst_structure_get(structure, field, G_TYPE_STRV, &texts, nullptr)) return std::nullopt;
  const StrvPtr owner(texts);
  std::vector<std::string> result;
  for (gchar **text = texts; text != nullptr && *text != nullptr; ++text)
    result.emplace_back(*text);
  return result;
}

}  // namespace action

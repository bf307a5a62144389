// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/label_meta.h"

#include <string_view>

#include "common/structure_fields.h"

namespace action {
namespace {

std::string_view TextAt(const GstStructure *structure, const char *field) {
  const char *text = gst_structure_get_string(structure, field);
  return text != nullptr ? text : "";
}

}  // namespace

MetaLabel MetaLabelOf(const Segment &segment) {
  MetaLabel label;
  label.coarse_action = segment.coarse_action;
  label.fine_action = segment.fine_action;
  label.category = segment.category;
  label.confidence = segment.confidence;
  label.state = segment.state;
  label.name = segment.name;
  return label;
}

void RegisterLabelMeta() {
  // No tags and no transform function: elements that change size, format or rate keep it.
  static const gchar *tags[] = {nullptr};
  if (gst_meta_get_info(kLabelMeta) == nullptr) gst_meta_register_custom(kLabelMeta, tags, nullptr, nullptr, nullptr);
}

void SetLabel(GstBuffer *buffer, const std::optional<MetaLabel> &label) {
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, kLabelMeta);
  if (!label) {
    if (meta != nullptr) gst_buffer_remove_meta(buffer, &meta->meta);
    return;
  }
  if (meta == nullptr) meta = gst_buffer_add_custom_meta(buffer, kLabelMeta);
  gst_structure_set(gst_custom_meta_get_structure(meta), "coarse-action", G_TYPE_STRING, label->coarse_action.c_str(),
                    "fine-action", G_TYPE_STRING, label->fine_action.c_str(), "value-category", G_TYPE_STRING,
                    NameOf(label->category), "confidence", G_TYPE_DOUBLE, label->confidence, "segment-start",
                    G_TYPE_UINT64, label->segment_start, "provisional", G_TYPE_BOOLEAN, label->provisional, "state",
                    G_TYPE_STRING, NameOf(label->state), "name", G_TYPE_STRING, label->name.c_str(), nullptr);
}

std::optional<MetaLabel> LabelOf(GstBuffer *buffer) {
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, kLabelMeta);
  if (meta == nullptr) return std::nullopt;
  const GstStructure *structure = gst_custom_meta_get_structure(meta);
  const char *coarse = gst_structure_get_string(structure, "coarse-action");
  const char *fine = gst_structure_get_string(structure, "fine-action");
  if (coarse == nullptr || fine == nullptr) return std::nullopt;
  MetaLabel label;
  label.coarse_action = coarse;
  label.fine_action = fine;
  label.category = CategoryNamed(TextAt(structure, "value-category"));
  label.state = StateNamed(TextAt(structure, "state"));
  gboolean provisional = FALSE;
  gst_structure_get_double(structure, "confidence", &label.confidence);
  gst_structure_get_uint64(structure, "segment-start", &label.segment_start);
  gst_structure_get_boolean(structure, "provisional", &provisional);
  label.provisional = provisional != FALSE;
  label.name = TextAt(structure, "name");
  return label;
}

}  // namespace action

#include "common/label_meta.h"

namespace action {
namespace {

// Nothing when the text is none of the names.
template <typename Enum>
std::optional<Enum> Named(const char *text, std::initializer_list<Enum> values) {
  for (const Enum value : values) {
    if (g_strcmp0(text, NameOf(value)) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace

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
                    G_TYPE_STRING, NameOf(label->state), nullptr);
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
  label.category = Named(gst_structure_get_string(structure, "value-category"),
                         {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva})
                       .value_or(ValueCategory::kUnknown);
  label.state = Named(gst_structure_get_string(structure, "state"), {SegmentState::kUnknown, SegmentState::kGap})
                    .value_or(SegmentState::kMeasured);
  gboolean provisional = FALSE;
  gst_structure_get_double(structure, "confidence", &label.confidence);
  gst_structure_get_uint64(structure, "segment-start", &label.segment_start);
  gst_structure_get_boolean(structure, "provisional", &provisional);
  label.provisional = provisional != FALSE;
  return label;
}

}  // namespace action

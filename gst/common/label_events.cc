// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/label_events.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/structure_fields.h"

namespace action {
namespace {

// The shortest text that reads as the same number; empty when there is none.
template <typename T>
std::string ToText(const std::optional<T> &number) {
  if (!number) return {};
  char text[40];
  return {text, std::to_chars(text, text + sizeof(text), *number).ptr};
}

template <typename T>
std::optional<T> ToNumber(const std::string &text) {
  T number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

constexpr std::array<const char *, 6> kElementFields = {"name",       "group", "order", "optional", "standard-seconds",
                                                        "min-seconds"};

std::array<std::string, 6> ToTexts(const Element &element) {
  return {element.name,
          element.group,
          ToText(element.order),
          element.optional ? "yes" : "",
          ToText(element.standard_seconds),
          ToText(element.min_seconds)};
}

Element FromTexts(const std::array<std::string, 6> &texts) {
  Element element;
  element.name = texts[0];
  element.group = texts[1];
  element.order = ToNumber<int>(texts[2]);
  element.optional = texts[3] == "yes";
  element.standard_seconds = ToNumber<double>(texts[4]);
  element.min_seconds = ToNumber<double>(texts[5]);
  return element;
}

}  // namespace

GstEvent *NewLabelsEvent(const LabelFacts &facts) {
  std::vector<std::string> fine, families, categories;
  for (const FineLabel &label : facts.labels.fine) {
    fine.push_back(label.label);
    families.push_back(label.coarse);
    categories.emplace_back(NameOf(label.category));
  }
  GstStructure *structure = gst_structure_new(
      kLabelsEvent, "model", G_TYPE_STRING, facts.model.c_str(), "model-hash", G_TYPE_STRING, facts.model_hash.c_str(),
      "stand-in", G_TYPE_BOOLEAN, facts.stand_in, "coarse", G_TYPE_STRV, ToStrv(facts.labels.coarse).get(), "fine",
      G_TYPE_STRV, ToStrv(fine).get(), "fine-coarse", G_TYPE_STRV, ToStrv(families).get(), "value-category",
      G_TYPE_STRV, ToStrv(categories).get(), "unknown-threshold", G_TYPE_DOUBLE, facts.unknown_threshold, "calibrated",
      G_TYPE_BOOLEAN, facts.calibrated, nullptr);
  if (facts.poor_accuracy) {
    gst_structure_set(structure, "poor-accuracy", G_TYPE_DOUBLE, *facts.poor_accuracy, nullptr);
  }
  for (size_t field = 0; field < kElementFields.size(); ++field) {
    std::vector<std::string> texts;
    for (const FineLabel &label : facts.labels.fine)
      texts.push_back(ToTexts(label.element)[field]);
    gst_structure_set(structure, kElementFields[field], G_TYPE_STRV, ToStrv(texts).get(), nullptr);
  }
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

std::optional<LabelFacts> ParseLabels(const GstStructure *structure) {
  LabelFacts facts;
  const char *model = gst_structure_get_string(structure, "model");
  gboolean stand_in = FALSE;
  auto coarse = FromStrv(structure, "coarse");
  const auto fine = FromStrv(structure, "fine"), families = FromStrv(structure, "fine-coarse"),
             categories = FromStrv(structure, "value-category");
  if (!coarse || !fine || !families || !categories || coarse->empty() || fine->empty() ||
      fine->size() != families->size() || fine->size() != categories->size() ||
      !gst_structure_get_boolean(structure, "stand-in", &stand_in)) {
    return std::nullopt;
  }
  facts.model = model != nullptr ? model : "";
  const char *hash = gst_structure_get_string(structure, "model-hash");
  facts.model_hash = hash != nullptr ? hash : "";
  facts.stand_in = stand_in != FALSE;
  facts.labels.coarse = std::move(*coarse);
  for (size_t i = 0; i < fine->size(); ++i)
    facts.labels.fine.push_back({(*fine)[i], (*families)[i], CategoryNamed((*categories)[i])});
  gst_structure_get_double(structure, "unknown-threshold", &facts.unknown_threshold);
  gboolean calibrated = FALSE;
  gst_structure_get_boolean(structure, "calibrated", &calibrated);
  facts.calibrated = calibrated != FALSE;
  double poor = 0;
  if (gst_structure_get_double(structure, "poor-accuracy", &poor)) facts.poor_accuracy = poor;
  std::vector<std::array<std::string, 6>> elements(fine->size());
  for (size_t field = 0; field < kElementFields.size(); ++field) {
    const auto texts = FromStrv(structure, kElementFields[field]);
    for (size_t i = 0; texts && i < std::min(texts->size(), elements.size()); ++i)
      elements[i][field] = (*texts)[i];
  }
  for (size_t i = 0; i < elements.size(); ++i)
    facts.labels.fine[i].element = FromTexts(elements[i]);
  return facts;
}

GstEvent *NewStepEvent(const GstStructure *features, const std::optional<ChunkScores> &scores,
                       const LabelTable &labels) {
  GstStructure *step = gst_structure_copy(features);
  gst_structure_set_name(step, kStepEvent);
  gst_structure_remove_field(step, "features");
  if (scores) {
    const bool known = scores->coarse < labels.unknown_coarse();
    const auto coarse = static_cast<size_t>(scores->coarse);
    const FineLabel unknown{kUnknownLabel, kUnknownLabel, ValueCategory::kUnknown};
    const FineLabel &fine = known ? labels.fine[static_cast<size_t>(scores->fine[coarse])] : unknown;
    gst_structure_set(step, "coarse", G_TYPE_INT, scores->coarse, "coarse-action", G_TYPE_STRING,
                      known ? labels.coarse[coarse].c_str() : kUnknownLabel, "fine-action", G_TYPE_STRING,
                      fine.label.c_str(), "value-category", G_TYPE_STRING, NameOf(fine.category), "confidence",
                      G_TYPE_DOUBLE, scores->confidence, nullptr);
    SetNumbers(step, "scores", scores->scores);
    SetNumbers(step, "fine", scores->fine);
    SetNumbers(step, "fine-scores", scores->fine_scores);
  }
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, step);
}

std::optional<ReceivedStep> ParseStep(const GstStructure *structure, const LabelTable &labels) {
  auto chunk = ParseChunk(structure);
  if (!chunk) return std::nullopt;
  ReceivedStep step;
  step.chunk = std::move(*chunk);
  if (step.chunk.dropped) return step;
  auto fine = GetNumbers<int>(structure, "fine", labels.coarse.size());
  auto fine_scores = GetNumbers<float>(structure, "fine-scores", labels.fine.size());
  const auto is_label = [&labels](int id) { return id >= 0 && id < labels.unknown_fine(); };
  if (!gst_structure_get_int(structure, "coarse", &step.coarse) || step.coarse < 0 ||
      step.coarse > labels.unknown_coarse() || !fine || !std::ranges::all_of(*fine, is_label) || !fine_scores) {
    return std::nullopt;
  }
  step.fine = std::move(*fine);
  step.fine_scores = std::move(*fine_scores);
  return step;
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the name of a clip says about the action in it.
#ifndef ACTION_LABELS_H_
#define ACTION_LABELS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"

namespace action {

// Of lean manufacturing: value added, required but not value added, not value added.
enum class ValueCategory { kVa, kRnva, kNva, kUnknown };

// "VA", "RNVA", "NVA", "UNKNOWN"
ACTION_API const char *NameOf(ValueCategory category);

// Lower case; every run of other characters than a-z and 0-9 becomes one '_', none at the ends; "unknown" when nothing
// is left. Text is UTF-8, or bytes.
ACTION_API std::string NormaliseLabel(std::string_view text);

// As NormaliseLabel, for names of any script: words with letters that have no ASCII letter in them, or with symbols,
// become an id, "x" and six hexadecimal digits of their MD5, so that different words stay different. Accents are
// dropped as Python drops them. `changed`, if not null: whether the name has letters outside ASCII.
ACTION_API std::string SafeLabel(const std::string &name, bool *changed = nullptr);

// The action's family ("FirstWord"): a normalised label up to its first '_'.
ACTION_API std::string CoarseLabel(std::string_view label);

// By the end of a normalised label: "_va", "_rnva", "_nva".
ACTION_API ValueCategory CategoryOf(std::string_view label);

// What elements.csv says of a label (elements.h); all of it may be missing.
struct Element {
  std::string name;                        // for people, any script
  std::string group;                       // of elements that belong together
  std::optional<int> order;                // its place in the cycle
  bool optional = false;                   // may be left out of a cycle
  std::optional<double> standard_seconds;  // how long it should take
  std::optional<double> min_seconds;       // what is shorter is no such element
  friend bool operator==(const Element &, const Element &) = default;
};

struct FineLabel {
  std::string label;
  std::string coarse;
  ValueCategory category = ValueCategory::kUnknown;
  Element element = {};
  friend bool operator==(const FineLabel &, const FineLabel &) = default;
};

// Everything that a model can say of a step.
struct LabelTable {
  std::vector<std::string> coarse;  // by class id
  std::vector<FineLabel> fine;      // family by family in the order of `coarse`, in each by class id
  friend bool operator==(const LabelTable &, const LabelTable &) = default;

  // Ids of what is not known: those after the last ones.
  int unknown_coarse() const { return static_cast<int>(coarse.size()); }
  int unknown_fine() const { return static_cast<int>(fine.size()); }
};

// The label without the ending that says its value category.
ACTION_API std::string_view WithoutValue(std::string_view label);

// What some names mean in a time study, whatever their value suffix.
enum class Meaning {
  kWork,
  kWaiting,     // `waiting`, `idle`: work time, NVA
  kAbsent,      // `absent`: nobody is at the station; outside the study
  kUnmeasured,  // `background`: what nobody has named
};
// By the label without its value suffix, or by its family.
ACTION_API Meaning MeaningOf(std::string_view label, std::string_view coarse);

// What a step or a stretch of time is called that no class is sure of, and one that there is no video of.
inline constexpr const char *kUnknownLabel = "unknown";
inline constexpr const char *kGapLabel = "gap";

// What stretches of a video that nobody labelled are called.
inline constexpr const char *kBackgroundLabel = "background";

}  // namespace action

#endif  // ACTION_LABELS_H_

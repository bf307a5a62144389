// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/models.h"

#include <algorithm>
#include <map>
#include <optional>

#include "action/elements.h"
#include "action/error.h"
#include "action/labels.h"
#include "action/model_bundle.h"
#include "action/weights_location.h"
#include "common/quantities.h"

namespace action {
namespace {

void CheckCycles(const StationSettings &station, const LabelTable &labels) {
  const std::string &start = station.cycle_start;
  if (!start.empty() && std::ranges::find(labels.fine, start, &FineLabel::label) == labels.fine.end()) {
    std::string known;
    for (const FineLabel &fine : labels.fine)
      known += (known.empty() ? "" : ", ") + fine.label;
    throw Error("station " + station.name + ": cycle-start: '" + start + "' is no fine action of the model " +
                station.model + "; these are " + known);
  }
  if (station.takt > 0 && CycleStarts(station).empty()) {
    throw Error("station " + station.name +
                ": takt: nothing says where a cycle begins. Set cycle-start to a fine action, or give elements.csv a "
                "column order");
  }
}

}  // namespace

std::set<std::string> CycleStarts(const StationSettings &station) {
  if (!station.cycle_start.empty()) return {station.cycle_start};
  const std::string file = ElementsFileOf(station.model, station.elements);
  if (file.empty()) return {};
  std::set<std::string> labels;
  std::optional<int> first;
  for (const ElementRow &row : ReadElements(file)) {
    if (!row.element.order || (first && *row.element.order > *first)) continue;
    if (first && *row.element.order < *first) labels.clear();
    first = row.element.order;
    labels.insert(row.label);
  }
  return labels;
}

void CheckModels(const SiteSettings &settings) {
  FindWeights(settings.weights);
  std::map<std::string, LabelTable> labels;  // by model
  for (const StationSettings &station : settings.stations) {
    if (!labels.contains(station.model)) labels[station.model] = ModelBundle::Open(station.model).labels();
    const std::string elements = ElementsFileOf(station.model, station.elements);
    if (!elements.empty()) {
      LabelTable table = labels[station.model];
      ApplyElements(ReadElements(elements), elements, table);
    }
    CheckCycles(station, labels[station.model]);
  }
}

}  // namespace action

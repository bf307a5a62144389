// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/order_of_work.h"

#include <map>

namespace action {

OrderOfWork::OrderOfWork(const LabelTable &labels) : place_of_(labels.fine.size(), -1) {
  std::map<int, bool> optional;  // by order number
  for (const FineLabel &label : labels.fine) {
    if (!label.element.order) continue;
    const auto [place, first] = optional.try_emplace(*label.element.order, true);
    place->second = place->second && label.element.optional;
  }
  std::map<int, int> index;
  for (const auto &[order, is_optional] : optional) {
    index.emplace(order, static_cast<int>(index.size()));
    places_.push_back(is_optional);
  }
  for (size_t id = 0; id < labels.fine.size(); ++id) {
    if (const auto &order = labels.fine[id].element.order) place_of_[id] = index.at(*order);
  }
}

int OrderOfWork::LeftOut(size_t from, size_t to) const {
  const int first = place_of_[from], last = place_of_[to];
  if (first < 0 || last < 0 || first == last) return 0;
  int left_out = 0;
  const int places = static_cast<int>(places_.size());
  for (int place = (first + 1) % places; place != last; place = (place + 1) % places)
    left_out += places_[static_cast<size_t>(place)] ? 0 : 1;
  return left_out;
}

Deviation OrderOfWork::DeviationOf(size_t from, size_t to) const {
  const int left_out = LeftOut(from, to);
  if (left_out == 0) return Deviation::kNone;
  return left_out == 1 ? Deviation::kSkipped : Deviation::kOutOfOrder;
}

const char *NameOf(Deviation deviation) {
  switch (deviation) {
    case Deviation::kNone:
      return "";
    case Deviation::kSkipped:
      return "skipped";
    case Deviation::kOutOfOrder:
      return "out-of-order";
  }
  return "?";
}

}  // namespace action

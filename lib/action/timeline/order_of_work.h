// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which element follows which, as elements.csv says.
#ifndef ACTION_TIMELINE_ORDER_OF_WORK_H_
#define ACTION_TIMELINE_ORDER_OF_WORK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/labels.h"

namespace action {

// How the change to a segment's label stands to the order of work.
enum class Deviation {
  kNone,
  kSkipped,     // one element was left out
  kOutOfOrder,  // any other element should have come
};

// "", "skipped", "out-of-order"
ACTION_API const char *NameOf(Deviation deviation);

// The elements of a cycle in their order; after the last comes the first. Elements may share a place (one or the other
// is done). Those without a place, such as waiting, may come anywhere.
class ACTION_API OrderOfWork {
 public:
  explicit OrderOfWork(const LabelTable &labels);

  // Some label has a place.
  bool known() const { return !places_.empty(); }
  bool HasPlace(size_t fine) const { return place_of_[fine] >= 0; }

  // How many elements that are not optional are left out when `to` follows on `from`, going forward; 0 when nothing is,
  // when one of them has no place, or when both have the same.
  int LeftOut(size_t from, size_t to) const;
  Deviation DeviationOf(size_t from, size_t to) const;

 private:
  std::vector<int> place_of_;  // by fine id: index into places_, -1: none
  std::vector<bool> places_;   // in order: all elements of the place are optional
};

}  // namespace action

#endif  // ACTION_TIMELINE_ORDER_OF_WORK_H_

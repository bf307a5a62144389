// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/folds.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <random>
#include <set>

namespace action {

std::vector<int> FoldOfEach(const std::vector<std::string> &sources, size_t most) {
  const std::set<std::string> distinct(sources.begin(), sources.end());
  if (distinct.size() < 2 || most < 2) return {};
  const size_t folds = std::min(distinct.size(), most);
  std::map<std::string, int> fold_of;
  size_t next = 0;
  for (const std::string &source : distinct)
    fold_of[source] = static_cast<int>(next++ % folds);
  std::vector<int> result;
  for (const std::string &source : sources)
    result.push_back(fold_of[source]);
  return result;
}

bool SplitIntoBlocks(std::vector<std::string> &sources) {
  constexpr size_t kFewest = 6, kMostBlocks = 5;  // items; blocks, of two items and more
  if (sources.size() < kFewest || std::set<std::string>(sources.begin(), sources.end()).size() != 1) return false;
  const size_t blocks = std::min(kMostBlocks, sources.size() / 2);
  for (size_t i = 0; i < sources.size(); ++i)
    sources[i] += " block " + std::to_string(i * blocks / sources.size() + 1);
  return true;
}

std::vector<bool> SplitOff(const std::vector<std::string> &labels, const std::vector<std::string> &sources,
                           double share, uint64_t seed) {
  std::map<std::string, std::set<std::string>> labels_of;
  std::map<std::string, size_t> items_of;
  for (size_t i = 0; i < labels.size(); ++i) {
    labels_of[sources[i]].insert(labels[i]);
    ++items_of[sources[i]];
  }
  std::mt19937_64 random(seed);
  // Fisher-Yates by hand: std::shuffle may differ from one standard library to the next.
  const auto shuffle = [&random](std::vector<std::string> &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[random() % i]);
  };
  std::set<std::string> held_out;
  const auto has_one_label = [](const auto &source) { return source.second.size() == 1; };
  if (std::ranges::all_of(labels_of, has_one_label)) {
    std::map<std::string, std::vector<std::string>> by_label;
    for (const auto &[source, of_source] : labels_of)
      by_label[*of_source.begin()].push_back(source);
    for (auto &[label, list] : by_label) {
      shuffle(list);
      if (list.size() < 2) continue;
      const auto wanted = static_cast<size_t>(std::llround(share * static_cast<double>(list.size())));
      const size_t count = std::clamp<size_t>(wanted, 1, list.size() - 1);
      held_out.insert(list.begin(), list.begin() + static_cast<ptrdiff_t>(count));
    }
  } else {
    std::vector<std::string> list;
    for (const auto &[source, of_source] : labels_of)
      list.push_back(source);
    shuffle(list);
    double left = share * static_cast<double>(labels.size());
    for (size_t i = 0; i + 1 < list.size() && (held_out.empty() || left >= static_cast<double>(items_of[list[i]]));
         ++i) {
      held_out.insert(list[i]);
      left -= static_cast<double>(items_of[list[i]]);
    }
  }
  std::vector<bool> result;
  for (const std::string &source : sources)
    result.push_back(held_out.contains(source));
  return result;
}

}  // namespace action

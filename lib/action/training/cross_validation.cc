#include "action/training/cross_validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace action {

std::vector<int> FoldOfEach(const std::vector<std::string> &sources) {
  const std::set<std::string> distinct(sources.begin(), sources.end());
  if (distinct.size() < 2) return {};
  const size_t folds = std::min(distinct.size(), kMostFolds);
  std::map<std::string, int> fold_of;
  size_t next = 0;
  for (const std::string &source : distinct)
    fold_of[source] = static_cast<int>(next++ % folds);
  std::vector<int> result;
  for (const std::string &source : sources)
    result.push_back(fold_of[source]);
  return result;
}

std::vector<bool> StratifiedSplit(const std::vector<std::string> &labels, double share, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> by_label;
  for (size_t i = 0; i < labels.size(); ++i)
    by_label[labels[i]].push_back(i);
  std::vector<bool> held_out(labels.size(), false);
  std::mt19937_64 random(seed);
  for (auto &[label, items] : by_label) {
    // Fisher-Yates by hand: std::shuffle may differ from one standard library to the next.
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[random() % i]);
    if (items.size() < 2) continue;
    const auto wanted = static_cast<size_t>(std::llround(share * static_cast<double>(items.size())));
    const size_t count = std::clamp<size_t>(wanted, 1, items.size() - 1);
    for (size_t i = 0; i < count; ++i)
      held_out[items[i]] = true;
  }
  return held_out;
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "action/timeline/edit_distance.h"

namespace action {
namespace {

// Times in files are rounded: what is as good as equal counts.
constexpr double kRounding = 1e-9;
constexpr double kFound = 0.5;        // tIoU
constexpr double kCloseEnough = 0.5;  // s

double ToSeconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

std::string LabelOf(const Segment &segment, LabelKind kind) {
  if (StateInStudy(segment) != SegmentState::kMeasured) return kBackground;
  switch (kind) {
    case LabelKind::kCoarse:
      return segment.coarse_action;
    case LabelKind::kFine:
      return segment.fine_action;
    case LabelKind::kValue:
      return NameOf(ValueInStudy(segment));
  }
  return kBackground;
}

struct Stretch {
  std::string label;
  int64_t start = 0, end = 0;
  double confidence = 0;  // of the stretch, in the mean
  size_t video = 0;
  double duration() const { return ToSeconds(end - start); }
};

double TemporalIou(const Stretch &a, const Stretch &b) {
  const int64_t common = std::min(a.end, b.end) - std::max(a.start, b.start);
  if (common <= 0) return 0;
  return static_cast<double>(common) / static_cast<double>(std::max(a.end, b.end) - std::min(a.start, b.start));
}

std::vector<Stretch> ElementsOf(const std::vector<Segment> &segments, LabelKind kind, size_t video) {
  std::vector<Stretch> elements;
  bool follows = false;  // nothing has been between
  for (const Segment &segment : segments) {
    const std::string label = LabelOf(segment, kind);
    if (label == kBackground) {
      follows = false;
      continue;
    }
    follows = follows && segment.start - elements.back().end < kSmallestGap;
    if (follows && elements.back().label == label) {
      Stretch &last = elements.back();
      const double before = last.duration(), added = ToSeconds(segment.duration());
      last.confidence = (last.confidence * before + segment.confidence * added) / (before + added);
      last.end = segment.end;
    } else {
      elements.push_back({label, segment.start, segment.end, segment.confidence, video});
    }
    follows = true;
  }
  return elements;
}

// Elements by label and video, which are in order of time and apart there. They must outlive it.
class StretchIndex {
 public:
  explicit StretchIndex(const std::vector<Stretch> &stretches) {
    for (const Stretch &one : stretches)
      places_[{one.label, one.video}].push_back(&one);
  }

  // Those of the same label and video that share time with `element`.
  std::span<const Stretch *const> Sharing(const Stretch &element) const {
    const auto place = places_.find({element.label, element.video});
    if (place == places_.end()) return {};
    const auto &list = place->second;
    const auto first = std::ranges::upper_bound(list, element.start, {}, [](const Stretch *s) { return s->end; });
    const auto last =
        std::ranges::lower_bound(first, list.end(), element.end, {}, [](const Stretch *s) { return s->start; });
    return {first, last};
  }

  // The one of them that shares most; nothing: there is none.
  const Stretch *BestOf(const Stretch &element) const {
    const Stretch *best = nullptr;
    double most = 0;
    for (const Stretch *other : Sharing(element)) {
      const double iou = TemporalIou(element, *other);
      if (iou > most) {
        most = iou;
        best = other;
      }
    }
    return best;
  }

 private:
  std::map<std::pair<std::string, size_t>, std::vector<const Stretch *>> places_;
};

struct Counts {
  size_t right = 0, said = 0, truth = 0;
  double f1() const {
    return said + truth > 0 ? 2.0 * static_cast<double>(right) / static_cast<double>(said + truth) : 0;
  }
};

// The element of the other timeline that each belongs to: the one that it shares most with; nothing: there is none.
std::vector<const Stretch *> MatchesOf(const std::vector<Stretch> &elements, const StretchIndex &others) {
  std::vector<const Stretch *> matches;
  for (const Stretch &element : elements)
    matches.push_back(others.BestOf(element));
  return matches;
}

// matches: of `said`, in `truth`. A true element is hit once.
std::map<std::string, Counts> CountHits(const std::vector<Stretch> &said, const std::vector<Stretch> &truth,
                                        const std::vector<const Stretch *> &matches, double overlap) {
  std::map<std::string, Counts> counts;
  for (const Stretch &element : truth)
    ++counts[element.label].truth;
  std::set<const Stretch *> hit;
  for (size_t i = 0; i < said.size(); ++i) {
    const Stretch &element = said[i], *match = matches[i];
    Counts &count = counts[element.label];
    ++count.said;
    if (match != nullptr && TemporalIou(element, *match) >= overlap - kRounding && hit.insert(match).second)
      ++count.right;
  }
  return counts;
}

// said: all elements of one label; elements: how many of it the truth has.
double AveragePrecision(std::vector<const Stretch *> said, const StretchIndex &truth, size_t elements, double overlap) {
  std::ranges::stable_sort(said, std::ranges::greater(), &Stretch::confidence);
  std::set<const Stretch *> taken;
  std::vector<double> precision, recall;
  size_t hits = 0;
  for (size_t i = 0; i < said.size(); ++i) {
    // The free one that it shares most with.
    const Stretch *best = nullptr;
    double most = overlap - kRounding;
    for (const Stretch *element : truth.Sharing(*said[i])) {
      if (taken.contains(element)) continue;
      const double iou = TemporalIou(*said[i], *element);
      if (iou >= most && (best == nullptr || iou > most)) {
        most = iou;
        best = element;
      }
    }
    if (best != nullptr) {
      taken.insert(best);
      ++hits;
    }
    precision.push_back(static_cast<double>(hits) / static_cast<double>(i + 1));
    recall.push_back(static_cast<double>(hits) / static_cast<double>(elements));
  }
  // A precision counts for all recalls up to the last at which it is reached.
  double area = 0, best_precision = 0;
  for (size_t i = precision.size(); i-- > 0;) {
    best_precision = std::max(best_precision, precision[i]);
    area += best_precision * (recall[i] - (i > 0 ? recall[i - 1] : 0));
  }
  return area;
}

// From 0 to 1: the Levenshtein distance of the labels in order, by the length of the longer sequence. 1 of two that are
// empty.
double EditScore(const std::vector<Stretch> &said, const std::vector<Stretch> &truth) {
  const size_t longer = std::max(said.size(), truth.size());
  if (longer == 0) return 1;
  std::map<std::string_view, size_t> numbers;
  const auto number = [&numbers](const std::vector<Stretch> &elements) {
    std::vector<size_t> sequence;
    for (const Stretch &element : elements)
      sequence.push_back(numbers.try_emplace(element.label, numbers.size()).first->second);
    return sequence;
  };
  return 1 - static_cast<double>(EditDistance(number(said), number(truth))) / static_cast<double>(longer);
}

// Sums, until Finish makes means of them.
void Note(TimeErrors &errors, int64_t said, int64_t truth) {
  const double error = ToSeconds(said - truth);
  ++errors.count;
  errors.bias += error;
  errors.absolute += std::abs(error);
  if (std::abs(error) <= kCloseEnough + kRounding) ++errors.within_half_second;
}

void Finish(TimeErrors &errors) {
  if (errors.count == 0) return;
  errors.bias /= static_cast<double>(errors.count);
  errors.absolute /= static_cast<double>(errors.count);
}

// Walks through the time that the truth covers.
void AddTime(const ComparedTimelines &video, LabelKind kind, Evaluation &evaluation) {
  const auto add = [&](const std::string &truth, const std::string &said, int64_t duration) {
    const double seconds = ToSeconds(duration);
    evaluation.confusion[{truth, said}] += seconds;
    evaluation.seconds += seconds;
    if (said == truth) evaluation.right_seconds += seconds;
    if (truth == kBackground) return;
    evaluation.work_seconds += seconds;
    if (said == truth) evaluation.right_work_seconds += seconds;
  };
  size_t first = 0;
  for (const Segment &truth : video.truth) {
    const std::string label = LabelOf(truth, kind);
    int64_t at = truth.start;
    while (first < video.said.size() && video.said[first].end <= truth.start)
      ++first;
    for (size_t i = first; i < video.said.size() && video.said[i].start < truth.end; ++i) {
      const Segment &said = video.said[i];
      const int64_t start = std::max(said.start, at), end = std::min(said.end, truth.end);
      if (end <= start) continue;
      if (start > at) add(label, kBackground, start - at);
      add(label, LabelOf(said, kind), end - start);
      at = end;
    }
    if (at < truth.end) add(label, kBackground, truth.end - at);
  }
}

std::optional<double> Share(double part, double all) {
  return all > 0 ? std::optional<double>(part / all) : std::nullopt;
}

}  // namespace

const char *NameOf(LabelKind kind) {
  switch (kind) {
    case LabelKind::kCoarse:
      return "coarse";
    case LabelKind::kFine:
      return "fine";
    case LabelKind::kValue:
      return "value";
  }
  return "";
}

std::optional<double> LabelEvaluation::precision() const {
  return Share(right_seconds, said_seconds);
}

std::optional<double> LabelEvaluation::recall() const {
  return Share(right_seconds, truth_seconds);
}

std::optional<double> LabelEvaluation::iou() const {
  return Share(right_seconds, truth_seconds + said_seconds - right_seconds);
}

Evaluation Evaluate(std::span<const ComparedTimelines> videos, LabelKind kind) {
  Evaluation evaluation;
  evaluation.videos = videos.size();
  std::vector<Stretch> said, truth;
  for (size_t i = 0; i < videos.size(); ++i) {
    AddTime(videos[i], kind, evaluation);
    const auto said_here = ElementsOf(videos[i].said, kind, i), true_here = ElementsOf(videos[i].truth, kind, i);
    evaluation.edit += EditScore(said_here, true_here) / static_cast<double>(videos.size());
    said.insert(said.end(), said_here.begin(), said_here.end());
    truth.insert(truth.end(), true_here.begin(), true_here.end());
  }
  for (const auto &[pair, seconds] : evaluation.confusion) {
    const auto &[right, wrong] = pair;
    if (right != kBackground) evaluation.labels[right].truth_seconds += seconds;
    if (wrong != kBackground) evaluation.labels[wrong].said_seconds += seconds;
    if (right == wrong && right != kBackground) evaluation.labels[right].right_seconds += seconds;
  }
  const StretchIndex said_index(said), true_index(truth);
  const std::vector<const Stretch *> found = MatchesOf(truth, said_index), right = MatchesOf(said, true_index);
  evaluation.elements = truth.size();
  for (size_t i = 0; i < truth.size(); ++i) {
    const Stretch &element = truth[i], *match = found[i];
    LabelEvaluation &label = evaluation.labels[element.label];
    ++label.elements;
    const double iou = match != nullptr ? TemporalIou(element, *match) : 0;
    evaluation.mean_tiou += iou / static_cast<double>(truth.size());
    if (match == nullptr || iou < kFound - kRounding) continue;
    ++label.found;
    ++evaluation.found;
    for (auto *errors : {&label.start, &evaluation.start})
      Note(*errors, match->start, element.start);
    for (auto *errors : {&label.end, &evaluation.end})
      Note(*errors, match->end, element.end);
    for (auto *errors : {&label.duration, &evaluation.duration})
      Note(*errors, match->end - match->start, element.end - element.start);
  }
  std::map<std::string, std::vector<const Stretch *>> said_of;
  for (size_t i = 0; i < said.size(); ++i) {
    const Stretch &element = said[i], *match = right[i];
    said_of[element.label].push_back(&element);
    LabelEvaluation &label = evaluation.labels[element.label];
    ++label.said_elements;
    if (match != nullptr && TemporalIou(element, *match) >= kFound - kRounding) continue;
    ++label.invented;
    ++evaluation.invented;
  }
  for (size_t k = 0; k < kF1Overlaps.size(); ++k) {
    Counts all;
    for (const auto &[name, counts] : CountHits(said, truth, right, kF1Overlaps[k])) {
      evaluation.labels[name].f1[k] = counts.f1();
      all.right += counts.right;
      all.said += counts.said;
      all.truth += counts.truth;
    }
    evaluation.f1[k] = all.f1();
  }
  for (size_t k = 0; k < kPrecisionOverlaps.size(); ++k) {
    double sum = 0;
    size_t count = 0;
    for (auto &[name, label] : evaluation.labels) {
      if (label.elements == 0) continue;
      label.average_precision[k] = AveragePrecision(said_of[name], true_index, label.elements, kPrecisionOverlaps[k]);
      sum += *label.average_precision[k];
      ++count;
    }
    if (count > 0) evaluation.mean_average_precision[k] = sum / static_cast<double>(count);
  }
  for (auto *errors : {&evaluation.start, &evaluation.end, &evaluation.duration})
    Finish(*errors);
  for (auto &[name, label] : evaluation.labels) {
    for (auto *errors : {&label.start, &label.end, &label.duration})
      Finish(*errors);
  }
  return evaluation;
}

}  // namespace action

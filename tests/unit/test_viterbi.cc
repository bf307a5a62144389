// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The streaming Viterbi smoother against a plain dynamic programme over the whole list, on random sequences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/timeline/order_of_work.h"
#include "action/timeline/timeline.h"
#include "action/timeline/viterbi_smoother.h"

namespace action {
namespace {

constexpr int64_t kMs = 1000000;
constexpr int64_t kSecond = 1000 * kMs;
constexpr double kNever = -1e15;

struct RunOfSteps {
  LabelTable table;
  SmoothingSettings settings;
  int64_t start = 0;
  int64_t end = 0;
  std::vector<Step> steps;
};

RunOfSteps RandomRun(std::mt19937 &random) {
  const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  RunOfSteps run;
  const int labels = pick(1, 6);
  const bool ordered = pick(0, 2) == 0;
  for (int i = 0; i < labels; ++i) {
    const std::string coarse(1, static_cast<char>('a' + i / 2));
    if (i % 2 == 0) run.table.coarse.push_back(coarse);
    FineLabel fine{coarse + "_" + std::to_string(i) + "_va", coarse, ValueCategory::kVa, {}};
    if (pick(0, 3) == 0) fine.element.min_seconds = pick(0, 40) / 10.0;
    if (ordered && pick(0, 4) > 0) fine.element.order = pick(0, labels);
    fine.element.optional = pick(0, 4) == 0;
    run.table.fine.push_back(fine);
  }
  if (labels > 2 && pick(0, 4) == 0) run.table.fine.back().label = run.table.fine.front().label;
  run.settings.method = SmoothingMethod::kViterbi;
  run.settings.switch_cost = pick(0, 8) / 2.0;
  run.settings.order_cost = ordered ? pick(0, 4) / 2.0 : 0;
  run.settings.min_duration = pick(0, 4) * pick(0, 800) * kMs;
  run.settings.unknown_threshold = pick(0, 2) == 0 ? pick(1, 9) / 10.0 : 0;
  run.settings.longest_doubt = pick(0, 2) == 0 ? pick(0, 6) * kSecond : 120 * kSecond;
  run.settings.lookahead = pick(0, 8) * 500 * kMs;
  const int count = pick(0, 9) == 0 ? pick(30, 60) : pick(1, 25);
  run.start = pick(0, 1000) * kMs;
  int64_t time = run.start + (pick(0, 1) == 0 ? 0 : pick(0, 1000)) * kMs;
  const bool even = pick(0, 1) == 0, coarse_grained = pick(0, 2) == 0;  // equal scores make ties
  int label = 0;
  for (int i = 0; i < count; ++i) {
    if (pick(0, 3) == 0) label = pick(0, labels - 1);
    Step step;
    step.time = time;
    step.coarse = label / 2;
    for (size_t c = 0; c < run.table.coarse.size(); ++c)
      step.fine.push_back(static_cast<int>(2 * c));
    std::vector<double> scores;
    double sum = 0;
    for (int l = 0; l < labels; ++l) {
      const double weight = coarse_grained ? pick(0, 2) : std::pow(pick(0, 1000) / 1000.0, 4);
      scores.push_back(weight + (l == label ? pick(0, 2) : 0));
      sum += scores.back();
    }
    for (const double score : scores)
      step.fine_scores.push_back(sum > 0 ? static_cast<float>(score / sum) : 0.0f);
    time += even ? 500 * kMs : pick(1, 2500) * kMs;
    step.end = time;
    run.steps.push_back(step);
  }
  run.end = run.steps.back().time + pick(1, 2000) * kMs;
  return run;
}

// ---- The plain programme: everything is computed again, from the first step on, whenever a step has come.

// Costs from the description of elements.csv alone.
double PlainCost(const RunOfSteps &run, size_t from, size_t to) {
  if (from == to) return 0;
  double cost = run.settings.switch_cost;
  const auto &a = run.table.fine[from].element.order, &b = run.table.fine[to].element.order;
  if (!a || !b || *a == *b) return cost;
  std::map<int, bool> needed;  // by place: someone there must not be left out
  for (const FineLabel &fine : run.table.fine) {
    if (fine.element.order) needed[*fine.element.order] |= !fine.element.optional;
  }
  int left_out = 0;
  for (auto place = std::next(needed.find(*a));; ++place) {
    if (place == needed.end()) place = needed.begin();
    if (place->first == *b) break;
    left_out += place->second;
  }
  return cost + run.settings.order_cost * std::min(left_out, 2);
}

struct Plain {
  std::vector<int> labels;  // final
  std::vector<int> shown;   // what a frame of the step is shown
  uint64_t forced = 0;
};

Plain PlainViterbi(const RunOfSteps &run) {
  const size_t count = run.table.fine.size();
  const auto whole = [](double nats) { return std::round(nats * 1e6); };  // as the header says: millionths of a nat
  Plain plain;
  std::set<std::pair<size_t, size_t>> dropped;  // (step, label): no sequence that ends here goes on
  std::map<size_t, int> decided;
  plain.shown.assign(run.steps.size(), -1);

  for (size_t n = 1; n <= run.steps.size(); ++n) {
    std::vector<std::vector<double>> best;
    std::vector<std::vector<size_t>> from;
    const auto compute = [&] {
      best.clear();
      from.clear();
      for (size_t i = 0; i < n; ++i) {
        std::vector<double> row(count);
        std::vector<size_t> origin(count);
        for (size_t to = 0; to < count; ++to) {
          const double p = std::max(static_cast<double>(run.steps[i].fine_scores[to]), 1e-6);
          origin[to] = to;
          double before = i == 0 ? 0 : best[i - 1][to];
          for (size_t other = 0; i > 0 && other < count; ++other) {
            const double changed = best[i - 1][other] - whole(PlainCost(run, other, to));
            if (changed > before) {
              before = changed;
              origin[to] = other;
            }
          }
          row[to] = dropped.contains({i, to}) ? kNever : before + whole(std::log(p));
        }
        best.push_back(row);
        from.push_back(origin);
      }
    };
    const auto path_to = [&](size_t label) {
      std::vector<int> path(n);
      for (size_t i = n; i-- > 0;) {
        path[i] = static_cast<int>(label);
        label = from[i][label];
      }
      return path;
    };
    const auto best_label = [&] {
      return static_cast<size_t>(std::ranges::max_element(best.back()) - best.back().begin());
    };
    const auto settle = [&] {
      compute();
      std::vector<std::vector<int>> paths;
      for (size_t label = 0; label < count; ++label) {
        if (best.back()[label] > kNever / 2) paths.push_back(path_to(label));
      }
      size_t agreed = 0;
      while (agreed < n && std::ranges::all_of(paths, [&](const auto &p) { return p[agreed] == paths[0][agreed]; })) {
        decided[agreed] = paths[0][agreed];
        ++agreed;
      }
      return agreed;
    };
    size_t first_open = settle();
    while (first_open < n && run.steps[n - 1].time - run.steps[first_open].time > run.settings.longest_doubt) {
      const std::vector<int> path = path_to(best_label());
      for (size_t label = 0; label < count; ++label) {
        if (path_to(label)[first_open] != path[first_open]) dropped.insert({n - 1, label});
      }
      ++plain.forced;
      const size_t was = first_open;
      first_open = settle();
      EXPECT_GT(first_open, was);
    }
    // A frame is shown what is final, or after the look-ahead what the best sequence says then.
    const std::vector<int> path = path_to(best_label());
    for (size_t i = 0; i < n; ++i) {
      if (plain.shown[i] >= 0) continue;
      if (i < first_open) {
        plain.shown[i] = decided[i];
      } else if (run.steps[n - 1].end - run.steps[i].time >= run.settings.lookahead) {
        plain.shown[i] = path[i];
      }
    }
    if (n == run.steps.size()) plain.labels = path;
  }
  for (size_t i = 0; i < plain.shown.size(); ++i) {
    if (plain.shown[i] < 0) plain.shown[i] = plain.labels[i];
  }
  return plain;
}

struct PlainSegment {
  int64_t start, end;
  int id;
};

std::vector<Segment> PlainSegments(const RunOfSteps &run, const std::vector<int> &labels) {
  std::vector<PlainSegment> segments;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0 && labels[i] == labels[i - 1]) continue;
    if (i > 0) segments.back().end = run.steps[i].time;
    segments.push_back({i == 0 ? run.start : run.steps[i].time, run.end, labels[i]});
  }
  const auto length = [&](size_t i) { return segments[i].end - segments[i].start; };
  const auto is_short = [&](size_t i) {
    const auto &own = run.table.fine[static_cast<size_t>(segments[i].id)].element.min_seconds;
    return length(i) < (own ? std::llround(*own * 1e9) : run.settings.min_duration);
  };
  while (segments.size() > 1) {
    size_t i = 0;
    while (i < segments.size() && !is_short(i))
      ++i;
    if (i == segments.size()) break;
    if (i == 0 || (i + 1 < segments.size() && length(i + 1) > length(i - 1))) {
      segments[i + 1].start = segments[i].start;
    } else {
      segments[i - 1].end = segments[i].end;
    }
    segments.erase(segments.begin() + static_cast<ptrdiff_t>(i));
  }
  std::vector<Segment> named;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (i > 0 && segments[i].id == segments[i - 1].id) continue;
    size_t last = i;
    while (last + 1 < segments.size() && segments[last + 1].id == segments[i].id)
      ++last;
    Segment segment;
    segment.start = segments[i].start;
    segment.end = segments[last].end;
    const auto id = static_cast<size_t>(segments[i].id);
    for (const Step &step : run.steps) {
      const int64_t time = &step == &run.steps.front() ? run.start : step.time;
      if (time < segment.start || time >= segment.end) continue;
      ++segment.num_frames;
      segment.confidence += static_cast<double>(step.fine_scores[id]);
    }
    segment.confidence /= static_cast<double>(segment.num_frames);
    segment.coarse_action = run.table.fine[id].coarse;
    segment.fine_action = run.table.fine[id].label;
    segment.category = ValueCategory::kVa;
    if (segment.confidence < run.settings.unknown_threshold) {
      segment.coarse_action = segment.fine_action = "unknown";
      segment.category = ValueCategory::kUnknown;
      segment.state = SegmentState::kUnknown;
    }
    if (!named.empty() && named.back().fine_action == segment.fine_action) {
      named.back().end = segment.end;
      named.back().num_frames += segment.num_frames;
    } else {
      named.push_back(segment);
    }
  }
  return named;
}

std::string Show(const std::vector<Segment> &segments) {
  std::string text;
  for (const Segment &s : segments) {
    text += "\n  " + std::to_string(s.start / kMs) + "-" + std::to_string(s.end / kMs) + " " + s.coarse_action + " " +
            s.fine_action + " " + std::to_string(s.num_frames) + " " + std::to_string(s.confidence);
  }
  return text;
}

TEST(Viterbi, StreamingEqualsPlain) {
  uint64_t forced = 0;
  for (unsigned seed = 0; seed < 20000; ++seed) {
    std::mt19937 random(seed);
    const RunOfSteps run = RandomRun(random);
    const Plain plain = PlainViterbi(run);
    Timeline timeline(run.settings);
    timeline.SetLabels(run.table, false, run.settings.unknown_threshold);
    timeline.Begin(run.start);
    std::vector<Segment> got;
    std::vector<FrameLabel> shown;
    const auto take = [&] {
      for (Segment &segment : timeline.Take())
        got.push_back(std::move(segment));
      for (FrameLabel &label : timeline.TakeLabels())
        shown.push_back(std::move(label));
    };
    for (const Step &step : run.steps) {
      timeline.Add(step);
      take();
    }
    timeline.End(run.end);
    timeline.Finish();
    take();
    std::vector<Segment> expected = PlainSegments(run, plain.labels);
    ASSERT_EQ(got.size(), expected.size()) << "seed " << seed << ", got" << Show(got) << "\nexpected" << Show(expected);
    for (size_t i = 0; i < got.size(); ++i) {
      const bool joined = run.table.fine.back().label == run.table.fine.front().label;
      if (got[i].state == SegmentState::kMeasured && !joined) {
        EXPECT_NEAR(got[i].confidence, expected[i].confidence, 1e-9) << "seed " << seed;
      }
      got[i].confidence = expected[i].confidence;
      got[i].deviation = Deviation::kNone;
    }
    ASSERT_EQ(got, expected) << "seed " << seed << ", got" << Show(got) << "\nexpected" << Show(expected);
    ASSERT_EQ(shown.size(), plain.shown.size()) << "seed " << seed;
    for (size_t i = 0; i < shown.size(); ++i) {
      ASSERT_EQ(shown[i].segment.fine_action, run.table.fine[static_cast<size_t>(plain.shown[i])].label)
          << "seed " << seed << ", step " << i;
      ASSERT_EQ(shown[i].time, i == 0 ? run.start : run.steps[i].time);
    }
    ASSERT_EQ(timeline.stats().forced, plain.forced) << "seed " << seed;
    forced += plain.forced;
  }
  EXPECT_GT(forced, 1000u) << "doubt for too long is among what was tried";
}

// ---- By hand

LabelTable ThreeLabels() {
  LabelTable table;
  table.coarse = {"a", "b"};
  table.fine = {{"a_left_va", "a", ValueCategory::kVa, {}},
                {"a_right_va", "a", ValueCategory::kVa, {}},
                {"b_nva", "b", ValueCategory::kNva, {}}};
  return table;
}

Step StepOf(int64_t number, const std::vector<float> &scores) {
  Step step;
  step.time = number * kSecond / 2;
  step.end = step.time + kSecond / 2;
  step.fine = {0, 2};
  step.fine_scores = scores;
  return step;
}

std::vector<Segment> SegmentsOf(const SmoothingSettings &settings, const LabelTable &table,
                                const std::vector<std::vector<float>> &scores, double threshold = 0) {
  Timeline timeline(settings);
  timeline.SetLabels(table, false, threshold);
  timeline.Begin(0);
  for (size_t i = 0; i < scores.size(); ++i)
    timeline.Add(StepOf(static_cast<int64_t>(i), scores[i]));
  timeline.End(static_cast<int64_t>(scores.size()) * kSecond / 2);
  timeline.Finish();
  return timeline.Take();
}

TEST(Viterbi, TwoFineActionsOfOneFamilyAreTwoSegments) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  std::vector<std::vector<float>> scores(8, {0.8f, 0.1f, 0.1f});
  scores.insert(scores.end(), 6, {0.1f, 0.8f, 0.1f});
  const std::vector<Segment> segments = SegmentsOf(settings, ThreeLabels(), scores);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].fine_action, "a_left_va");
  EXPECT_EQ(segments[1].fine_action, "a_right_va");
  EXPECT_EQ(segments[1].start, 4 * kSecond);
  EXPECT_EQ(segments[0].coarse_action, segments[1].coarse_action);
  EXPECT_NEAR(segments[1].confidence, 0.8, 1e-6);
}

TEST(Viterbi, SwitchCostDecidesWhatIsAStep) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  settings.min_duration = 0;
  std::vector<std::vector<float>> scores(10, {0.9f, 0.05f, 0.05f});
  scores[5] = {0.05f, 0.05f, 0.9f};  // ln(0.9 / 0.05) = 2.89 nats for two changes
  settings.switch_cost = 1.4;
  EXPECT_EQ(SegmentsOf(settings, ThreeLabels(), scores).size(), 3u);
  settings.switch_cost = 1.5;
  EXPECT_EQ(SegmentsOf(settings, ThreeLabels(), scores).size(), 1u);
}

TEST(Viterbi, MemoryStaysSmallWhileNothingDecides) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  ViterbiSmoother smoother(settings, ThreeLabels(), 0);
  size_t most = 0;
  for (int i = 0; i < 20000; ++i) {
    smoother.Add(StepOf(i, {0.34f, 0.33f, 0.33f}));
    smoother.TakeLabels();
    smoother.TakeSpans();
    most = std::max(most, smoother.stats().steps_kept);
  }
  EXPECT_LE(most, 243u) << "120 s of doubt are 240 steps";
}

TEST(Viterbi, AFrameWaitsForTheLookAheadAtMost) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  settings.lookahead = 2 * kSecond;
  settings.switch_cost = 50;
  ViterbiSmoother smoother(settings, ThreeLabels(), 0);
  size_t shown = 0;
  for (int i = 0; i < 100; ++i) {
    smoother.Add(StepOf(i, i % 2 == 0 ? std::vector{0.5f, 0.45f, 0.05f} : std::vector{0.45f, 0.5f, 0.05f}));
    shown += smoother.TakeLabels().size();
    EXPECT_GE(shown + 3, static_cast<size_t>(i + 1)) << "four steps of half a second are 2 s";
  }
}

TEST(Viterbi, BelowTheThresholdAFinishedSegmentIsUnknown) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  std::vector<std::vector<float>> scores(6, {0.9f, 0.05f, 0.05f});
  scores.insert(scores.end(), 6, {0.2f, 0.25f, 0.55f});
  const std::vector<Segment> segments = SegmentsOf(settings, ThreeLabels(), scores, 0.6);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].state, SegmentState::kMeasured);
  EXPECT_EQ(segments[1].state, SegmentState::kUnknown);
  EXPECT_EQ(segments[1].fine_action, "unknown");
}

TEST(Viterbi, TheThresholdMayChangeWhileARunGoesOn) {
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  Timeline timeline(settings);
  timeline.SetLabels(ThreeLabels(), false, 0);
  timeline.Begin(0);
  for (int i = 0; i < 40; ++i) {
    if (i == 15) timeline.SetLabels(ThreeLabels(), false, 0.95);
    timeline.Add(StepOf(i, i / 10 % 2 == 0 ? std::vector{0.9f, 0.05f, 0.05f} : std::vector{0.05f, 0.05f, 0.9f}));
  }
  timeline.End(20 * kSecond);
  timeline.Finish();
  const std::vector<Segment> segments = timeline.Take();
  ASSERT_EQ(segments.size(), 2u) << "what is unknown is one segment";
  EXPECT_EQ(segments[0].fine_action, "a_left_va") << "it ended before";
  EXPECT_EQ(segments[1].fine_action, "unknown");
  EXPECT_EQ(segments[1].start, 5 * kSecond);
}

TEST(OrderOfWork, DeviationsAreReportedWhateverTheyCost) {
  LabelTable table;
  table.coarse = {"a"};
  for (int i = 0; i < 4; ++i) {
    FineLabel fine{"a_" + std::to_string(i), "a", ValueCategory::kUnknown, {}};
    fine.element.order = 10 * i;
    fine.element.optional = i == 2;
    table.fine.push_back(fine);
  }
  table.fine.push_back({"a_idle", "a", ValueCategory::kUnknown, {}});  // without a place
  const auto at = [](size_t label) {
    std::vector<float> scores(5, 0.01f);
    scores[label] = 0.96f;
    return scores;
  };
  std::vector<std::vector<float>> scores;
  // 0 1 3 (2 is optional) idle 0 3 (1 skipped, 2 optional) 2 (backwards)
  for (const size_t label : {0, 1, 3, 4, 0, 3, 2})
    scores.insert(scores.end(), 6, at(label));
  for (const double order_cost : {0.0, 1.0}) {
    SmoothingSettings settings;
    settings.method = SmoothingMethod::kViterbi;
    settings.order_cost = order_cost;
    std::vector<Deviation> deviations;
    for (const Segment &segment : SegmentsOf(settings, table, scores))
      deviations.push_back(segment.deviation);
    using enum Deviation;
    EXPECT_EQ(deviations, (std::vector{kNone, kNone, kNone, kNone, kNone, kSkipped, kOutOfOrder}));
  }
}

TEST(OrderOfWork, ItsCostDecidesWhereTheEvidenceDoesNot) {
  LabelTable table = ThreeLabels();
  for (int i = 0; i < 3; ++i)
    table.fine[static_cast<size_t>(i)].element.order = i;
  // After the first label the evidence for the third is a little better than for the second.
  std::vector<std::vector<float>> scores(6, {0.9f, 0.05f, 0.05f});
  scores.insert(scores.end(), 4, {0.02f, 0.44f, 0.54f});
  SmoothingSettings settings;
  settings.method = SmoothingMethod::kViterbi;
  EXPECT_EQ(SegmentsOf(settings, table, scores).back().fine_action, "b_nva");
  settings.order_cost = 2;
  EXPECT_EQ(SegmentsOf(settings, table, scores).back().fine_action, "a_right_va");
}

TEST(Study, WhatSomeNamesMeanIsTheirState) {
  LabelTable table;
  table.coarse = {"absent", "background", "waiting", "work"};
  table.fine = {{"absent", "absent", ValueCategory::kUnknown, {}},
                {"background", "background", ValueCategory::kUnknown, {}},
                {"waiting", "waiting", ValueCategory::kUnknown, {}},
                {"work_va", "work", ValueCategory::kVa, {}}};
  for (const bool study : {false, true}) {
    SmoothingSettings settings;
    Timeline timeline(settings, study);
    timeline.SetLabels(table, false);
    timeline.Begin(0);
    for (int label = 0; label < 4; ++label) {
      for (int i = 0; i < 20; ++i) {
        Step step;
        step.time = (label * 20 + i) * kSecond;
        step.end = step.time + kSecond;
        step.coarse = label;
        step.fine = {0, 1, 2, 3};
        timeline.Add(step);
      }
    }
    timeline.End(80 * kSecond);
    std::vector<std::string> states;
    for (const Segment &segment : timeline.Take()) {
      states.push_back(NameOf(segment.state));
      EXPECT_EQ(segment.fine_action, table.fine[states.size() - 1].label) << "the trained label stays";
    }
    EXPECT_EQ(states, study ? (std::vector<std::string>{"absent", "unknown", "measured", "measured"})
                            : std::vector<std::string>(4, "measured"));
  }
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The streaming timeline against a slow, plain one, on random sequences.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "action/timeline/run_smoother.h"
#include "action/timeline/smoothed_votes.h"
#include "action/timeline/timeline.h"

namespace action {
namespace {

constexpr int64_t kMs = 1000000;
constexpr int64_t kSecond = 1000 * kMs;

// Two to four families of one to three fine labels.
LabelTable Table(int families) {
  LabelTable table;
  for (int c = 0; c < families; ++c) {
    const std::string coarse(1, static_cast<char>('a' + c));
    table.coarse.push_back(coarse);
    for (int f = 0; f <= c % 3; ++f)
      table.fine.push_back({coarse + "_" + std::to_string(f) + "_va", coarse, ValueCategory::kVa});
  }
  return table;
}

int FirstFine(const LabelTable &table, int coarse) {
  for (size_t i = 0; i < table.fine.size(); ++i) {
    if (table.fine[i].coarse == table.coarse[static_cast<size_t>(coarse)]) return static_cast<int>(i);
  }
  return -1;
}

// ---- The plain algorithm: whole lists, straight from its description.

int PlainMajority(const std::vector<int> &ids) {
  std::map<int, int> votes;
  for (const int id : ids)
    ++votes[id];
  return std::ranges::max_element(votes, [](const auto &a, const auto &b) { return a.second < b.second; })->first;
}

std::vector<int> PlainSmooth(const std::vector<int> &ids, int window) {
  const int half = window / 2, n = static_cast<int>(ids.size());
  std::vector<int> smooth;
  for (int i = 0; i < n; ++i)
    smooth.push_back(PlainMajority({ids.begin() + std::max(0, i - half), ids.begin() + std::min(n, i + half + 1)}));
  return smooth;
}

struct PlainSegment {
  int64_t start, end;
  int coarse;
  int fine = -1;
  int64_t steps = 0;
  bool operator==(const PlainSegment &) const = default;
};

std::vector<PlainSegment> PlainTimeline(const std::vector<Step> &steps, int64_t start, int64_t end,
                                        const SmoothingSettings &settings, const LabelTable &table) {
  std::vector<int> coarse;
  for (const Step &step : steps)
    coarse.push_back(step.coarse);
  const std::vector<int> smooth = PlainSmooth(coarse, settings.window);
  std::vector<PlainSegment> segments;
  for (size_t i = 0; i < smooth.size(); ++i) {
    if (i > 0 && smooth[i] == smooth[i - 1]) continue;
    if (i > 0) segments.back().end = steps[i].time;
    segments.push_back({i == 0 ? start : steps[i].time, end, smooth[i]});
  }
  const auto length = [&](size_t i) { return segments[i].end - segments[i].start; };
  while (segments.size() > 1) {
    size_t i = 0;
    while (i < segments.size() && length(i) >= settings.min_duration)
      ++i;
    if (i == segments.size()) break;
    const bool into_next = i == 0 || (i + 1 < segments.size() && length(i + 1) > length(i - 1));
    if (into_next) {
      segments[i + 1].start = segments[i].start;
    } else {
      segments[i - 1].end = segments[i].end;
    }
    segments.erase(segments.begin() + static_cast<ptrdiff_t>(i));
  }
  const auto join = [&segments](auto &&same) {
    std::vector<PlainSegment> joined;
    for (const PlainSegment &segment : segments) {
      if (!joined.empty() && same(joined.back(), segment)) {
        joined.back().end = segment.end;
        joined.back().steps += segment.steps;
      } else {
        joined.push_back(segment);
      }
    }
    segments = joined;
  };
  join([](const auto &a, const auto &b) { return a.coarse == b.coarse; });
  for (PlainSegment &segment : segments) {
    std::vector<int> fine;
    for (const Step &step : steps) {
      const bool first_step = &step == &steps.front();
      const int64_t time = first_step ? start : step.time;
      if (time < segment.start || time >= segment.end) continue;
      fine.push_back(segment.coarse == table.unknown_coarse() ? table.unknown_fine()
                                                              : step.fine[static_cast<size_t>(segment.coarse)]);
    }
    segment.steps = static_cast<int64_t>(fine.size());
    segment.fine = PlainMajority(PlainSmooth(fine, settings.refine_window));
  }
  const auto name = [&table](int id) {
    return id == table.unknown_fine() ? "?" : table.fine[static_cast<size_t>(id)].label;
  };
  join([&name](const auto &a, const auto &b) { return name(a.fine) == name(b.fine); });
  return segments;
}

// ---- Random sequences

struct RunOfSteps {
  LabelTable table;
  SmoothingSettings settings;
  int64_t start = 0;
  int64_t end = 0;
  std::vector<Step> steps;
};

int Odd(int window) {
  return window % 2 == 0 ? window + 1 : window;
}

RunOfSteps RandomRun(std::mt19937 &random) {
  const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  RunOfSteps run;
  run.table = Table(pick(1, 4));
  if (pick(0, 4) == 0) {  // two families with a label of one name
    run.table.fine.back().label = run.table.fine.front().label;
  }
  run.settings.window = pick(1, 12);
  run.settings.refine_window = pick(1, 8);
  run.settings.min_duration = pick(0, 4) * pick(0, 1500) * kMs;
  const int count = pick(0, 6) == 0 ? pick(1, 200) : pick(1, 25);
  const int stay = pick(0, 9);  // how long labels last
  const bool even = pick(0, 1) == 0;
  run.start = pick(0, 1000) * kMs;
  int64_t time = run.start + (pick(0, 1) == 0 ? 0 : pick(0, 1000)) * kMs;
  int coarse = 0;
  for (int i = 0; i < count; ++i) {
    if (pick(0, 9) >= stay) coarse = pick(0, run.table.unknown_coarse());
    Step step;
    step.time = time;
    step.coarse = coarse;
    for (int c = 0; c < run.table.unknown_coarse(); ++c)
      step.fine.push_back(FirstFine(run.table, c) + pick(0, c % 3));
    step.fine_scores.assign(run.table.fine.size(), 0.25f);
    time += even ? 500 * kMs : pick(1, 2500) * kMs;
    step.end = time;
    run.steps.push_back(step);
  }
  run.end = run.steps.back().time + pick(1, 2000) * kMs;
  return run;
}

// Fine labels are told apart by the name that a segment has: the same name in two families is one.
std::vector<Segment> Named(const std::vector<PlainSegment> &plain, const LabelTable &table) {
  std::vector<Segment> segments;
  for (const PlainSegment &p : plain) {
    Segment segment;
    segment.start = p.start;
    segment.end = p.end;
    segment.num_frames = p.steps;
    if (p.coarse == table.unknown_coarse()) {
      segment.coarse_action = segment.fine_action = "unknown";
      segment.state = SegmentState::kUnknown;
    } else {
      segment.coarse_action = table.coarse[static_cast<size_t>(p.coarse)];
      segment.fine_action = table.fine[static_cast<size_t>(p.fine)].label;
      segment.category = table.fine[static_cast<size_t>(p.fine)].category;
      segment.confidence = 0.25;
    }
    segments.push_back(segment);
  }
  return segments;
}

std::string Show(const std::vector<Segment> &segments) {
  std::string text;
  for (const Segment &s : segments) {
    text += "\n  " + std::to_string(s.start / kMs) + "-" + std::to_string(s.end / kMs) + " " + s.coarse_action + " " +
            s.fine_action + " " + std::to_string(s.num_frames) + " " + NameOf(s.state);
  }
  return text;
}

TEST(Timeline, StreamingEqualsPlain) {
  for (unsigned seed = 0; seed < 40000; ++seed) {
    std::mt19937 random(seed);
    const RunOfSteps run = RandomRun(random);
    Timeline timeline(run.settings);
    timeline.SetLabels(run.table, false);
    timeline.Begin(run.start);
    std::vector<Segment> got;
    const auto take = [&] {
      for (Segment &segment : timeline.Take())
        got.push_back(std::move(segment));
    };
    for (const Step &step : run.steps) {
      timeline.Add(step);
      take();
    }
    timeline.End(run.end);
    timeline.Finish();
    take();
    SmoothingSettings odd = run.settings;
    odd.window = Odd(odd.window);
    odd.refine_window = Odd(odd.refine_window);
    const std::vector<Segment> expected =
        Named(PlainTimeline(run.steps, run.start, run.end, odd, run.table), run.table);
    ASSERT_EQ(got, expected) << "seed " << seed << ", got" << Show(got) << "\nexpected" << Show(expected);
  }
}

// At any moment: what was taken and what is pending are what the same steps alone would give, whichever way they are
// smoothed; and to ask changes nothing.
TEST(Timeline, PendingIsWhatWouldFollow) {
  for (unsigned seed = 0; seed < 600; ++seed) {
    std::mt19937 random(seed);
    RunOfSteps run = RandomRun(random);
    if (seed % 2 == 1) run.settings.method = SmoothingMethod::kViterbi;
    std::uniform_real_distribution<float> score(0, 1);
    for (Step &step : run.steps) {
      step.fine_scores.clear();
      for (size_t i = 0; i < run.table.fine.size(); ++i)
        step.fine_scores.push_back(score(random));
    }
    const auto begin = [&run](Timeline &timeline) {
      timeline.SetLabels(run.table, false);
      timeline.Begin(run.start);
    };
    Timeline asked(run.settings), unasked(run.settings);
    begin(asked);
    begin(unasked);
    std::vector<Segment> taken, taken_unasked;
    for (size_t count = 1; count <= run.steps.size(); ++count) {
      asked.Add(run.steps[count - 1]);
      unasked.Add(run.steps[count - 1]);
      std::ranges::move(asked.Take(), std::back_inserter(taken));
      std::ranges::move(unasked.Take(), std::back_inserter(taken_unasked));
      std::vector<Segment> all = taken;
      std::ranges::move(asked.Pending(), std::back_inserter(all));
      Timeline alone(run.settings);
      begin(alone);
      for (size_t i = 0; i < count; ++i)
        alone.Add(run.steps[i]);
      alone.End(alone.step_end());
      alone.Finish();
      ASSERT_EQ(all, alone.Take()) << "seed " << seed << ", step " << count;
    }
    ASSERT_EQ(taken, taken_unasked) << "seed " << seed;
  }
}

// Every step's label, aligned: the smoothed coarse label, and the fine label with most votes in its segment so far.
TEST(Timeline, StepLabelsAreTheSmoothedOnes) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    const RunOfSteps run = RandomRun(random);
    SmoothingSettings odd = run.settings;
    odd.window = Odd(odd.window);
    odd.refine_window = Odd(odd.refine_window);
    RunSmoother smoother(run.settings, run.table, run.start);
    std::vector<StepLabel> got;
    for (const Step &step : run.steps) {
      smoother.Add(step);
      for (const StepLabel &label : smoother.TakeLabels())
        got.push_back(label);
      EXPECT_GE(got.size() + static_cast<size_t>(odd.window / 2), static_cast<size_t>(&step - run.steps.data() + 1))
          << "no step waits for more than half a window";
      // What is newest is what would be last if nothing more came.
      RunSmoother ended = smoother;
      ended.Finish(step.end);
      const std::vector<StepLabel> rest = ended.TakeLabels();
      StepLabel last = rest.empty() ? got.back() : rest.back();
      last.time = step.time;
      StepLabel newest = *smoother.Newest();
      newest.time = step.time;
      ASSERT_EQ(newest, last) << "seed " << seed;
    }
    smoother.Finish(run.end);
    for (const StepLabel &label : smoother.TakeLabels())
      got.push_back(label);

    std::vector<int> coarse;
    for (const Step &step : run.steps)
      coarse.push_back(step.coarse);
    const std::vector<int> smooth = PlainSmooth(coarse, odd.window);
    ASSERT_EQ(got.size(), smooth.size());
    std::vector<int> votes;
    for (size_t i = 0; i < got.size(); ++i) {
      if (i > 0 && smooth[i] != smooth[i - 1]) votes.clear();
      const bool known = smooth[i] < run.table.unknown_coarse();
      votes.push_back(known ? run.steps[i].fine[static_cast<size_t>(smooth[i])] : run.table.unknown_fine());
      ASSERT_EQ(got[i].coarse, smooth[i]);
      ASSERT_EQ(got[i].time, i == 0 ? run.start : run.steps[i].time);
      ASSERT_EQ(got[i].fine, PlainMajority(PlainSmooth(votes, odd.refine_window)));
    }
  }
}

TEST(SmoothedVotes, AppendingIsTheSameAsAddingOneByOne) {
  std::mt19937 random(1);
  const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  for (int round = 0; round < 5000; ++round) {
    const int window = 2 * pick(0, 4) + 1;
    std::vector<int> all;
    SmoothedVotes joined(window), one_by_one(window);
    for (int part = pick(0, 4); part >= 0; --part) {
      SmoothedVotes votes(window);
      for (int i = pick(0, 15); i > 0; --i) {
        all.push_back(pick(0, 2));
        votes.Add(all.back());
        one_by_one.Add(all.back());
      }
      joined.Append(votes);
    }
    ASSERT_EQ(joined.size(), all.size());
    const int expected = all.empty() ? -1 : PlainMajority(PlainSmooth(all, window));
    ASSERT_EQ(joined.Winner(), expected);
    ASSERT_EQ(one_by_one.Winner(), expected);
  }
}

// ---- Runs, gaps and swaps

Step StepAt(int64_t time, int coarse, const LabelTable &table, int64_t length = 2 * kSecond) {
  Step step;
  step.time = time;
  step.end = time + length;
  step.coarse = coarse;
  for (int c = 0; c < table.unknown_coarse(); ++c)
    step.fine.push_back(FirstFine(table, c));
  return step;
}

// A random stream: runs with holes between them, lost steps, swaps of the model. Whatever comes, the timeline is
// connected, covers the stream, and each run equals the plain algorithm on its own steps.
TEST(Timeline, RunsAndGapsCoverTheStream) {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
    SmoothingSettings settings;
    settings.window = 2 * pick(0, 4) + 1;
    settings.min_duration = pick(0, 3) * kSecond;
    settings.refine_window = 3;
    LabelTable table = Table(3), other = Table(2);
    other.coarse.back() = "other";
    other.fine.back().coarse = "other";
    Timeline timeline(settings);
    timeline.SetLabels(table, false);

    std::vector<Segment> expected, got;
    std::vector<Step> steps;  // of the run so far
    int64_t time = pick(0, 5) * kSecond, start = time;
    const int64_t first = time;
    const auto close = [&](int64_t end) {
      if (steps.empty()) return;
      for (Segment &s : Named(PlainTimeline(steps, start, end, settings, table), table)) {
        s.confidence = 0;
        expected.push_back(s);
      }
      steps.clear();
    };
    const auto add_gap = [&](int64_t from, int64_t to) {
      if (from == to) return;
      if (!expected.empty() && expected.back().state == SegmentState::kGap && expected.back().end == from) {
        expected.back().end = to;
      } else {
        expected.push_back(
            {from, to, "gap", "gap", ValueCategory::kUnknown, 0, SegmentState::kGap, 0, false, {}, {}, {}});
      }
    };
    timeline.Begin(time);
    for (int i = pick(0, 40); i > 0; --i) {
      switch (pick(0, 9)) {
        case 0: {  // a hole: the run ends a little after its last step, and the next begins later
          if (steps.empty()) add_gap(start, time);
          close(time);
          timeline.End(time);
          const int64_t begin = time + pick(2, 30) * kSecond;
          add_gap(time, begin);
          timeline.Begin(start = time = begin);
          break;
        }
        case 1: {  // a lost step
          if (steps.empty()) add_gap(start, time);
          close(time);
          timeline.Miss(time, time + 2 * kSecond);
          add_gap(time, time + 2 * kSecond);
          start = time = time + 2 * kSecond;
          break;
        }
        case 2:  // another model
          std::swap(table, other);
          timeline.SetLabels(table, false);
          if (!steps.empty()) {
            std::swap(table, other);
            close(time);
            std::swap(table, other);
            start = time;
          }
          [[fallthrough]];
        default:
          steps.push_back(StepAt(time, pick(0, table.unknown_coarse()), table));
          timeline.Add(steps.back());
          time += 2 * kSecond;
      }
      for (Segment &segment : timeline.Take())
        got.push_back(std::move(segment));
    }
    const int64_t end = time + pick(0, 1) * kSecond;
    if (steps.empty()) add_gap(start, end);
    close(end);
    timeline.End(end);
    timeline.Finish();
    for (Segment &segment : timeline.Take())
      got.push_back(std::move(segment));
    ASSERT_EQ(got, expected) << "seed " << seed << ", got" << Show(got) << "\nexpected" << Show(expected);
    int64_t at = first;
    for (const Segment &segment : got) {
      ASSERT_EQ(segment.start, at) << "seed " << seed;
      at = segment.end;
    }
    ASSERT_EQ(at, got.empty() ? first : end);
  }
}

TEST(Timeline, MemoryDoesNotGrowWithAnOpenSegment) {
  // What an open segment keeps is seen in the cost of a copy: the same for a minute and for a month.
  const LabelTable table = Table(3);
  RunSmoother smoother({}, table, 0);
  size_t most_spans = 0;
  for (int i = 0; i < 300000; ++i) {
    smoother.Add(StepAt(i * 2 * kSecond, i % 50 == 0 ? 1 : 2, table));
    smoother.TakeLabels();
    most_spans = std::max(most_spans, smoother.TakeSpans().size());
  }
  EXPECT_EQ(most_spans, 0u) << "single steps of another label are smoothed away";
  EXPECT_LE(smoother.stats().steps_kept, 16u);
}

TEST(Timeline, GivesBackASegmentAsSoonAsItIsFinal) {
  const LabelTable table = Table(2);
  Timeline timeline({.window = 3, .refine_window = 1});
  timeline.SetLabels(table, true);
  timeline.Begin(0);
  for (int i = 0; i < 5; ++i)
    timeline.Add(StepAt(i * 2 * kSecond, 0, table));
  timeline.Add(StepAt(10 * kSecond, 1, table));
  EXPECT_TRUE(timeline.Take().empty()) << "one step may still be smoothed away";
  timeline.Add(StepAt(12 * kSecond, 1, table));
  const std::vector<Segment> segments = timeline.Take();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].start, 0);
  EXPECT_EQ(segments[0].end, 10 * kSecond) << "the time of the evidence, not of the decision";
  EXPECT_EQ(segments[0].num_frames, 5);
  EXPECT_TRUE(segments[0].stand_in);
}

TEST(Timeline, TimesThatDifferByRoundingAreEqual) {
  // Steps of a 30 fps video: whole ns, rounded down. Neighbours of a short one are equally long but for 1 ns.
  const LabelTable table = Table(3);
  Timeline timeline({.min_duration = 2 * kSecond, .window = 1, .refine_window = 1});
  timeline.SetLabels(table, false);
  timeline.Begin(0);
  timeline.Add(StepAt(0, 0, table));
  timeline.Add(StepAt(2133333333, 1, table));
  timeline.Add(StepAt(2133333333 + kSecond, 2, table));
  timeline.End(2133333333 + kSecond + 2133333334);
  const std::vector<Segment> segments = timeline.Take();
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].coarse_action, "a") << "on a tie the one before takes it";
  EXPECT_EQ(segments[0].end, 3133333333);

  Timeline exact({.window = 1, .refine_window = 1});
  exact.SetLabels(table, false);
  exact.Begin(0);
  exact.Add(StepAt(0, 0, table));
  exact.Add(StepAt(5 * kSecond, 1, table));
  exact.End(6 * kSecond - 1);
  EXPECT_EQ(exact.Take().size(), 2u) << "one second less 1 ns is not short of a second";
}

}  // namespace
}  // namespace action

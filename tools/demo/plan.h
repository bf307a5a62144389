// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which actions the demo's videos show, and for how long.
#ifndef GST_ACTION_DEMO_PLAN_H_
#define GST_ACTION_DEMO_PLAN_H_

#include <string>
#include <vector>

namespace action {

inline constexpr int kDemoFps = 25;

// A stretch of a video in which one action is done.
struct DemoSegment {
  std::string label;
  int frames = 0;
  std::string moment;  // names what happens by chance in it (Take)
};

struct DemoVideo {
  std::string name;   // of the file, without ending
  std::string shift;  // names its worker, camera and lamp (Take)
  std::vector<DemoSegment> segments;

  // Another moment of the same shift.
  void Add(const std::string &label, int frames);
  int Frames() const;
};

// How long so many frames last.
inline double DemoSeconds(int frames) {
  return static_cast<double>(frames) / kDemoFps;
}

// 27 clips of 3 to 8 s, named after what they show, each with a worker and a lamp of its own.
std::vector<DemoVideo> PlanClips();

// line_SEED: every action that has more than one clip, twice, 4 to 8 s each, in an order that the seed decides.
DemoVideo PlanLine(int seed);

// cycles_SEED_COUNT: so many cycles of one work of eight elements of 3 to 20 s. From the fourth on things happen: in
// the 4th an element is skipped, in the 7th two are swapped, in the 10th one takes three times as long; after every
// third (and the first) the worker waits.
DemoVideo PlanCycles(int seed, int count);

// The timeline of a video in the reference's format, its ground truth.
std::string GroundTruth(const DemoVideo &video);

}  // namespace action

#endif  // GST_ACTION_DEMO_PLAN_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-demo: draws videos of work at a bench, to try everything with.
#include <glib.h>
#include <gst/gst.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "common/command_line.h"
#include "common/progress.h"
#include "demo/actions.h"
#include "demo/plan.h"
#include "demo/video_writer.h"

namespace {

// Of a seed: takes are named after it, any would do.
constexpr int kMost = 1000000;

void MakeFolder(const std::string &folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) throw action::Error(folder + ": " + problem.message());
}

// drawn: called with the seconds of video that are drawn so far, by another thread.
void Draw(const action::DemoVideo &video, const std::string &path, int height,
          const std::function<void(double)> &drawn) {
  const action::VideoFormat format{height / 3 * 4, height, action::kDemoFps};
  std::unique_ptr<action::Recording> recording;
  size_t segment = 0;
  int frame = 0, total = 0;  // frame: of the segment
  action::WriteVideo(path, format, [&](uint8_t *pixels) {
    if (recording && frame == video.segments[segment].frames) {
      recording.reset();
      frame = 0;
      ++segment;
      drawn(action::DemoSeconds(total));
    }
    if (segment == video.segments.size()) return false;
    const action::DemoSegment &now = video.segments[segment];
    if (!recording) {
      recording = std::make_unique<action::Recording>(action::FindDemoAction(now.label),
                                                      action::Take(video.shift, now.moment), format.width, height);
    }
    recording->Draw(action::DemoSeconds(frame), pixels);
    ++frame;
    ++total;
    return true;
  });
}

int Run(int argc, char **argv) {
  int seed = 1, cycles = 0, height = 240;
  gboolean quiet = FALSE;
  action::CommandLine line(
      "gst-action-demo", "OUT",
      "Draws a small dataset of work at a bench, to train on and to try everything with:\n"
      "  OUT/clips/               27 clips of 3 to 8 s, named after what they show: 12 fine actions in 7 families\n"
      "  OUT/test/line_SEED.mp4   one long video with a worker who is in no clip, and line_SEED.json, its ground "
      "truth\n"
      "\n"
      "With --cycles N, instead: OUT/test/cycles_SEED_N.mp4 and .json, N cycles of one work of eight elements of 3 to "
      "20 s.\n"
      "In the 4th an element is skipped, in the 7th two are swapped, in the 10th one takes three times as long; after "
      "every\n"
      "third (and the first) the worker waits.\n"
      "\n"
      "The same arguments give the same pictures. Files that are there already are left as they are.");
  line.Add({{"seed", 's', 0, G_OPTION_ARG_INT, &seed, "Another worker and another order in the long video (default: 1)",
             "N"},
            {"cycles", 'c', 0, G_OPTION_ARG_INT, &cycles, "Cycles to draw instead of the dataset", "N"},
            {"height", 0, 0, G_OPTION_ARG_INT, &height, "Lines of the pictures, which are 4:3 (default: 240)", "N"},
            {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Only errors", nullptr}});
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 1) throw action::UsageError("usage: gst-action-demo OUT [--seed N] [--cycles N]");
  if (seed < 0 || seed > kMost) throw action::UsageError("--seed is from 0 to 1000000, not " + std::to_string(seed));
  if (cycles < 0 || cycles > 10000)
    throw action::UsageError("--cycles is from 1 to 10000, not " + std::to_string(cycles));
  if (height < 120 || height > 2160 || height % 6 != 0) {
    throw action::UsageError("--height is from 120 to 2160 and a multiple of 6, not " + std::to_string(height));
  }

  const std::string clips = line.operands()[0] + "/clips/", test = line.operands()[0] + "/test/";
  struct Job {
    action::DemoVideo video;
    std::string folder;
    bool with_truth;
  };
  std::vector<Job> jobs;
  if (cycles == 0) {
    MakeFolder(clips);
    for (action::DemoVideo &video : action::PlanClips())
      jobs.push_back({std::move(video), clips, false});
  }
  MakeFolder(test);
  jobs.push_back({cycles == 0 ? action::PlanLine(seed) : action::PlanCycles(seed, cycles), test, true});

  double total = 0, done = 0;
  for (const Job &job : jobs)
    total += action::DemoSeconds(job.video.Frames());
  action::Progress progress(quiet != FALSE);
  size_t kept = 0;
  for (const Job &job : jobs) {
    const std::string path = job.folder + job.video.name + ".mp4", truth = job.folder + job.video.name + ".json";
    const bool there = std::filesystem::exists(path);
    kept += there ? 1 : 0;
    if (!there) Draw(job.video, path, height, [&](double drawn) { progress.Update("Drawing", done + drawn, total); });
    // The ground truth comes last: where it lies, the video is complete.
    if (job.with_truth && !std::filesystem::exists(truth)) {
      action::AtomicFile file(truth);
      file.Write(action::GroundTruth(job.video));
      file.Commit();
    }
    done += action::DemoSeconds(job.video.Frames());
    progress.Update("Drawing", done, total);
  }
  const std::string there =
      kept == 0 ? "" : " (" + std::to_string(kept) + (kept == 1 ? " video was" : " videos were") + " there already)";
  const std::string last = test + jobs.back().video.name;
  progress.Finish((cycles == 0 ? std::to_string(jobs.size() - 1) + " clips in " + clips + ", " : "") + last +
                  ".mp4 with its ground truth " + last + ".json" + there);
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-demo", [&] { return Run(argc, argv); });
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-evaluate: how good timelines are.
#include <glib.h>

#include <string>

#include "common/command_line.h"
#include "evaluate/evaluate.h"

namespace {

int Run(int argc, char **argv) {
  g_autofree char *from = nullptr, *truth_from = nullptr, *run = nullptr, *page = nullptr;
  double frame_rate = 0;
  gboolean as_json = FALSE;
  action::CommandLine line(
      "gst-action-evaluate", "TIMELINE TRUTH",
      "Says how good a timeline is, measured against a ground truth: accuracy, edit score, F1, mAP, boundaries and\n"
      "durations; for coarse and fine actions and value categories, for each label, and what was taken for what.\n"
      "Of two folders, files of the same name belong together. Both may have any format of gst-action-convert.");
  line.Add(
      {{"html", 0, 0, G_OPTION_ARG_FILENAME, &page,
        "write a page with all figures, and the timelines one above the other; replaces FILE", "FILE"},
       {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print JSON: times in seconds, shares from 0 to 1", nullptr},
       {"from", 0, 0, G_OPTION_ARG_STRING, &from, "format of TIMELINE (default: by its ending)", "FORMAT"},
       {"truth-from", 0, 0, G_OPTION_ARG_STRING, &truth_from, "format of TRUTH (default: by its ending)", "FORMAT"},
       {"frame-rate", 0, 0, G_OPTION_ARG_DOUBLE, &frame_rate,
        "frames a second of the videos, for formats that count frames", "RATE"},
       {"run", 0, 0, G_OPTION_ARG_STRING, &run,
        "one run of a .jsonl timeline, by its name or its number (default: all as one)", "RUN"}});
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 2) throw action::UsageError("usage: gst-action-evaluate TIMELINE TRUTH");
  if (frame_rate < 0 || frame_rate > 1000) throw action::UsageError("--frame-rate is 0 to 1000 frames a second");
  return action::EvaluateTimelines(line.operands()[0], line.operands()[1],
                                   {{action::OrEmpty(from), frame_rate},
                                    {action::OrEmpty(truth_from), frame_rate},
                                    action::OrEmpty(run),
                                    action::OrEmpty(page),
                                    as_json != FALSE});
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-evaluate", [&] { return Run(argc, argv); });
}

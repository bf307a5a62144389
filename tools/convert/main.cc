// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-convert: timelines from one format to another.
#include <glib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/text.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "common/command_line.h"
#include "common/timeline_source.h"

namespace {

namespace fs = std::filesystem;

using action::TimelineDocument;
using action::TimelineFormat;

std::string FormatList() {
  std::string text;
  for (const TimelineFormat &format : action::TimelineFormats()) {
    char line[200];
    std::snprintf(line, sizeof(line), "  %-13s %-7s %s\n", format.name, format.ending, format.what);
    text += line;
  }
  return text;
}

struct Options {
  std::string from, to, video;
  double frame_rate = 0;
  action::RunChoice runs;
};

TimelineDocument Read(const std::string &in, const Options &options) {
  const std::vector<action::TimelineSource> sources = action::TimelineSourcesOf({in});
  if (sources.size() > 1) {
    std::string names;
    for (const action::TimelineSource &source : sources)
      names += "\n  " + source.name;
    throw action::Error(in + " holds the timelines of several places; name one:" + names);
  }
  action::AnyTimeline timeline = action::ReadSource(sources[0], {options.from, options.frame_rate});
  for (const std::string &warning : timeline.file.warnings)
    std::fprintf(stderr, "gst-action-convert: %s\n", warning.c_str());
  const size_t count = timeline.file.runs.size();
  action::TimelineRun run = action::ChooseRuns(timeline.file, in, options.runs).front();
  if (count > 1 && options.runs.run.empty()) {
    const bool joined = run.name.empty();
    std::fprintf(stderr, "gst-action-convert: %s has %zu runs; %s (--run N: one by itself)\n", in.c_str(), count,
                 joined ? "they are one timeline, with gaps between them" : "the last one is taken");
  }
  // A recorder's timeline goes over many videos; of one of them, it counts from its first frame.
  const bool part = !options.video.empty() && !run.videos.empty();
  return {part ? SegmentsInVideo(run, options.video) : std::move(run.segments),
          options.video.empty() ? timeline.video : options.video,
          options.frame_rate > 0 ? options.frame_rate : timeline.frame_rate};
}

int Run(int argc, char **argv) {
  g_autofree char *from = nullptr, *to = nullptr, *video = nullptr, *run = nullptr;
  double frame_rate = 0;
  gboolean force = FALSE;
  action::CommandLine line(
      "gst-action-convert", "IN OUT",
      "Writes a timeline in another format. The endings of the names say which; -: standard input or output, with\n"
      "--from or --to. IN may be a folder of gst-action-record: the timelines of all its days. What a format cannot\n"
      "hold is told.\n\nFormats:\n" +
          FormatList());
  line.Add(
      {{"from", 0, 0, G_OPTION_ARG_STRING, &from, "format of IN (default: by its ending, and what stands in it)",
        "FORMAT"},
       {"to", 0, 0, G_OPTION_ARG_STRING, &to, "format of OUT (default: by its ending)", "FORMAT"},
       {"run", 0, 0, G_OPTION_ARG_STRING, &run,
        "one run of a .jsonl file, by its name or its number (default: all as one, by their times of day)", "RUN"},
       {"video", 0, 0, G_OPTION_ARG_FILENAME, &video,
        "the video that the timeline is of; of a recorder's timeline the part that is in this file, counted from its "
        "beginning",
        "FILE"},
       {"frame-rate", 0, 0, G_OPTION_ARG_DOUBLE, &frame_rate, "frames a second, for formats that count frames", "RATE"},
       {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace a file that is there", nullptr}});
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 2) throw action::UsageError("usage: gst-action-convert IN OUT");
  if (frame_rate < 0 || frame_rate > 1000) throw action::UsageError("--frame-rate is 0 to 1000 frames a second");
  const Options options{
      action::OrEmpty(from), action::OrEmpty(to), action::OrEmpty(video), frame_rate, {action::OrEmpty(run), false}};
  const std::string in = line.operands()[0], out = line.operands()[1];
  const TimelineFormat &output = action::FormatOf(out, options.to);
  const TimelineDocument document = Read(in, options);
  if (output.by_frames && document.frame_rate <= 0)
    throw action::Error(std::string(output.name) +
                        " counts frames: say how many a second the video has with --frame-rate");
  const std::string written = output.write(document);
  if (out == action::kStandardInput) {
    std::fwrite(written.data(), 1, written.size(), stdout);
  } else {
    if (fs::exists(out) && !force) throw action::Error(out + " is there already; --force replaces it");
    action::AtomicFile file(out);
    file.Write(written);
    file.Commit();
  }
  std::string left;
  for (const std::string &what : action::LeftOut(document, output))
    left += (left.empty() ? "" : ", ") + what;
  if (!left.empty()) std::fprintf(stderr, "gst-action-convert: %s does not hold %s\n", output.what, left.c_str());
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-convert", [&] { return Run(argc, argv); });
}

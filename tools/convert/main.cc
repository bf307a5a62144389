// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-convert: timelines from one format to another.
#include <glib.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>

#include "action/atomic_file.h"
#include "action/error.h"
#include "action/text.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "common/command_line.h"

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

std::string ReadText(const std::string &path) {
  if (path == action::kStandardInput) return {std::istreambuf_iterator<char>(std::cin), {}};
  std::error_code failed;
  const bool folder = fs::is_directory(path, failed);
  std::ifstream file(path, std::ios::binary);
  if (!file || folder)
    throw action::ReadError(path, folder ? EISDIR : errno,
                            "cannot read " + path + ": " + (folder ? "it is a folder" : g_strerror(errno)));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Ours may have several runs, and something beside them: the last run counts.
TimelineDocument Read(const std::string &path, const TimelineFormat &format, const std::string &text,
                      double frame_rate) {
  const bool ours = std::string_view(format.name).starts_with("json");
  if (!ours || path == action::kStandardInput)
    return action::OfFile(path, [&] { return format.read(text, path, frame_rate); });
  const action::TimelineFile file = action::ReadTimelineFile(path);
  if (file.runs.size() > 1) {
    std::fprintf(stderr, "gst-action-convert: %s has %zu runs; the last one is taken\n", path.c_str(),
                 file.runs.size());
  }
  return {file.last().segments, "", 0};
}

int Run(int argc, char **argv) {
  g_autofree char *from = nullptr, *to = nullptr, *video = nullptr;
  double frame_rate = 0;
  gboolean force = FALSE;
  action::CommandLine line(
      "gst-action-convert", "IN OUT",
      "Writes a timeline in another format. The endings of the names say which; -: standard input or "
      "output, with --from or --to.\nWhat a format cannot hold is told.\n\nFormats:\n" +
          FormatList());
  line.Add(
      {{"from", 0, 0, G_OPTION_ARG_STRING, &from, "format of IN (default: by its ending, and what stands in it)",
        "FORMAT"},
       {"to", 0, 0, G_OPTION_ARG_STRING, &to, "format of OUT (default: by its ending)", "FORMAT"},
       {"video", 0, 0, G_OPTION_ARG_FILENAME, &video, "the video that the timeline is of, for formats that name it",
        "FILE"},
       {"frame-rate", 0, 0, G_OPTION_ARG_DOUBLE, &frame_rate, "frames a second, for formats that count frames", "RATE"},
       {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace a file that is there", nullptr}});
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 2) throw action::UsageError("usage: gst-action-convert IN OUT");
  if (frame_rate < 0 || frame_rate > 1000) throw action::UsageError("--frame-rate is 0 to 1000 frames a second");
  const std::string in = line.operands()[0], out = line.operands()[1];
  const TimelineFormat &output = action::FormatOf(out, action::OrEmpty(to));
  const std::string text = ReadText(in);
  TimelineDocument document = Read(in, action::FormatOf(in, action::OrEmpty(from), text), text, frame_rate);
  if (video != nullptr) document.video = video;
  if (frame_rate > 0) document.frame_rate = frame_rate;
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

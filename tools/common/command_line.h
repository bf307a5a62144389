// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the command lines of all tools have in common.
#ifndef GST_ACTION_COMMAND_LINE_H_
#define GST_ACTION_COMMAND_LINE_H_

#include <glib.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/error.h"

namespace action {

// What every tool returns to the shell.
enum ExitCode {
  kDone = 0,
  kFailed = 1,         // what was asked for could not be done, or not all of it
  kUsage = 2,          // the command line is not understood; nothing was done
  kInterrupted = 130,  // by Ctrl-C or SIGTERM
};

// A mistake in the command line.
class UsageError : public Error {
 public:
  using Error::Error;
};

// The value of an option of text, "" when it was not given.
std::string OrEmpty(const char *text);

// "1 clip", "2 clips".
std::string Counted(size_t count, const std::string &what);

// A time in a video, "1:02:03.4".
std::string ClockText(int64_t ns);

// ns as h:mm:ss, what is less than a second left out.
std::string HoursText(int64_t ns);

// "2/5": which one (from 1), of how many. Throws Error.
std::pair<size_t, size_t> ParseShard(const std::string &text);

// Without what a terminal would obey.
std::string Printable(std::string text);

// The options of a tool, or of one of its commands ("gst-action-weights inspect"). --help and --version are everywhere.
class CommandLine {
 public:
  // operands: as the usage line shows them, "MODEL" or "FILE..."; summary: sentences for --help.
  CommandLine(const std::string &program, const std::string &operands, const std::string &summary);
  ~CommandLine();
  CommandLine(const CommandLine &) = delete;
  CommandLine &operator=(const CommandLine &) = delete;

  GOptionContext *context() const { return context_.get(); }
  // What the entries point at must outlive Parse.
  void Add(std::vector<GOptionEntry> entries);

  // Throws UsageError. An exit code: the program ends here (--version). --help ends it by itself.
  std::optional<int> Parse(int argc, char **argv);
  std::optional<int> Parse(const std::vector<std::string> &arguments);
  // What is no option. What stands behind "--" is none, whatever it begins with.
  const std::vector<std::string> &operands() const { return operands_; }

 private:
  const std::string program_;
  std::unique_ptr<GOptionContext, Deleter<g_option_context_free>> context_;
  std::vector<std::string> operands_;
};

// From here on the first SIGINT or SIGTERM makes IsInterrupted true, so that what is begun is ended in order, and
// RunTool says "interrupted" and the advice instead of an Error; the second signal ends the program at once.
void CatchInterrupts(const std::string &advice);
bool IsInterrupted();

// The main function of a tool: runs `tool`, tells its Error in one line behind the program's name, and returns an
// ExitCode. Output that could not be written (a full disk) is a failure too.
int RunTool(const char *program, const std::function<int()> &tool);

}  // namespace action

#endif  // GST_ACTION_COMMAND_LINE_H_

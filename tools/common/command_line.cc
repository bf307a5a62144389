// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/command_line.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string_view>
#include <utility>

#include "action/text.h"
#include "build_config.h"

namespace action {

std::string OrEmpty(const char *text) {
  return text != nullptr ? text : "";
}

std::string Counted(size_t count, const std::string &what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string HoursText(int64_t ns) {
  const long long seconds = ns / 1'000'000'000;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return text.data();
}

std::string ClockText(int64_t ns) {
  const long long tenths = (ns + 50'000'000) / 100'000'000;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld.%lld", tenths / 36000, tenths / 600 % 60,
                tenths / 10 % 60, tenths % 10);
  return text.data();
}

std::pair<size_t, size_t> ParseShard(const std::string &text) {
  unsigned which = 0, of = 0;
  int used = 0;
  const bool parsed = std::sscanf(text.c_str(), "%u/%u%n", &which, &of, &used) == 2;
  if (!parsed || static_cast<size_t>(used) != text.size() || which < 1 || which > of) {
    throw Error("--shard '" + text + "' is not understood; it is I/N with I from 1 to N, such as 2/5");
  }
  return {which, of};
}

std::string Printable(std::string text) {
  std::ranges::replace_if(text, IsControlCharacter, '?');
  return text;
}

CommandLine::CommandLine(const std::string &program, const std::string &operands, const std::string &summary)
    : program_(program), context_(g_option_context_new(operands.c_str())) {
  g_option_context_set_summary(context_.get(), summary.c_str());
  g_option_context_set_description(
      context_.get(),
      "Exit status: 0 done, 1 failed, 2 the command line is not understood, 130 interrupted.\n"
      "A name that begins with a dash goes behind --.");
}

CommandLine::~CommandLine() = default;

void CommandLine::Add(std::vector<GOptionEntry> entries) {
  entries.push_back({});
  g_option_context_add_main_entries(context_.get(), entries.data(), nullptr);
}

std::optional<int> CommandLine::Parse(int argc, char **argv) {
  return Parse(std::vector<std::string>(argv + 1, argv + argc));
}

std::optional<int> CommandLine::Parse(const std::vector<std::string> &arguments) {
  gboolean version = FALSE;
  Add({{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and end", nullptr}});
  // From "--" on nothing is an option; GOption would leave the dashes among the operands.
  const auto dashes = std::ranges::find(arguments, "--");
  std::vector<char *> words = {g_strdup(program_.c_str())};
  for (auto word = arguments.begin(); word != dashes; ++word)
    words.push_back(g_strdup(word->c_str()));
  words.push_back(nullptr);
  char **list = g_strdupv(words.data());
  for (char *word : words)
    g_free(word);
  GError *error = nullptr;
  const bool parsed = g_option_context_parse_strv(context_.get(), &list, &error) != FALSE;
  for (char **word = list; parsed && *word != nullptr; ++word) {
    if (word != list) operands_.emplace_back(*word);
  }
  g_strfreev(list);
  if (!parsed) {
    std::string message = error->message;
    g_error_free(error);
    for (auto word = arguments.begin(); word != dashes; ++word) {
      std::error_code failed;
      if (word->size() > 1 && word->starts_with("-") && std::filesystem::exists(*word, failed)) {
        message += ". Is the file " + Printable(*word) + " meant? Put it behind --";
      }
    }
    throw UsageError(message);
  }
  if (dashes != arguments.end()) operands_.insert(operands_.end(), std::next(dashes), arguments.end());
  if (version == FALSE) return std::nullopt;
  const std::string name = program_.substr(0, program_.find(' '));
  std::printf("%s (gst-action) %s\nLicence LGPL-2.1-or-later. There is no warranty.\n", name.c_str(), ACTION_VERSION);
  return kDone;
}

namespace {

volatile sig_atomic_t interrupted = 0;
std::string interrupt_advice;

}  // namespace

void CatchInterrupts(const std::string &advice) {
  interrupt_advice = advice;
  const auto on_signal = [](int number) {
    interrupted = 1;
    signal(number, SIG_DFL);
  };
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
}

bool IsInterrupted() {
  return interrupted != 0;
}

namespace {

// Once it has said that something could not be written, it says so no more.
bool WasWritten(const char *program) {
  static bool failed = false;
  if (failed || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)) return true;
  failed = true;
  std::fprintf(stderr, "%s: cannot write to the standard output\n", program);
  return false;
}

// What went wrong, in one line behind the program's name.
int TellOf(const std::exception_ptr &error, const char *program) {
  std::fflush(stdout);
  try {
    std::rethrow_exception(error);
  } catch (const std::filesystem::filesystem_error &e) {
    std::fprintf(stderr, "%s: cannot use %s: %s\n", program, e.path1().c_str(), e.code().message().c_str());
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "%s: there is not enough memory\n", program);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s: %s\n", program, e.what());
  }
  return kFailed;
}

}  // namespace

int RunTool(const char *program, const std::function<int()> &tool) {
  // What ends the program by itself, as --help does, comes by here.
  static const char *name = program;
  std::atexit([] {
    if (!WasWritten(name)) _exit(kFailed);
  });
  setlocale(LC_CTYPE, "");  // how letters are printed; numbers stay with a point
  int status = kFailed;
  try {
    status = tool();
  } catch (const UsageError &e) {
    std::fprintf(stderr, "%s: %s (see %s --help)\n", program, e.what(), program);
    return kUsage;
  } catch (const std::exception &) {
    if (!IsInterrupted()) return TellOf(std::current_exception(), program);
    std::fflush(stdout);
    std::fprintf(stderr, "\n%s: interrupted. %s\n", program, interrupt_advice.c_str());
    return kInterrupted;
  }
  return WasWritten(program) || status != kDone ? status : kFailed;
}

}  // namespace action

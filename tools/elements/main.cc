// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-elements: writes the table in which a factory names its elements of work.
#include <glib.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "action/atomic_file.h"
#include "action/elements.h"
#include "action/error.h"
#include "action/model_bundle.h"

namespace {

int Run(int argc, char **argv) {
  char **operands = nullptr;
  char *output = nullptr;
  gboolean force = FALSE, check = FALSE;
  GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "write here (default: MODEL/elements.csv); -: standard output",
       "FILE"},
      {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace a file that is there", nullptr},
      {"check", 0, 0, G_OPTION_ARG_NONE, &check, "write nothing: say whether the file there is right", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &operands, nullptr, "MODEL"},
      {}};
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(g_option_context_new(nullptr),
                                                                                  &g_option_context_free);
  g_option_context_set_summary(
      context.get(),
      "Writes elements.csv for a model: a row for each of its fine labels, filled in as far as they tell.\n"
      "Edit it with a spreadsheet: display names, value categories, group, order of work (0, 1, 2, ...),\n"
      "optional (yes or no), standard_seconds and min_seconds. actionclassify reads it from the model folder.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError *error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    const std::string message = error->message;
    g_error_free(error);
    throw action::Error(message);
  }
  const std::unique_ptr<char *, decltype(&g_strfreev)> owner(operands, &g_strfreev);
  const std::unique_ptr<char, decltype(&g_free)> output_owner(output, &g_free);
  if (operands == nullptr || operands[0] == nullptr || operands[1] != nullptr) {
    throw action::Error("usage: gst-action-elements MODEL [-o FILE]");
  }
  const std::string model = operands[0];
  const std::string path = output != nullptr ? output : model + "/" + action::kElementsFile;
  action::LabelTable labels = action::ModelBundle::Open(model).labels();
  if (check) {
    const auto rows = action::ReadElements(path);
    action::ApplyElements(rows, path, labels);
    std::printf("%s: %zu rows for the %zu labels of %s\n", path.c_str(), rows.size(), labels.fine.size(),
                model.c_str());
    return 0;
  }
  const std::string text = action::ElementsTemplate(labels);
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (std::filesystem::exists(path) && !force) {
    throw action::Error(path + " is there already; --force replaces it, -o FILE writes another");
  }
  action::AtomicFile file(path);
  file.Write(text);
  file.Commit();
  std::printf("%s: %zu labels\n", path.c_str(), labels.fine.size());
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "gst-action-elements: %s\n", e.what());
    return 2;
  }
}

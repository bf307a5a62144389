// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-elements: writes the table in which a factory names its elements of work.
#include <glib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "action/elements.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/model_bundle.h"
#include "action/text.h"
#include "action/training/dataset.h"
#include "common/command_line.h"

namespace {

// Values that the names of clips say, for labels that do not say theirs.
void TakeValuesOf(const std::string &dataset, action::LabelTable &labels) {
  std::vector<std::string> warnings;
  const auto values = action::ValuesOf(action::ScanDataset(dataset), warnings);
  for (const std::string &warning : warnings)
    std::fprintf(stderr, "warning: %s\n", action::Printable(warning).c_str());
  size_t taken = 0;
  for (action::FineLabel &fine : labels.fine) {
    const auto found = values.find(fine.label);
    if (fine.category != action::ValueCategory::kUnknown || found == values.end()) continue;
    fine.category = found->second;
    ++taken;
  }
  if (taken == 0 && !action::WithoutCategory(labels).empty()) {
    std::fprintf(stderr,
                 "warning: no name of a clip in %s tells the value of a label of this model; a name is "
                 "ACTION_VALUE_NUMBER, such as mount_wheel_va_001.mp4\n",
                 action::Printable(dataset).c_str());
  }
}

void SayWhatIsMissing(const action::LabelTable &labels) {
  const std::vector<std::string> without = action::WithoutCategory(labels);
  if (without.empty()) return;
  std::printf("%zu of them have no value category (%s%s): write VA, RNVA or NVA into the column value\n",
              without.size(), without.front().c_str(), without.size() > 1 ? ", ..." : "");
}

int Run(int argc, char **argv) {
  g_autofree char *output = nullptr;
  g_autofree char *dataset = nullptr;
  gboolean force = FALSE, check = FALSE;
  action::CommandLine line(
      "gst-action-elements", "MODEL",
      "Writes elements.csv for a model: a row for each of its fine labels, filled in as far as they tell.\n"
      "Edit it with a spreadsheet: display names, value categories, group, order of work (0, 1, 2, ...),\n"
      "optional (yes or no), standard_seconds and min_seconds. actionclassify reads it from the model folder.");
  line.Add(
      {{"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
        "write here (default: MODEL/elements.csv); -: standard output", "FILE"},
       {"dataset", 0, 0, G_OPTION_ARG_FILENAME, &dataset,
        "take the value categories of labels that end in none from the names of these clips "
        "(mount_wheel_va_001.mp4 tells of mount_wheel); what stands in a file that is there stays",
        "FOLDER"},
       {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace a file that is there, and all that stands in it", nullptr},
       {"check", 0, 0, G_OPTION_ARG_NONE, &check, "write nothing: say whether the file there is right", nullptr}});
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 1) throw action::UsageError("usage: gst-action-elements MODEL [-o FILE]");
  const std::string model = line.operands()[0];
  const std::string path = output != nullptr ? output : model + "/" + action::kElementsFile;
  action::LabelTable labels = action::ModelBundle::Open(model).labels();
  if (check) {
    const auto rows = action::ReadElements(path);
    action::ApplyElements(rows, path, labels);
    std::printf("%s: %zu rows for the %zu labels of %s\n", path.c_str(), rows.size(), labels.fine.size(),
                model.c_str());
    SayWhatIsMissing(labels);
    return 0;
  }
  const bool is_there = path != action::kStandardInput && std::filesystem::exists(path);
  if (is_there && !force && dataset == nullptr) {
    throw action::Error(path +
                        " is there already; --force replaces it, -o FILE writes another, --dataset FOLDER adds " +
                        "values to it");
  }
  const std::string known = is_there ? path : action::ElementsFileOf(model, "");
  if (!known.empty() && !force) action::ApplyElements(action::ReadElements(known), known, labels);
  if (dataset != nullptr) TakeValuesOf(dataset, labels);
  const std::string text = action::ElementsTemplate(labels);
  if (path == action::kStandardInput) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  action::AtomicFile file(path);
  file.Write(text);
  file.Commit();
  std::printf("%s: %zu labels\n", path.c_str(), labels.fine.size());
  SayWhatIsMissing(labels);
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-elements", [&] { return Run(argc, argv); });
}

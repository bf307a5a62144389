// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The folder that a studio works on: what is in it, and how it is written.
#ifndef GST_ACTION_STUDIO_PROJECT_H_
#define GST_ACTION_STUDIO_PROJECT_H_

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "action/elements.h"

namespace action {

// What somebody says of a stretch of a video; s from its first frame.
struct LabelledSegment {
  double start = 0, end = 0;
  std::string label;
  std::string origin;  // "labelled", "accepted" (as the model found it), "corrected"
  std::string state;   // as in timelines; empty: measured
  bool test = false;   // of the test set: never trained on
  double seconds() const { return end - start; }
};

// A file that others may write too. Its revision is another one as soon as it says something else.
template <typename Content>
struct Revised {
  std::string revision;
  Content content;
};

// FOLDER with its videos:
//   annotations.csv   the labels of all videos, as gst-action-train --annotations reads them
//   elements.csv      names, values and order of the elements of work
//   studio.json       region of interest, colours, settings of the study, which model is used
//   models/001, ...   what was trained; `model` is a link to the one that is used
//   .studio/          what can be made anew: features, frames, proxies, found timelines
// On one thread.
class Project {
 public:
  // Makes what is missing. Throws Error when this is no folder, or nothing can be written to it.
  explicit Project(const std::string &folder);

  const std::string &folder() const { return folder_; }
  std::string Path(const std::string &name) const { return folder_ + "/" + name; }
  // Of what can be made anew.
  std::string CachePath(const std::string &name) const { return folder_ + "/.studio/" + name; }
  std::string AnnotationsPath() const { return Path("annotations.csv"); }

  // File names of the videos in the folder, sorted.
  std::vector<std::string> Videos() const;
  bool HasVideo(const std::string &name) const;

  // Throws Error when annotations.csv is not understood.
  Revised<std::vector<LabelledSegment>> Labels(const std::string &video);
  std::map<std::string, std::vector<LabelledSegment>> AllLabels();
  // Whether annotations.csv was written by another program: it is kept aside before the first change.
  bool LabelsAreForeign();
  // The labels of these videos as a file of the same kind, elsewhere below the folder.
  void WriteLabelsOf(const std::vector<std::string> &videos, const std::string &path,
                     const std::function<double(const std::string &video)> &duration_of);
  // Replaces those of a video, unless they are no longer those of this revision: then nothing is written, and the
  // result is nothing. duration_of: a video's length, s; 0: not known. Throws Error: segments that overlap or are out
  // of order, a file that cannot be read or written.
  std::optional<std::string> SetLabels(const std::string &video, const std::string &revision,
                                       const std::vector<LabelledSegment> &segments,
                                       const std::function<double(const std::string &video)> &duration_of);

  // Throws Error when elements.csv is not understood.
  Revised<std::vector<ElementRow>> Elements();
  std::optional<std::string> SetElements(const std::string &revision, const std::vector<ElementRow> &rows);
  // The rows that a model knows, as its own elements.csv.
  void WriteElementsFor(const std::string &model_folder);

  // What stands in studio.json.
  Revised<nlohmann::ordered_json> Settings();
  std::optional<std::string> SetSettings(const std::string &revision, const nlohmann::ordered_json &settings);
  // Changes it, whatever else it says.
  void ChangeSettings(const std::function<void(nlohmann::ordered_json &)> &change);

 private:
  struct Rows {
    std::string version;                                     // of the file that was read
    std::string text;                                        // of the file
    bool foreign = true;                                     // it was not written by us
    std::map<std::string, std::vector<LabelledSegment>> of;  // by video
  };
  void ReadLabels();

  const std::string folder_;
  Rows labels_;
};

// A label for an element of this name and value: of letters a-z, digits and '_', with the value at its end.
std::string LabelFor(const std::string &name, ValueCategory value);

}  // namespace action

#endif  // GST_ACTION_STUDIO_PROJECT_H_

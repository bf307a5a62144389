// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// elements.csv: what the factory calls its elements of work, and what it knows about them.
#ifndef ACTION_ELEMENTS_H_
#define ACTION_ELEMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/labels.h"

namespace action {

// In a model folder the file is called so.
inline constexpr const char *kElementsFile = "elements.csv";

// A row of the file. Its first line names the columns, in any order; all but `label` may be missing or empty:
//   label             a fine label of the model
//   name              display name, any script
//   value             VA, RNVA, NVA or UNKNOWN; replaces what the label's suffix says
//   group             of elements that belong together
//   order             whole number from 0: the place in the cycle; elements with one number are alternatives
//   optional          yes or no (true, false, 1, 0): may be left out of a cycle
//   standard_seconds  how long the element should take, > 0
//   min_seconds       what is shorter is no such element, >= 0
struct ElementRow {
  std::string label;  // normalised
  std::optional<ValueCategory> value;
  Element element;
  size_t line = 0;
};

// Throws Error naming the file, the line, what was found and what was expected.
ACTION_API std::vector<ElementRow> ReadElements(const std::string &path);

// Which file tells of a model's labels: `asked` if not empty, else that of the folder, if it has one; else empty.
ACTION_API std::string ElementsFileOf(const std::string &model_folder, const std::string &asked);

// Leaves of a table what the labels themselves say.
ACTION_API void ForgetElements(LabelTable &labels);

// Puts what the rows say into the table. Throws Error for a label that the table does not have; `path` for its text.
ACTION_API void ApplyElements(const std::vector<ElementRow> &rows, const std::string &path, LabelTable &labels);

// Its first line, as it is written.
inline constexpr const char *kElementsHeading = "label,name,value,group,order,optional,standard_seconds,min_seconds\n";

// The file with these rows.
ACTION_API std::string ElementsText(const std::vector<ElementRow> &rows);

// The file for these labels, with what is known of them already, and filled in as far as they tell: names in plain
// words, values, families as groups. Values that are not known are left empty.
ACTION_API std::string ElementsTemplate(const LabelTable &labels);

// Labels of work whose value category is not known.
ACTION_API std::vector<std::string> WithoutCategory(const LabelTable &labels);

// What to do about a model of which no label has a value category, as those of the Python system's deployment scripts;
// empty for any other.
ACTION_API std::string NoValuesNotice(const LabelTable &labels, const std::string &model_folder);

}  // namespace action

#endif  // ACTION_ELEMENTS_H_

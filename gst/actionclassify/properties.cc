// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionclassify/properties.h"

namespace action {
namespace {

using Settings = ActionClassifySettings;

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  table.Text("model", "Model",
             "Folder of the classifiers, as gst-action-train or the Python system writes it. May be changed while "
             "playing: the new one is used from the next chunk on; if it cannot be used, a warning says why and the "
             "old one goes on",
             &Settings::model, kMutablePlaying);
  table.Text("device", "Device",
             "Where the classifiers run: auto (the CPU, which is done with a chunk in well under a millisecond), cpu, "
             "cuda or cuda:N",
             &Settings::device, kMutableReady);
  table.Text("elements", "Elements",
             "A file elements.csv: display names, value categories, order of work and limits of the model's fine "
             "labels. Not set: elements.csv in the model folder, if it is there. gst-action-elements MODEL writes a "
             "template",
             &Settings::elements, kMutableReady);
  table.Boolean("forward-features", "Forward features",
                "Pass action-features events on too, for a second classifier or an application. Otherwise the "
                "action-step event takes the place of each",
                &Settings::forward_features, kMutablePlaying);
  table.Double("unknown-threshold", "Unknown threshold",
               "A chunk whose most probable coarse action has less than this probability is called 'unknown'. With "
               "timelinesmooth method=viterbi it is the confidence of finished segments that must reach it. 0: never",
               0, 1, &Settings::unknown_threshold, kMutablePlaying);
  table.Boolean("strict", "Strict",
                "Stop with an error when the features are made with other weights, sample rate, region or colorimetry "
                "than the model was trained with. FALSE: warn, and go on",
                &Settings::strict, kMutableReady);
  table.Boolean("post-messages", "Post messages",
                "Post an element message 'action-step' for every chunk: its labels and scores",
                &Settings::post_messages, kMutablePlaying);
  return table;
}

}  // namespace

const PropertyTable<Settings> &ActionClassifyProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action

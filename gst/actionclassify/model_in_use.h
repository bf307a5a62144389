// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The model that an actionclassify works with: the first is loaded beside the state changes, others while it plays.
#ifndef GST_ACTION_MODEL_IN_USE_H_
#define GST_ACTION_MODEL_IN_USE_H_

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "action/two_stage_classifier.h"
#include "actionclassify/properties.h"
#include "common/loaded_beside.h"

namespace action {

// A new model was loaded, but is not taken: says why.
void WarnThatOldStays(GstElement *element, const std::string &why);

class ModelInUse {
 public:
  // settings: what the properties say now.
  ModelInUse(GstElement *element, std::function<ActionClassifySettings()> settings)
      : element_(element), settings_(std::move(settings)) {}

  // ---- State changes

  // NULL->READY and READY->PAUSED. The folder is read at once, so that mistakes are told here; what LibTorch makes of
  // it is made beside. False: the error was posted.
  bool Load();
  // READY->PAUSED.
  void Start();
  // PAUSED->READY, before the pads are deactivated: nobody waits any more.
  void Close() { loading_.Close(); }
  // After they were.
  void Stop();
  // READY->NULL. Waits for what is being loaded.
  void Unload();

  // ---- Streaming thread

  // Waits for the first model. False: interrupted, or it cannot be loaded, and the error was posted.
  bool Wait();
  // After Wait.
  const TwoStageClassifier &classifier() const { return *classifier_; }
  // Loaded since, and to be used from now on if it fits; null: there is none.
  std::shared_ptr<TwoStageClassifier> TakeNext();
  void Use(std::shared_ptr<TwoStageClassifier> classifier) { classifier_ = std::move(classifier); }

  // ---- Any thread

  // The property was set: while the pipeline plays, the new model is loaded on a thread of GStreamer's pool, so that
  // neither the application nor the video waits.
  void OnPropertySet();
  void Interrupt() { loading_.Interrupt(); }
  void Resume() { loading_.Resume(); }
  bool failed() const { return loading_.failed(); }

 private:
  void LoadNextInPool();
  void LoadNext();

  GstElement *const element_;
  const std::function<ActionClassifySettings()> settings_;
  LoadedBeside<TwoStageClassifier> loading_;  // the first model of a stream

  // State changes.
  ActionClassifySettings begun_;  // what `loading_` loads

  std::shared_ptr<TwoStageClassifier> classifier_;  // streaming thread while there is one

  std::mutex mutex_;        // protects what follows; nothing else is done while it is held
  bool streaming_ = false;  // from Start to Stop
  uint64_t asked_ = 0;      // counts changes of the property
  uint64_t answered_ = 0;   // the change that next_ answers
  std::shared_ptr<TwoStageClassifier> next_;
};

}  // namespace action

#endif  // GST_ACTION_MODEL_IN_USE_H_

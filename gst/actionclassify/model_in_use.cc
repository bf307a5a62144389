// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionclassify/model_in_use.h"

#include <exception>
#include <utility>

#include "action/engine_library.h"
#include "action/error.h"
#include "common/guarded.h"

GST_DEBUG_CATEGORY_EXTERN(action_classify_debug);
#define GST_CAT_DEFAULT action_classify_debug

namespace action {
namespace {

using Settings = ActionClassifySettings;
using ClassifierPtr = std::shared_ptr<TwoStageClassifier>;

// Throws Error.
ClassifierModel Read(const Settings &settings) {
  if (settings.model.empty())
    throw Error("no model: set the property 'model' to a folder that gst-action-train or the Python system made");
  return ReadClassifierModel(settings.model, settings.elements);
}

// Throws Error.
ClassifierPtr Make(const ClassifierModel &model, const Device &device) {
  return std::make_shared<TwoStageClassifier>(LoadEngine(), model, device);
}

bool SameModel(const Settings &a, const Settings &b) {
  return a.model == b.model && a.device == b.device && a.elements == b.elements;
}

}  // namespace

void WarnThatOldStays(GstElement *element, const std::string &why) {
  GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS, ("The new model is not used, the old one goes on: %s", why.c_str()),
                      (nullptr));
}

// In READY->PAUSED the folder is read anew, since a model may have been trained into it meanwhile; but not when
// NULL->READY was just before.
bool ModelInUse::Load() {
  return guarded(element_, false, [this] {
    {
      const std::lock_guard lock(mutex_);
      answered_ = asked_;  // what is still being loaded from before comes too late
    }
    const Settings settings = settings_();
    if (loading_.TakeFresh() && SameModel(settings, begun_)) return !loading_.failed();
    const auto model = std::make_shared<const ClassifierModel>(Read(settings));
    const Device device = Device::Parse(settings.device);
    begun_ = settings;
    loading_.Begin(
        [this, device, model] { return guarded(element_, ClassifierPtr(), [&] { return Make(*model, device); }); });
    return true;
  });
}

void ModelInUse::Start() {
  classifier_.reset();
  loading_.Open();
  {
    const std::lock_guard lock(mutex_);
    streaming_ = true;
    next_.reset();
  }
  // Set by another thread meanwhile.
  if (settings_().model != begun_.model) LoadNextInPool();
}

void ModelInUse::Stop() {
  const std::lock_guard lock(mutex_);
  streaming_ = false;
  next_.reset();
}

void ModelInUse::Unload() {
  loading_.Forget();
  classifier_.reset();
}

bool ModelInUse::Wait() {
  if (!classifier_) classifier_ = loading_.Wait();
  return static_cast<bool>(classifier_);
}

ClassifierPtr ModelInUse::TakeNext() {
  const std::lock_guard lock(mutex_);
  return std::exchange(next_, nullptr);
}

void ModelInUse::OnPropertySet() {
  {
    const std::lock_guard lock(mutex_);
    ++asked_;
    if (!streaming_) return;
  }
  LoadNextInPool();
}

void ModelInUse::LoadNextInPool() {
  // The element lives as long as the call.
  gst_element_call_async(
      element_, [](GstElement *, gpointer user) { static_cast<ModelInUse *>(user)->LoadNext(); }, this, nullptr);
}

void ModelInUse::LoadNext() {
  uint64_t asked = 0;
  {
    const std::lock_guard lock(mutex_);
    asked = asked_;
  }
  const Settings settings = settings_();
  GST_DEBUG_OBJECT(element_, "loading %s", settings.model.c_str());
  std::string problem;
  try {
    ClassifierPtr loaded = Make(Read(settings), Device::Parse(settings.device));
    const std::lock_guard lock(mutex_);
    if (asked > answered_ && streaming_) {
      answered_ = asked;
      next_.swap(loaded);
    }
    return;
  } catch (const std::exception &e) {
    problem = e.what();
  }
  WarnThatOldStays(element_, problem);
}

}  // namespace action

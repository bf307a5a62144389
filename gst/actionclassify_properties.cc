// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionclassify_properties.h"

#include "common/property_values.h"

namespace action {
namespace {

enum {
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_FORWARD_FEATURES,
  PROP_UNKNOWN_THRESHOLD,
  PROP_STRICT,
  PROP_POST_MESSAGES,
  PROP_ELEMENTS,
};

}  // namespace

bool IsModel(guint id) {
  return id == PROP_MODEL;
}

bool SetProperty(ClassifySettings &settings, guint id, const GValue *value) {
  switch (id) {
    case PROP_MODEL:
      settings.model = TextOf(value);
      return true;
    case PROP_DEVICE:
      settings.device = TextOf(value);
      return true;
    case PROP_ELEMENTS:
      settings.elements = TextOf(value);
      return true;
    case PROP_FORWARD_FEATURES:
      settings.forward_features = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_UNKNOWN_THRESHOLD:
      settings.unknown_threshold = g_value_get_double(value);
      return true;
    case PROP_STRICT:
      settings.strict = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_POST_MESSAGES:
      settings.post_messages = g_value_get_boolean(value) != FALSE;
      return true;
    default:
      return false;
  }
}

bool GetProperty(const ClassifySettings &settings, guint id, GValue *value) {
  switch (id) {
    case PROP_MODEL:
      SetTextOrNull(value, settings.model);
      return true;
    case PROP_DEVICE:
      g_value_set_string(value, settings.device.c_str());
      return true;
    case PROP_ELEMENTS:
      SetTextOrNull(value, settings.elements);
      return true;
    case PROP_FORWARD_FEATURES:
      g_value_set_boolean(value, settings.forward_features);
      return true;
    case PROP_UNKNOWN_THRESHOLD:
      g_value_set_double(value, settings.unknown_threshold);
      return true;
    case PROP_STRICT:
      g_value_set_boolean(value, settings.strict);
      return true;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, settings.post_messages);
      return true;
    default:
      return false;
  }
}

void InstallClassifyProperties(GObjectClass *object_class) {
  constexpr auto kReady =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  constexpr auto kPlaying =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const auto install = [object_class](guint id, GParamSpec *spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_MODEL,
          g_param_spec_string("model", "Model",
                              "Folder of the classifiers, as gst-action-train or the Python system writes it. May be "
                              "changed while playing: the new one is used from the next chunk on; if it cannot be "
                              "used, a warning says why and the old one goes on",
                              nullptr, kPlaying));
  install(PROP_DEVICE,
          g_param_spec_string("device", "Device",
                              "Where the classifiers run: auto (the CPU, which is done with a chunk in well under a "
                              "millisecond), cpu, cuda or cuda:N",
                              "auto", kReady));
  install(PROP_ELEMENTS,
          g_param_spec_string("elements", "Elements",
                              "A file elements.csv: display names, value categories, order of work and limits of the "
                              "model's fine labels. Not set: elements.csv in the model folder, if it is there. "
                              "gst-action-elements MODEL writes a template",
                              nullptr, kReady));
  install(PROP_FORWARD_FEATURES,
          g_param_spec_boolean("forward-features", "Forward features",
                               "Pass action-features events on too, for a second classifier or an application. "
                               "Otherwise the action-step event takes the place of each",
                               FALSE, kPlaying));
  install(PROP_UNKNOWN_THRESHOLD,
          g_param_spec_double("unknown-threshold", "Unknown threshold",
                              "A chunk whose most probable coarse action has less than this probability is called "
                              "'unknown'. With timelinesmooth method=viterbi it is the confidence of finished "
                              "segments that must reach it. 0: never",
                              0, 1, 0, kPlaying));
  install(PROP_STRICT,
          g_param_spec_boolean("strict", "Strict",
                               "Stop with an error when the features are made with other weights, sample rate, region "
                               "or colorimetry than the model was trained with. FALSE: warn, and go on",
                               TRUE, kReady));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message 'action-step' for every chunk: its labels and scores", TRUE,
                               kPlaying));
}

}  // namespace action

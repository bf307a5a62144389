// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actionclassify
 * @title: actionclassify
 *
 * Names what happens in the video: turns every `action-features` event of #r3dfeatures into an `action-step` event with
 * the coarse and the fine label, and puts the newest label on every frame. After a hole in time, and in a new stream,
 * frames have none until the next step.
 *
 * ## Events (downstream)
 *
 * `action-labels`, sticky, before the first step and when the model or the threshold changes: `model` (string),
 * `stand-in` and `calibrated` (boolean), `coarse`, `fine`, `fine-coarse` and `value-category` (GStrv, by id),
 * `unknown-threshold` and `poor-accuracy` (double), and of each fine label what elements.csv says: `name`, `group`,
 * `order`, `optional`, `standard-seconds`, `min-seconds` (GStrv).
 *
 * `action-step`, for each action-features event: all its fields but `features`; unless dropped `coarse` (int, id),
 * `coarse-action`, `fine-action` and `value-category` (string), `confidence` (double, of the coarse label), `scores`
 * (GBytes of float32, of each coarse label), `fine` (GBytes of int32: for each coarse label, its family's fine label),
 * `fine-scores` (GBytes of float32, p(coarse) * p(fine | coarse) of each fine label).
 *
 * ## Messages
 *
 * Element message `action-step` (property post-messages): the fields of the event.
 *
 * ## Frames
 *
 * A #GstCustomMeta named GstActionLabelMeta: `coarse-action`, `fine-action`, `value-category` (VA, RNVA, NVA, UNKNOWN),
 * `state` (measured, absent, unknown, gap) and `name` (string), `confidence` (double), `segment-start` (uint64, stream
 * time in ns), `provisional` (boolean, TRUE: may still change). With GStreamer 1.24 also GstAnalytics metadata.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! r3dfeatures orientation=auto ! actionclassify model=model \
 *   ! actionoverlay ! videoconvert ! autovideosink
 * ]|
 */
#include "actionclassify/actionclassify.h"

#include <gst/video/video.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "action/engine.h"
#include "action/error.h"
#include "action/timeline/timeline_file.h"
#include "action/two_stage_classifier.h"
#include "actionclassify/model_in_use.h"
#include "actionclassify/properties.h"
#include "common/analytics_label.h"
#include "common/feature_events.h"
#include "common/flow_of_events.h"
#include "common/frame_clock.h"
#include "common/frame_labeller.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "common/label_meta.h"
#include "common/messages.h"
#include "common/object_lock.h"

GST_DEBUG_CATEGORY(action_classify_debug);
#define GST_CAT_DEFAULT action_classify_debug

namespace {

using action::ObjectLock;
using action::SettingsOf;
using Settings = action::ActionClassifySettings;

struct State {
  explicit State(GstActionClassify *self);

  Settings settings;  // object lock
  action::ModelInUse model;

  // Streaming thread while there is one, state changes otherwise.
  std::optional<action::BackboneFacts> backbone;
  double sent_threshold = 0;  // with the labels
  bool refused = false;       // the features are not for this model
  bool warned_no_features = false;
  action::FrameClock clock{action::TimeOrigin::kFirstFrame};
  std::optional<action::MetaLabel> label;  // of the frames from here on
  int64_t label_from = INT64_MIN;          // position: a step from before it says nothing of them
  action::FrameLabeller labeller;
};

}  // namespace

struct _GstActionClassify {
  GstBaseTransform parent;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstActionClassify, gst_action_classify, GST_TYPE_BASE_TRANSFORM,
                              GST_DEBUG_CATEGORY_INIT(action_classify_debug, "actionclassify", 0,
                                                      "two-stage action classification"));
GST_ELEMENT_REGISTER_DEFINE(actionclassify, "actionclassify", GST_RANK_NONE, GST_TYPE_ACTION_CLASSIFY);

namespace {

State::State(GstActionClassify *self) : model(GST_ELEMENT(self), [self] { return SettingsOf(self); }) {}

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

action::FeatureConfig ConfigOf(const action::BackboneFacts &facts) {
  action::FeatureConfig config;
  config.weights_hash = facts.service.weights_hash;
  config.backbone = facts.backbone;
  config.sample_rate = facts.sample_rate;
  config.roi = facts.roi;
  config.colorimetry = facts.colorimetry;
  config.mode = facts.mode;
  return config;
}

bool SameFeatures(const action::BackboneFacts &a, const action::BackboneFacts &b) {
  return a.service == b.service && a.backbone == b.backbone && a.sample_rate == b.sample_rate && a.roi == b.roi &&
         a.colorimetry == b.colorimetry && a.mode == b.mode && a.live == b.live;
}

// ---- Streaming

// Whether features of this stream may be given to the model. Says so where not, or where nobody can tell.
bool FitsStream(GstActionClassify *self, const action::TwoStageClassifier &classifier, bool is_new) {
  const State &state = *self->state;
  for (const std::string &notice : classifier.notices())
    action::PostInfo(GST_ELEMENT(self), GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, notice);
  if (!classifier.facts()) {
    action::PostInfo(GST_ELEMENT(self), GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                     classifier.folder() +
                         " does not say what it was trained with: taken to be the published weights, 8 frames a "
                         "second, the whole picture. Its confidence is not calibrated");
    return true;
  }
  if (!classifier.calibrated()) {
    action::PostInfo(
        GST_ELEMENT(self), GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "the confidence of " + classifier.folder() + " is not calibrated: too little was held out when it was trained");
  }
  if (const auto poor = classifier.facts()->poor_accuracy()) {
    GST_ELEMENT_WARNING(
        self, LIBRARY, SETTINGS,
        ("the model %s was right on only %.0f %% of the clips that were held out when it was trained: its "
         "labels are often wrong",
         classifier.folder().c_str(), 100 * *poor),
        ("Train with more clips of each action; the model's report.html tells which are mixed up"));
  }
  const std::string why = classifier.WhyNotFit(ConfigOf(*state.backbone), state.backbone->service.stand_in);
  if (why.empty()) return true;
  const std::string text = "the model " + classifier.folder() + " was not trained with such features: " + why;
  if (!SettingsOf(self).strict) {
    GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS, ("%s", text.c_str()), ("Labels may be wrong"));
    return true;
  }
  if (is_new) {
    action::WarnThatOldStays(GST_ELEMENT(self), text);
  } else {
    GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS, ("%s", text.c_str()),
                      ("Set r3dfeatures' properties to what the model was trained with, train the model anew, or set "
                       "strict=false to go on all the same"));
  }
  return false;
}

bool IsStandIn(const State &state) {
  const auto &facts = state.model.classifier().facts();
  return state.backbone->service.stand_in || (facts && facts->stand_in);
}

void PushLabels(GstActionClassify *self) {
  State &state = *self->state;
  const action::TwoStageClassifier &classifier = state.model.classifier();
  state.sent_threshold = SettingsOf(self).unknown_threshold;
  const action::LabelFacts facts{
      .model = classifier.folder(),
      .stand_in = IsStandIn(state),
      .labels = classifier.labels(),
      .unknown_threshold = state.sent_threshold,
      .calibrated = classifier.calibrated(),
      .poor_accuracy = classifier.facts() ? classifier.facts()->poor_accuracy() : std::nullopt,
      .model_hash = classifier.hash()};
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), action::NewLabelsEvent(facts));
}

void TakeOverNext(GstActionClassify *self) {
  State &state = *self->state;
  std::shared_ptr<action::TwoStageClassifier> next = state.model.TakeNext();
  if (!next || !FitsStream(self, *next, true)) return;
  GST_INFO_OBJECT(self, "model %s takes over from %s", next->folder().c_str(),
                  state.model.classifier().folder().c_str());
  state.model.Use(std::move(next));
  state.label.reset();
  PushLabels(self);
}

// The label of the frames that follow this step.
action::MetaLabel LabelFor(const State &state, const action::ReceivedChunk &chunk,
                           const std::optional<action::ChunkScores> &scores) {
  const action::LabelTable &labels = state.model.classifier().labels();
  action::MetaLabel label;
  label.provisional = true;
  label.segment_start = chunk.facts.step.stream_time;
  if (!scores) {
    label.coarse_action = label.fine_action = action::kGapLabel;
    label.state = action::SegmentState::kGap;
  } else if (scores->coarse >= labels.unknown_coarse()) {
    label.coarse_action = label.fine_action = action::kUnknownLabel;
    label.state = action::SegmentState::kUnknown;
  } else {
    const auto fine = static_cast<size_t>(scores->fine[static_cast<size_t>(scores->coarse)]);
    label.coarse_action = labels.fine[fine].coarse;
    label.fine_action = labels.fine[fine].label;
    label.category = labels.fine[fine].category;
    label.name = labels.fine[fine].element.name;
    label.confidence = static_cast<double>(scores->fine_scores[fine]);
  }
  const bool goes_on = state.label && !chunk.facts.discont && state.label->fine_action == label.fine_action &&
                       state.label->coarse_action == label.coarse_action;
  if (goes_on) label.segment_start = state.label->segment_start;
  return label;
}

void OnFeatures(GstActionClassify *self, const GstStructure *structure) {
  State &state = *self->state;
  const auto chunk = action::ParseFeatures(structure);
  if (!chunk || !state.backbone) {
    GST_WARNING_OBJECT(self, "an action-features event that is not one of r3dfeatures'");
    return;
  }
  TakeOverNext(self);
  const Settings settings = SettingsOf(self);
  if (settings.unknown_threshold != state.sent_threshold) PushLabels(self);
  const action::LabelTable &labels = state.model.classifier().labels();
  std::optional<action::ChunkScores> scores;
  if (chunk->features) {
    scores = state.model.classifier().Classify(*chunk->features);
    if (scores->confidence < settings.unknown_threshold) scores->coarse = labels.unknown_coarse();
  }
  const action::MetaLabel label = LabelFor(state, *chunk, scores);
  const auto position = state.clock.stream().PositionOfChunk(chunk->facts.time, chunk->facts.discont);
  const bool of_this_run = !position || *position >= state.label_from;
  GST_LOG_OBJECT(self, "step %" G_GUINT64_FORMAT ": %s%s", chunk->facts.index, label.fine_action.c_str(),
                 of_this_run ? "" : ", of before the hole");
  if (of_this_run) state.label = label;
  GstEvent *event = action::NewStepEvent(structure, scores, labels);
  if (settings.post_messages) {
    gst_element_post_message(
        GST_ELEMENT(self),
        gst_message_new_element(GST_OBJECT(self), gst_structure_copy(gst_event_get_structure(event))));
  }
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), event);
}

// Whether the event is also to be passed on.
enum class Then { kForward, kDrop, kFail };

Then OnCustom(GstActionClassify *self, GstEvent *event) {
  State &state = *self->state;
  const GstStructure *structure = gst_event_get_structure(event);
  if (gst_event_has_name(event, action::kBackboneEvent)) {
    auto facts = action::ParseBackbone(structure);
    if (!facts) return Then::kForward;
    state.labeller.SetRegion(facts->frame_roi);
    const bool known = state.backbone && !state.refused && SameFeatures(*state.backbone, *facts);
    state.backbone = std::move(facts);
    if (known) return Then::kForward;  // the picture is turned otherwise, or it came twice
    if (!state.model.Wait()) {
      state.backbone.reset();
      return Then::kFail;
    }
    state.refused = !FitsStream(self, state.model.classifier(), false);
    if (state.refused) return Then::kFail;
    gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), gst_event_ref(event));
    PushLabels(self);
    return Then::kDrop;
  }
  if (gst_event_has_name(event, action::kFeaturesEvent)) {
    const bool forward = SettingsOf(self).forward_features;
    if (forward) gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), gst_event_ref(event));
    if (!state.refused) OnFeatures(self, structure);
    return Then::kDrop;
  }
  // Of another classifier before this one, whose features it forwards: labels of two tables are not to be mixed.
  const bool others = gst_event_has_name(event, action::kLabelsEvent) || gst_event_has_name(event, action::kStepEvent);
  return others ? Then::kDrop : Then::kForward;
}

// What the labels of frames need to know of the stream.
void OnStreamEvent(State &state, GstEvent *event) {
  state.clock.OnEvent(event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    state.model.Interrupt();
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
    state.model.Resume();
    state.label.reset();
    state.label_from = INT64_MIN;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    state.labeller.SetCaps(caps);
  }
}

// Where what was seen before says nothing of the frames that come.
void ForgetLabelAfterHole(GstActionClassify *self, GstBuffer *frame) {
  State &state = *self->state;
  const auto place = state.clock.Add(frame);
  if (!place || !place->cut) return;
  if (state.label) GST_DEBUG_OBJECT(self, "a hole or a new stream: no label until the next step");
  state.label.reset();
  state.label_from = place->position;
}

gboolean SinkEvent(GstBaseTransform *base, GstEvent *event) {
  GstActionClassify *self = GST_ACTION_CLASSIFY(base);
  OnStreamEvent(*self->state, event);
  const bool custom = GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM ||
                      GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY;
  if (custom) {
    const Then then = action::guarded(GST_ELEMENT(self), Then::kFail, [&] { return OnCustom(self, event); });
    if (then != Then::kForward) {
      gst_event_unref(event);
      return then == Then::kDrop;
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_action_classify_parent_class)->sink_event(base, event);
}

void WarnOfNoFeatures(GstActionClassify *self) {
  State &state = *self->state;
  if (state.warned_no_features) return;
  if (action::AskNetwork(GST_BASE_TRANSFORM_SINK_PAD(self)).loading) return;  // a live stream passes meanwhile
  state.warned_no_features = true;
  GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE, ("No features arrive: put r3dfeatures before actionclassify"),
                      ("Frames pass without labels"));
}

// The frame itself is shared; only what hangs on it is written.
GstFlowReturn PrepareOutputBuffer(GstBaseTransform *base, GstBuffer *input, GstBuffer **output) {
  State &state = *GST_ACTION_CLASSIFY(base)->state;
  *output = input;
  if (state.refused || state.model.failed()) return GST_FLOW_ERROR;
  if (!state.backbone) WarnOfNoFeatures(GST_ACTION_CLASSIFY(base));
  ForgetLabelAfterHole(GST_ACTION_CLASSIFY(base), input);
  *output = state.labeller.Put(base, input, state.label);
  return GST_FLOW_OK;
}

gboolean Query(GstBaseTransform *base, GstPadDirection direction, GstQuery *query) {
  if (direction == GST_PAD_SINK && action::AnswerLabelsFollow(query, true)) return TRUE;
  return GST_BASE_TRANSFORM_CLASS(gst_action_classify_parent_class)->query(base, direction, query);
}

GstFlowReturn TransformIp(GstBaseTransform *, GstBuffer *) {
  return GST_FLOW_OK;
}

// ---- States

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstActionClassify *self = GST_ACTION_CLASSIFY(element);
  State &state = *self->state;
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!state.model.Load()) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!state.model.Load()) return GST_STATE_CHANGE_FAILURE;
      state.backbone.reset();
      state.label.reset();
      state.label_from = INT64_MIN;
      state.clock = action::FrameClock(action::TimeOrigin::kFirstFrame);
      state.refused = state.warned_no_features = false;
      state.model.Start();
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      state.model.Close();
      break;
    default:
      break;
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_action_classify_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.model.Stop();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.model.Unload();
  return result;
}

// ---- Properties

void SetProperty(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  action::SetElementProperty<GstActionClassify>(object, id, value, spec);
  if (g_strcmp0(spec->name, "model") == 0) GST_ACTION_CLASSIFY(object)->state->model.OnPropertySet();
}

void Finalize(GObject *object) {
  delete GST_ACTION_CLASSIFY(object)->state;
  G_OBJECT_CLASS(gst_action_classify_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_classify_class_init(GstActionClassifyClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = SetProperty;
  object_class->get_property = action::GetElementProperty<GstActionClassify>;
  object_class->finalize = Finalize;
  action::ActionClassifyProperties().Install(object_class);

  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "Action classifier", "Filter/Analyzer/Video",
      "Names the action in every chunk of r3dfeatures with a coarse classifier and one "
      "fine classifier per action family, sends the labels as action-step events and "
      "puts the newest on every frame",
      "The gst-action developers");

  transform_class->transform_ip = TransformIp;
  transform_class->transform_ip_on_passthrough = FALSE;
  transform_class->prepare_output_buffer = PrepareOutputBuffer;
  transform_class->sink_event = SinkEvent;
  transform_class->query = Query;
  transform_class->passthrough_on_same_caps = TRUE;
}

static void gst_action_classify_init(GstActionClassify *self) {
  self->state = new State(self);
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
  action::ReturnFlowOfEvents(GST_BASE_TRANSFORM(self));
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actioncamerasrc
 * @title: actioncamerasrc
 *
 * The video of a network camera, without an end: a camera that goes away, falls silent or answers late is called again
 * until it is back. What leaves is one stream, with times of the pipeline's clock; an outage is a hole in it, with a
 * GAP event a second. Sound is not asked for, unless somebody wants it.
 *
 * The request pad `encoded` gives the same video as the camera sends it (RTSP), for a recording that is not encoded
 * again: from a keyframe on after each loss, with the same times, in caps that change with the camera. The request pad
 * `sound` gives the camera's first sound as it is sent (AAC, G.711 and others; RTSP), with the times of the video; a
 * camera without sound gives none. Both are to be asked for before PAUSED.
 *
 * ## Messages
 *
 * Element message `camera-lost`, once for each outage: `uri` (string, without user name and password), `reason`
 * (string). A warning says the same. Element message `camera-back`: `uri`, `outage` (uint64, ns).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 actioncamerasrc uri=rtsp://CAMERA/stream ! r3dfeatures hop=4 ! actionclassify model=model !
 * timelinesmooth location=line.jsonl ! fakesink
 * ]|
 */
// What is specific to being a GstElement; the camera is looked after in camera_watch.cc.
#include "actioncamerasrc/actioncamerasrc.h"

#include <memory>
#include <string>
#include <utility>

#include "action/error.h"
#include "actioncamerasrc/camera_output.h"
#include "actioncamerasrc/camera_uri.h"
#include "actioncamerasrc/camera_watch.h"
#include "actioncamerasrc/properties.h"
#include "common/guarded.h"
#include "common/messages.h"
#include "common/object_lock.h"

GST_DEBUG_CATEGORY(action_camera_src_debug);
#define GST_CAT_DEFAULT action_camera_src_debug

namespace {

using action::ObjectLock;
using action::SettingsOf;
using Settings = action::CameraSettings;

// Tells the application.
class Teller final : public action::CameraWatch::Client {
 public:
  Teller(GstElement *element, const std::string &uri) : element_(element), uri_(action::WithoutCredentials(uri)) {}
  void OnLost(const std::string &reason) override;
  void OnBack(GstClockTime outage) override;
  void OnFailed(const std::string &reason) override;

 private:
  GstElement *const element_;
  const std::string uri_;
};

// Null: it was not asked for.
struct RequestPads {
  action::PadPtr encoded, sound;
};

struct Running {
  Running(GstBin *bin, GstPad *source, RequestPads pads, const Settings &settings)
      : uri(settings.uri),
        wanted(std::move(pads)),
        output(source, action::CameraOutput::Kind::kFrames),
        encoded(NewOutput(wanted.encoded, action::CameraOutput::Kind::kEncoded)),
        sound(NewOutput(wanted.sound, action::CameraOutput::Kind::kSound)),
        teller(GST_ELEMENT(bin), settings.uri),
        watch(bin, settings, {output, encoded.get(), sound.get()}, teller) {
    if (settings.frozen_timeout > 0) output.WatchPicture();
  }
  static std::unique_ptr<action::CameraOutput> NewOutput(const action::PadPtr &pad, action::CameraOutput::Kind kind) {
    return pad ? std::make_unique<action::CameraOutput>(pad.get(), kind) : nullptr;
  }
  const std::string uri;
  const RequestPads wanted;  // which may be released while the camera runs
  action::CameraOutput output;
  const std::unique_ptr<action::CameraOutput> encoded, sound;
  Teller teller;
  action::CameraWatch watch;
};

struct State {
  // Object lock.
  Settings settings;
  std::shared_ptr<Running> running;            // READY->PAUSED to PAUSED->READY
  action::CameraStats last_stats;              // of what ran last
  GstClockTime latency = GST_CLOCK_TIME_NONE;  // as the camera's elements said last
  RequestPads requested;

  GstPad *source = nullptr;  // owned by the element
};

}  // namespace

struct _GstActionCameraSrc {
  GstBin parent;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstActionCameraSrc, gst_action_camera_src, GST_TYPE_BIN,
                              GST_DEBUG_CATEGORY_INIT(action_camera_src_debug, "actioncamerasrc", 0,
                                                      "a camera that comes back"));
GST_ELEMENT_REGISTER_DEFINE(actioncamerasrc, "actioncamerasrc", GST_RANK_NONE, GST_TYPE_ACTION_CAMERA_SRC);

namespace {

GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));
GstStaticPadTemplate encoded_template =
    GST_STATIC_PAD_TEMPLATE("encoded", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(action::kEncodedCaps));
GstStaticPadTemplate sound_template =
    GST_STATIC_PAD_TEMPLATE("sound", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(action::kSoundCaps));

std::shared_ptr<Running> RunningOf(GstActionCameraSrc *self) {
  const ObjectLock lock(self);
  return self->state->running;
}

// ---- Messages

void Teller::OnLost(const std::string &reason) {
  GST_ELEMENT_WARNING(element_, RESOURCE, READ,
                      ("%s is lost (%s): tried again until it is back", uri_.c_str(), reason.c_str()), (nullptr));
  gst_element_post_message(
      element_, gst_message_new_element(GST_OBJECT(element_),
                                        gst_structure_new("camera-lost", "uri", G_TYPE_STRING, uri_.c_str(), "reason",
                                                          G_TYPE_STRING, reason.c_str(), nullptr)));
}

void Teller::OnBack(GstClockTime outage) {
  const action::CharPtr seconds(g_strdup_printf("%.1f", static_cast<double>(outage) / GST_SECOND));
  action::PostInfo(element_, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
                   uri_ + " is back after " + seconds.get() + " s");
  gst_element_post_message(
      element_,
      gst_message_new_element(GST_OBJECT(element_), gst_structure_new("camera-back", "uri", G_TYPE_STRING, uri_.c_str(),
                                                                      "outage", G_TYPE_UINT64, outage, nullptr)));
}

void Teller::OnFailed(const std::string &reason) {
  GST_ELEMENT_ERROR(element_, STREAM, FAILED, ("%s", reason.c_str()), (nullptr));
}

// What a plant engineer can do something about, before GStreamer's own words; "": nothing is known.
std::string CauseOf(const GError *error) {
  if (error == nullptr || error->domain != GST_RESOURCE_ERROR) return "";
  switch (error->code) {
    case GST_RESOURCE_ERROR_OPEN_READ:
    case GST_RESOURCE_ERROR_OPEN_READ_WRITE:
      return "it cannot be reached: ";
    case GST_RESOURCE_ERROR_NOT_AUTHORIZED:
      return "it does not accept the user name or the password: ";
    case GST_RESOURCE_ERROR_NOT_FOUND:
      return "it has no video at this address: ";
    case GST_RESOURCE_ERROR_BUSY:
      return "another program uses it: ";
    default:
      return "";
  }
}

// What the message says, with the last line of its debug text (why a host cannot be reached), without credentials.
std::string TextOf(GstMessage *message, const std::string &uri) {
  GError *error = nullptr;
  gchar *debug = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, &debug);
  } else {
    gst_message_parse_warning(message, &error, &debug);
  }
  std::string text = CauseOf(error) + (error != nullptr ? error->message : "?");
  const std::string details = debug != nullptr ? debug : "";
  const size_t last = details.rfind('\n');
  if (last != std::string::npos && last + 1 < details.size()) text += " " + details.substr(last + 1);
  g_clear_error(&error);
  g_free(debug);
  return action::WithoutCredentials(text, uri);
}

// A connection is no concern of the application's: what goes wrong in it is mended here, and its states are its own.
void HandleMessage(GstBin *bin, GstMessage *message) {
  GstActionCameraSrc *self = GST_ACTION_CAMERA_SRC(bin);
  const auto running = RunningOf(self);
  const std::string uri = running ? running->uri : "";
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR: {
      const std::string text = TextOf(message, uri);
      GST_DEBUG_OBJECT(self, "%s: %s", GST_MESSAGE_SRC_NAME(message), text.c_str());
      if (running) running->watch.OnProblem(GST_MESSAGE_SRC(message), text);
      break;
    }
    case GST_MESSAGE_WARNING:
      GST_ELEMENT_WARNING(self, RESOURCE, READ, ("%s", TextOf(message, uri).c_str()), (nullptr));
      break;
    case GST_MESSAGE_EOS:
    case GST_MESSAGE_INFO:
    case GST_MESSAGE_ASYNC_START:
    case GST_MESSAGE_ASYNC_DONE:
    case GST_MESSAGE_STREAM_START:
    case GST_MESSAGE_BUFFERING:
    case GST_MESSAGE_PROGRESS:
    case GST_MESSAGE_CLOCK_PROVIDE:
    case GST_MESSAGE_CLOCK_LOST:
    case GST_MESSAGE_DURATION_CHANGED:
      break;
    default:
      GST_BIN_CLASS(gst_action_camera_src_parent_class)->handle_message(bin, message);
      return;
  }
  gst_message_unref(message);
}

// ---- The source pad

gboolean SrcQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  GstActionCameraSrc *self = GST_ACTION_CAMERA_SRC(parent);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  const auto running = RunningOf(self);
  gboolean live = FALSE;
  GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
  const bool answered = running && running->watch.Query(query);
  if (answered) gst_query_parse_latency(query, &live, &least, &most);
  GstClockTime latency = 0;
  {
    const ObjectLock lock(self);
    State &state = *self->state;
    // What a camera said holds until another says otherwise: an outage changes nothing.
    if (answered && live) state.latency = least;
    latency = GST_CLOCK_TIME_IS_VALID(state.latency) ? state.latency : state.settings.latency * GST_MSECOND;
  }
  GST_DEBUG_OBJECT(self, "latency %" GST_TIME_FORMAT, GST_TIME_ARGS(latency));
  gst_query_set_latency(query, TRUE, latency, GST_CLOCK_TIME_NONE);
  return TRUE;
}

// Nothing that is asked of a camera reaches it.
gboolean SrcEvent(GstPad *, GstObject *, GstEvent *event) {
  const bool refused = GST_EVENT_TYPE(event) == GST_EVENT_SEEK;
  gst_event_unref(event);
  return !refused;
}

GstPad *RequestNewPad(GstElement *element, GstPadTemplate *pad_template, const gchar *, const GstCaps *) {
  GstActionCameraSrc *self = GST_ACTION_CAMERA_SRC(element);
  const char *name = GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template);
  RequestPads &pads = self->state->requested;
  GstPad *pad = gst_pad_new_from_template(pad_template, name);
  {
    const ObjectLock lock(self);
    action::PadPtr &requested = g_str_equal(name, "encoded") ? pads.encoded : pads.sound;
    if (requested || self->state->running) {  // one of each, and before the camera is called
      gst_object_unref(pad);
      return nullptr;
    }
    requested.reset(GST_PAD(gst_object_ref_sink(pad)));
  }
  gst_pad_set_query_function(pad, SrcQuery);
  gst_pad_set_event_function(pad, SrcEvent);
  gst_pad_use_fixed_caps(pad);
  gst_element_add_pad(element, pad);
  return pad;
}

void ReleasePad(GstElement *element, GstPad *pad) {
  action::PadPtr released;
  {
    const ObjectLock lock(element);
    RequestPads &pads = GST_ACTION_CAMERA_SRC(element)->state->requested;
    released = std::move(pads.encoded.get() == pad ? pads.encoded : pads.sound);
  }
  // A camera that is connected keeps its own reference until the element stops; the pad takes no more.
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
}

// ---- States

bool Start(GstActionCameraSrc *self) {
  return action::guarded(GST_ELEMENT(self), false, [self] {
    const Settings settings = SettingsOf(self);
    if (settings.uri.empty())
      throw action::Error("no camera: set the property 'uri' to its address, such as rtsp://HOST/PATH");
    const std::string uri = action::WithoutCredentials(settings.uri);
    if (!gst_uri_is_valid(settings.uri.c_str()))
      throw action::Error("'" + uri +
                          "' is not the address of a camera; it is like rtsp://HOST/PATH or v4l2:///dev/video0");
    const action::CharPtr protocol(gst_uri_get_protocol(settings.uri.c_str()));
    if (!gst_uri_protocol_is_supported(GST_URI_SRC, protocol.get())) {
      throw action::Error("no installed element reads " + std::string(protocol.get()) + "://, as in " + uri +
                          "; gst-action-doctor says what is missing");
    }
    RequestPads pads;
    {
      const ObjectLock lock(self);
      const RequestPads &requested = self->state->requested;
      if (requested.encoded) pads.encoded.reset(GST_PAD(gst_object_ref(requested.encoded.get())));
      if (requested.sound) pads.sound.reset(GST_PAD(gst_object_ref(requested.sound.get())));
    }
    if ((pads.encoded || pads.sound) && !action::IsRtsp(settings.uri)) {
      throw action::Error("the pad '" + std::string(pads.encoded ? "encoded" : "sound") + "' is for RTSP cameras; " +
                          uri + " is none");
    }
    auto running = std::make_shared<Running>(GST_BIN(self), self->state->source, std::move(pads), settings);
    {
      const ObjectLock lock(self);
      self->state->running = running;
      self->state->latency = GST_CLOCK_TIME_NONE;
    }
    running->watch.Start();  // now that its messages find it
    return true;
  });
}

void Finish(GstActionCameraSrc *self) {
  std::shared_ptr<Running> running;
  {
    const ObjectLock lock(self);
    running = std::exchange(self->state->running, nullptr);
  }
  if (!running) return;
  // Here, and not where the last reference goes: that may be a message of a connection's thread.
  running->watch.Join();
  const action::CameraStats stats = running->watch.stats();
  const ObjectLock lock(self);
  self->state->last_stats = stats;
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstActionCameraSrc *self = GST_ACTION_CAMERA_SRC(element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    if (const auto running = RunningOf(self)) running->watch.Stop();
  }
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    if (const auto running = RunningOf(self)) running->watch.SetPlaying(false);
  }
  // Not GstBin's: it asks each child's state lock whether the child's state is locked, and a connection that is in a
  // state change of its own, which may take long, has that lock. All children are connections, whose state is locked.
  GstStateChangeReturn result =
      GST_ELEMENT_CLASS(g_type_class_peek(GST_TYPE_ELEMENT))->change_state(element, transition);
  if (result == GST_STATE_CHANGE_FAILURE) return result;
  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      // After the pads are active.
      return Start(self) ? GST_STATE_CHANGE_NO_PREROLL : GST_STATE_CHANGE_FAILURE;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (const auto running = RunningOf(self)) running->watch.SetPlaying(true);
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      return GST_STATE_CHANGE_NO_PREROLL;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      // The pad takes no more, so no frame is in the way.
      Finish(self);
      break;
    default:
      break;
  }
  return result;
}

gboolean SendEvent(GstElement *element, GstEvent *event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_action_camera_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  const auto running = RunningOf(GST_ACTION_CAMERA_SRC(element));
  if (running) running->watch.End();
  return running != nullptr;
}

// A connection's clock goes with it.
GstClock *ProvideClock(GstElement *) {
  return nullptr;
}

// ---- Properties

GstStructure *StatsOf(GstActionCameraSrc *self) {
  action::CameraStats stats;
  if (const auto running = RunningOf(self)) {
    stats = running->watch.stats();
  } else {
    const ObjectLock lock(self);
    stats = self->state->last_stats;
  }
  GstStructure *structure =
      gst_structure_new("stats", "connected", G_TYPE_BOOLEAN, stats.connected, "frames", G_TYPE_UINT64, stats.frames,
                        "frozen", G_TYPE_UINT64, stats.frozen, "reconnects", G_TYPE_UINT64, stats.reconnects,
                        "attempts", G_TYPE_UINT64, stats.attempts, nullptr);
  if (!stats.lost_reason.empty())
    gst_structure_set(structure, "lost-reason", G_TYPE_STRING, stats.lost_reason.c_str(), nullptr);
  return structure;
}

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  if (g_strcmp0(spec->name, "stats") == 0) {
    g_value_take_boxed(value, StatsOf(GST_ACTION_CAMERA_SRC(object)));
  } else {
    action::GetElementProperty<GstActionCameraSrc>(object, id, value, spec);
  }
}

void Finalize(GObject *object) {
  delete GST_ACTION_CAMERA_SRC(object)->state;
  G_OBJECT_CLASS(gst_action_camera_src_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_camera_src_class_init(GstActionCameraSrcClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = action::SetElementProperty<GstActionCameraSrc>;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::CameraProperties().Install(object_class);

  element_class->change_state = ChangeState;
  element_class->send_event = SendEvent;
  element_class->provide_clock = ProvideClock;
  element_class->request_new_pad = RequestNewPad;
  element_class->release_pad = ReleasePad;
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_add_static_pad_template(element_class, &encoded_template);
  gst_element_class_add_static_pad_template(element_class, &sound_template);
  gst_element_class_set_static_metadata(element_class, "Camera that comes back", "Source/Video/Network",
                                        "The video of a camera as one stream; a camera that is lost is called again",
                                        "The gst-action developers");
  GST_BIN_CLASS(klass)->handle_message = HandleMessage;
}

static void gst_action_camera_src_init(GstActionCameraSrc *self) {
  self->state = new State;
  // A source, whatever comes and goes inside.
  gst_bin_set_suppressed_flags(
      GST_BIN(self), static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK |
                                                  GST_ELEMENT_FLAG_PROVIDE_CLOCK | GST_ELEMENT_FLAG_REQUIRE_CLOCK));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
  GstPad *pad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_query_function(pad, SrcQuery);
  gst_pad_set_event_function(pad, SrcEvent);
  gst_pad_use_fixed_caps(pad);
  self->state->source = pad;
  gst_element_add_pad(GST_ELEMENT(self), pad);
}

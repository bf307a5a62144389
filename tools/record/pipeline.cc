// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/pipeline.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "action/error.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

using SamplePtr = MiniObjectOf<GstSample>;

}  // namespace

ElementPtr ParsePipeline(const std::string &line) {
  GError *error = nullptr;
  ElementPtr pipeline(gst_parse_launch_full(line.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
  if (!pipeline) {
    const ErrorPtr owner(error);
    throw Error(std::string("cannot make the pipeline: ") + error->message +
                " (gst-action-doctor says what is missing)");
  }
  gst_object_ref_sink(pipeline.get());
  return pipeline;
}

std::string TextOf(GstMessage *message) {
  GError *error = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, nullptr);
  } else {
    gst_message_parse_warning(message, &error, nullptr);
  }
  const ErrorPtr owner(error);
  return error->message;
}

GstElement *FindElement(GstElement *pipeline, const char *name) {
  GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), name);
  if (element != nullptr) gst_object_unref(element);  // the pipeline owns it
  return element;
}

SharedTime::SharedTime() : clock_(gst_system_clock_obtain()), base_(gst_clock_get_time(clock_.get())) {}

int64_t SharedTime::WallAt(GstClockTime running) const {
  return g_get_real_time() * 1000 - (static_cast<int64_t>(Now()) - static_cast<int64_t>(running));
}

Pipeline::Pipeline(const std::string &line, const SharedTime &time, std::function<void(GstMessage *)> on_message)
    : pipeline_(ParsePipeline(line)), on_message_(std::move(on_message)) {
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), time.clock());
  gst_element_set_start_time(pipeline_.get(), GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(pipeline_.get(), time.base());
  GstBus *bus = gst_element_get_bus(pipeline_.get());
  const GstBusFunc heard = [](GstBus *, GstMessage *message, gpointer user) -> gboolean {
    auto *self = static_cast<Pipeline *>(user);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY) gst_bin_recalculate_latency(GST_BIN(self->pipeline_.get()));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) self->failed_ = true;
    self->on_message_(message);
    return G_SOURCE_CONTINUE;
  };
  watch_ = gst_bus_add_watch(bus, heard, this);
  gst_object_unref(bus);
}

Pipeline::~Pipeline() {
  Stop();
}

void Pipeline::Pause() {
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE) return;
  const std::unique_ptr<GstBus, Deleter<gst_object_unref>> bus(gst_element_get_bus(pipeline_.get()));
  const MessagePtr message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  throw Error(message ? TextOf(message.get()) : "the pipeline does not start");
}

void Pipeline::Play() {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void Pipeline::Stop() {
  if (watch_ != 0) g_source_remove(std::exchange(watch_, 0));
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Pipeline::LeaveBehind(std::unique_ptr<Pipeline> pipeline) {
  g_source_remove(std::exchange(pipeline->watch_, 0));
  std::thread([left = std::move(pipeline)]() mutable { left.reset(); }).detach();
}

GstElement *Pipeline::Find(const char *name) const {
  return FindElement(pipeline_.get(), name);
}

template <typename Call>
void FrameFeed::ForEachConsumer(gpointer appsink, gpointer state, Call &&call) {
  State &to = **static_cast<std::shared_ptr<State> *>(state);
  const std::lock_guard lock(to.mutex);
  if (to.source != appsink) return;
  for (FrameConsumer *consumer : to.consumers)
    call(*consumer);
}

FrameFeed::~FrameFeed() {
  const std::lock_guard lock(state_->mutex);
  state_->source = nullptr;
}

void FrameFeed::Connect(GstElement *appsink) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->source = appsink;
  }
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink *sink, gpointer state) {
    const SamplePtr sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    ForEachConsumer(sink, state, [&](FrameConsumer &consumer) { consumer.OnFrame(sample.get()); });
    return GST_FLOW_OK;
  };
  callbacks.new_event = [](GstAppSink *sink, gpointer state) -> gboolean {
    const MiniObjectPtr object(gst_app_sink_try_pull_object(sink, 0));
    if (!object || !GST_IS_EVENT(object.get())) return FALSE;
    GstEvent *event = GST_EVENT(object.get());
    if (GST_EVENT_TYPE(event) != GST_EVENT_GAP) return FALSE;
    GstClockTime start = 0, duration = 0;
    gst_event_parse_gap(event, &start, &duration);
    ForEachConsumer(sink, state, [=](FrameConsumer &consumer) { consumer.OnGap(start, duration); });
    return FALSE;
  };
  callbacks.eos = [](GstAppSink *sink, gpointer state) {
    ForEachConsumer(sink, state, [](FrameConsumer &consumer) { consumer.OnEnd(); });
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(appsink), &callbacks, new std::shared_ptr<State>(state_),
                             [](gpointer state) { delete static_cast<std::shared_ptr<State> *>(state); });
}

void FrameFeed::Add(FrameConsumer *consumer) {
  const std::lock_guard lock(state_->mutex);
  state_->consumers.push_back(consumer);
}

void FrameFeed::Remove(FrameConsumer *consumer) {
  const std::lock_guard lock(state_->mutex);
  std::erase(state_->consumers, consumer);
}

void FrameInput::SetTarget(GstElement *appsrc) {
  const std::lock_guard lock(mutex_);
  target_.reset(appsrc != nullptr ? GST_ELEMENT(gst_object_ref(appsrc)) : nullptr);
  if (target_ && caps_) g_object_set(target_.get(), "caps", caps_.get(), nullptr);
}

bool FrameInput::fed() const {
  const std::lock_guard lock(mutex_);
  return caps_ != nullptr;
}

void FrameInput::OnFrame(GstSample *sample) {
  const std::lock_guard lock(mutex_);
  GstCaps *caps = gst_sample_get_caps(sample);
  if (caps != nullptr && caps != caps_.get()) caps_.reset(gst_caps_ref(caps));
  if (target_) gst_app_src_push_sample(GST_APP_SRC(target_.get()), sample);
}

void FrameInput::OnGap(GstClockTime start, GstClockTime duration) {
  const std::lock_guard lock(mutex_);
  if (target_ && caps_) gst_element_send_event(target_.get(), gst_event_new_gap(start, duration));
}

}  // namespace action

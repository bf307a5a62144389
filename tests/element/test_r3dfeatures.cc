// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// r3dfeatures by itself, around a fake network (tests/fake): no LibTorch, milliseconds a test.
#include <dlfcn.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device_memory.h"

namespace {

constexpr GstClockTime kFrame = GST_SECOND / 8;  // at 8 frames a second every frame is sampled

// The fake libactiontorch that the plugin has opened.
template <typename Function>
Function *Fake(const char *name) {
  void *library = dlopen("libactiontorch.so", RTLD_NOW | RTLD_NOLOAD);
  return library != nullptr ? reinterpret_cast<Function *>(dlsym(library, name)) : nullptr;
}
void SetGate(bool open) {
  Fake<void(bool)>("fake_engine_set_gate")(open);
}
void WaitAtGate() {
  Fake<void()>("fake_engine_wait_at_gate")();
}
// Opens the library, so that the very first network can be held up.
void SetLoading(bool open) {
  static void *library = dlopen("libactiontorch.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  reinterpret_cast<void (*)(bool)>(dlsym(library, "fake_engine_set_loading"))(open);
}
void SetFailing(bool fail) {
  Fake<void(bool)>("fake_engine_set_failing")(fail);
}

struct ChunkEvent {
  guint64 index = 0, timestamp = 0, stream_time = 0, running_time = 0, duration = 0, end = 0;
  guint64 step = 0, step_duration = 0;
  gint frames = 0;
  gboolean padded = FALSE, discont = FALSE, dropped = FALSE;
  std::vector<float> features;
};

ChunkEvent Parse(const GstStructure *s) {
  ChunkEvent e;
  EXPECT_TRUE(gst_structure_get(s, "index", G_TYPE_UINT64, &e.index, "timestamp", G_TYPE_UINT64, &e.timestamp,
                                "stream-time", G_TYPE_UINT64, &e.stream_time, "running-time", G_TYPE_UINT64,
                                &e.running_time, "duration", G_TYPE_UINT64, &e.duration, "end", G_TYPE_UINT64, &e.end,
                                "frames", G_TYPE_INT, &e.frames, "padded", G_TYPE_BOOLEAN, &e.padded, "discont",
                                G_TYPE_BOOLEAN, &e.discont, "dropped", G_TYPE_BOOLEAN, &e.dropped, "step-timestamp",
                                G_TYPE_UINT64, &e.step, "step-duration", G_TYPE_UINT64, &e.step_duration, nullptr));
  GBytes *bytes = nullptr;
  if (gst_structure_get(s, "features", G_TYPE_BYTES, &bytes, nullptr)) {
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    e.features.resize(size / sizeof(float));
    std::memcpy(e.features.data(), data, size);
    g_bytes_unref(bytes);
  }
  return e;
}

GstStaticPadTemplate source_template = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

class R3dFeatures : public testing::Test {
 protected:
  void SetUp() override { Make("r3dfeatures"); }

  void TearDown() override {
    if (Fake<void(bool)>("fake_engine_set_gate") != nullptr) {
      SetGate(true);
      SetFailing(false);
      SetLoading(true);
    }
    End();
  }

  void End() {
    if (harness_ != nullptr) gst_harness_teardown(std::exchange(harness_, nullptr));
    if (bus_ == nullptr) return;
    gst_bus_set_flushing(bus_, TRUE);  // messages own the element, which owns the bus
    gst_object_unref(std::exchange(bus_, nullptr));
  }

  // (Re)makes the element from a launch line's part. Not live unless told.
  void Make(const std::string &description) {
    End();
    log_.clear();
    harness_ = gst_harness_new_empty();
    GError *error = nullptr;
    element_ = gst_parse_launch(description.c_str(), &error);
    ASSERT_EQ(error, nullptr) << error->message;
    bus_ = gst_bus_new();
    gst_bus_set_sync_handler(bus_, CountNetworks, this, nullptr);
    gst_element_set_bus(element_, bus_);
    gst_harness_add_element_full(harness_, element_, &source_template, "sink", &sink_template, "src");
    gst_harness_set_live(harness_, FALSE);
    GstPad *pad = gst_element_get_static_pad(element_, "src");
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                      Record, this, nullptr);
    gst_object_unref(pad);
    gst_object_unref(element_);  // the harness holds it
    if (wait_) WaitForNetwork();
  }

  // What is loaded beside is there.
  void WaitForNetwork() {
    std::unique_lock lock(mutex_);
    network_.wait(lock, [this] { return networks_ > 0; });
    networks_ = 0;
  }

  static GstBusSyncReply CountNetworks(GstBus *, GstMessage *message, gpointer user) {
    auto *self = static_cast<R3dFeatures *>(user);
    if (!gst_message_has_name(message, "action-network")) return GST_BUS_PASS;
    gst_message_unref(message);
    const std::lock_guard lock(self->mutex_);
    ++self->networks_;
    self->network_.notify_all();
    return GST_BUS_DROP;
  }

  guint64 Stat(const char *name) {
    GstStructure *stats = nullptr;
    g_object_get(element_, "stats", &stats, nullptr);
    guint64 value = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats, name, &value)) << name;
    gst_structure_free(stats);
    return value;
  }

  static GstPadProbeReturn Record(GstPad *, GstPadProbeInfo *info, gpointer user) {
    auto *self = static_cast<R3dFeatures *>(user);
    const std::lock_guard lock(self->mutex_);
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
      self->log_.push_back("buffer " + std::to_string(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)) / GST_MSECOND));
      return GST_PAD_PROBE_OK;
    }
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_IS_UPSTREAM(event) && !GST_EVENT_IS_DOWNSTREAM(event)) return GST_PAD_PROBE_OK;
    const GstStructure *s = gst_event_get_structure(event);
    if (gst_event_has_name(event, "action-features")) {
      self->chunks_.push_back(Parse(s));
      self->log_.push_back("features " + std::to_string(self->chunks_.back().index));
    } else if (gst_event_has_name(event, "action-backbone")) {
      gst_structure_get_boolean(s, "live", &self->live_);
      self->frame_roi_ = gst_structure_get_string(s, "frame-roi");
      gint hop = 0;
      gst_structure_get_int(s, "hop", &hop);
      self->hops_.push_back(hop);
      self->log_.push_back("backbone");
    } else if (gst_event_has_name(event, "action-run-end")) {
      self->log_.push_back("run end");
    } else {
      self->log_.push_back(GST_EVENT_TYPE_NAME(event));
    }
    return GST_PAD_PROBE_OK;
  }

  void SetCaps(int width = 64, int height = 48, int fps_n = 8, int fps_d = 1, const char *format = "GRAY8") {
    GstCaps *caps =
        gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT, width, "height",
                            G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, fps_n, fps_d, nullptr);
    gst_video_info_from_caps(&info_, caps);
    if (!gst_pad_has_current_caps(harness_->srcpad)) {
      gst_harness_set_src_caps(harness_, caps);  // with stream-start and segment
    } else {
      gst_harness_push_event(harness_, gst_event_new_caps(caps));
      gst_caps_unref(caps);
    }
  }

  GstBuffer *NewBuffer(GstClockTime pts, GstClockTime duration = kFrame, int value = 0) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr);
    gst_buffer_memset(buffer, 0, static_cast<guint8>(value), GST_VIDEO_INFO_SIZE(&info_));
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_DURATION(buffer) = duration;
    return buffer;
  }

  GstFlowReturn Push(GstClockTime pts, GstClockTime duration = kFrame, int value = 0) {
    return gst_harness_push(harness_, NewBuffer(pts, duration, value));
  }

  // `count` frames at 8 a second from frame number `first` on; the value of each is its number.
  void PushFrames(int count, int first = 0) {
    for (int i = first; i < first + count; ++i)
      ASSERT_EQ(Push(static_cast<GstClockTime>(i) * kFrame, kFrame, i), GST_FLOW_OK);
  }

  // On a thread of its own pushes up to 32 frames from number `first` on; its result is the flow that ended it.
  std::future<GstFlowReturn> PushUntilRefused(int first) {
    return std::async(std::launch::async, [this, first] {
      GstFlowReturn flow = GST_FLOW_OK;
      for (int i = first; i < first + 32 && flow == GST_FLOW_OK; ++i)
        flow = Push(static_cast<GstClockTime>(i) * kFrame);
      return flow;
    });
  }

  // Brings out everything that is under way.
  void Drain() {
    GstQuery *query = gst_query_new_drain();
    gst_pad_peer_query(harness_->srcpad, query);
    gst_query_unref(query);
  }

  void PushEos() { ASSERT_TRUE(gst_harness_push_event(harness_, gst_event_new_eos())); }

  void NewSegment(GstClockTime start, gdouble rate = 1.0) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = rate;
    if (rate > 0) {
      segment.start = segment.position = segment.time = start;
    } else {
      segment.stop = segment.position = start;
    }
    gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  }

  // Text of the first message of a type, or "".
  std::string MessageText(GstMessageType type) {
    GstMessage *message = gst_bus_pop_filtered(bus_, type);
    if (message == nullptr) return "";
    GError *error = nullptr;
    if (type == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
    } else {
      gst_message_parse_warning(message, &error, nullptr);
    }
    const std::string text = error->message;
    g_error_free(error);
    gst_message_unref(message);
    return text;
  }

  std::vector<std::string> Log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  GstHarness *harness_ = nullptr;
  GstElement *element_ = nullptr;
  GstBus *bus_ = nullptr;
  bool wait_ = true;  // Make waits for the network
  int networks_ = 0;  // messages action-network
  std::condition_variable network_;
  GstVideoInfo info_{};
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::vector<ChunkEvent> chunks_;
  std::vector<int> hops_;  // of each action-backbone
  gboolean live_ = -1;
  std::string frame_roi_;
};

// What a GRAY8 frame of this value is as RGB: limited range becomes full range.
float Grey(int value) {
  return std::clamp(std::round(static_cast<float>(value)), 0.0f, 255.0f);
}

TEST_F(R3dFeatures, ChunksOfStreamsOfEveryLength) {
  for (const int count : {0, 1, 15, 16, 17, 32, 33}) {
    Make("r3dfeatures");
    chunks_.clear();
    SetCaps();
    PushFrames(count);
    PushEos();
    const size_t expected = static_cast<size_t>((count + 15) / 16);
    ASSERT_EQ(chunks_.size(), expected) << count << " frames";
    for (size_t k = 0; k < expected; ++k) {
      const int frames = std::min(16, count - static_cast<int>(k) * 16);
      EXPECT_EQ(chunks_[k].index, k);
      EXPECT_EQ(chunks_[k].frames, frames);
      EXPECT_EQ(chunks_[k].padded, frames < 16);
      EXPECT_EQ(chunks_[k].discont, k == 0);
      EXPECT_FALSE(chunks_[k].dropped);
      EXPECT_EQ(chunks_[k].timestamp, k * 16 * kFrame);
      EXPECT_EQ(chunks_[k].end, static_cast<GstClockTime>(static_cast<int>(k) * 16 + frames) * kFrame);
      EXPECT_EQ(chunks_[k].duration, chunks_[k].end - chunks_[k].timestamp);
      ASSERT_EQ(chunks_[k].features.size(), 512u);
      EXPECT_FLOAT_EQ(chunks_[k].features[0], Grey(static_cast<int>(k) * 16));
      EXPECT_FLOAT_EQ(chunks_[k].features[1], Grey(static_cast<int>(k) * 16 + frames - 1));
    }
    const std::vector<std::string> log = Log();
    EXPECT_EQ(log.back(), "eos") << "everything comes before EOS";
    EXPECT_EQ(gst_harness_buffers_received(harness_), static_cast<guint>(count));
  }
}

TEST_F(R3dFeatures, PaddingRepeatsTheLastFrame) {
  SetCaps(64, 48, 8, 1, "RGB");
  for (int i = 0; i < 3; ++i)
    Push(static_cast<GstClockTime>(i) * kFrame, kFrame, 10 * (i + 1));
  PushEos();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_FLOAT_EQ(chunks_[0].features[0], 10);
  EXPECT_FLOAT_EQ(chunks_[0].features[1], 30);
  EXPECT_FLOAT_EQ(chunks_[0].features[2], (10 + 20 + 14 * 30) / 16.0f);
}

TEST_F(R3dFeatures, BuffersPassUntouched) {
  SetCaps();
  GstBuffer *in = NewBuffer(0);
  GstBuffer *out = gst_harness_push_and_pull(harness_, in);
  EXPECT_EQ(in, out);
  EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(out), 1) << "nobody keeps it";
  gst_buffer_unref(out);
}

TEST_F(R3dFeatures, AddsNoLatency) {
  SetCaps();
  gst_harness_set_upstream_latency(harness_, 30 * GST_MSECOND);
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND);
}

TEST_F(R3dFeatures, OrderOfEventsAndBuffers) {
  SetCaps();
  PushFrames(16);
  Drain();
  PushFrames(1, 16);
  PushEos();
  const std::vector<std::string> expected = {"stream-start", "caps",        "segment",     "backbone",    "buffer 0",
                                             "buffer 125",   "buffer 250",  "buffer 375",  "buffer 500",  "buffer 625",
                                             "buffer 750",   "buffer 875",  "buffer 1000", "buffer 1125", "buffer 1250",
                                             "buffer 1375",  "buffer 1500", "buffer 1625", "buffer 1750", "buffer 1875",
                                             "features 0",   "buffer 2000", "features 1",  "eos"};
  EXPECT_EQ(Log(), expected);
}

TEST_F(R3dFeatures, FinishedChunksLeaveBeforeTheNextBuffer) {
  SetCaps();
  PushFrames(16);
  Drain();
  const size_t before = Log().size();
  EXPECT_EQ(Log().back(), "features 0");
  PushFrames(1, 16);
  EXPECT_EQ(Log().size(), before + 1);
}

TEST_F(R3dFeatures, WorksWhileTheNetworkComputes) {
  SetCaps();
  SetGate(false);
  PushFrames(40);  // frames go on although no chunk comes back
  WaitAtGate();
  EXPECT_TRUE(chunks_.empty());
  SetGate(true);
  PushEos();
  EXPECT_EQ(chunks_.size(), 3u);
}

TEST_F(R3dFeatures, FlushForgetsAndCountsOn) {
  SetCaps();
  PushFrames(20);
  Drain();
  ASSERT_EQ(chunks_.size(), 1u);
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  NewSegment(0);
  PushFrames(17);
  PushEos();
  ASSERT_EQ(chunks_.size(), 3u) << "the 4 frames before the flush are in no chunk";
  EXPECT_EQ(chunks_[1].index, 1u);
  EXPECT_TRUE(chunks_[1].discont);
  EXPECT_EQ(chunks_[1].frames, 16);
  EXPECT_EQ(chunks_[2].frames, 1);
}

TEST_F(R3dFeatures, FlushEndsTheWaitForAFullQueue) {
  Make("r3dfeatures max-pending=1");
  SetCaps();
  SetGate(false);
  PushFrames(32);  // one chunk at the gate, one waiting
  WaitAtGate();
  auto blocked = PushUntilRefused(32);
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  EXPECT_EQ(blocked.get(), GST_FLOW_FLUSHING);
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  NewSegment(0);
  SetGate(true);
  chunks_.clear();
  PushFrames(16);
  PushEos();
  EXPECT_EQ(chunks_.size(), 1u);
}

// Whoever waits for events downstream asks whether they are on their way (common/feature_events.h).
TEST_F(R3dFeatures, SaysWhetherTheNetworkIsAtWork) {
  const auto busy = [this] {
    GstQuery *query = gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("action-busy"));
    gboolean said = FALSE;
    EXPECT_TRUE(gst_pad_peer_query(harness_->sinkpad, query));
    EXPECT_TRUE(gst_structure_get_boolean(gst_query_get_structure(query), "busy", &said));
    gst_query_unref(query);
    return said != FALSE;
  };
  SetCaps();
  EXPECT_FALSE(busy());
  SetGate(false);
  PushFrames(16);
  WaitAtGate();
  EXPECT_TRUE(busy());
  SetGate(true);
  PushEos();
  EXPECT_FALSE(busy());
}

TEST_F(R3dFeatures, StoppingEndsTheWaitForAFullQueue) {
  Make("r3dfeatures max-pending=1");
  SetCaps();
  SetGate(false);
  PushFrames(32);
  WaitAtGate();
  auto blocked = PushUntilRefused(32);
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  EXPECT_EQ(blocked.get(), GST_FLOW_FLUSHING);
}

TEST_F(R3dFeatures, StoppingEndsTheWaitAtEos) {
  SetCaps();
  SetGate(false);
  PushFrames(16);
  WaitAtGate();
  auto eos = std::async(std::launch::async, [this] { gst_harness_push_event(harness_, gst_event_new_eos()); });
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  eos.get();
  EXPECT_TRUE(chunks_.empty());
}

TEST_F(R3dFeatures, AFullQueueHoldsAFileBackAndLosesNothing) {
  Make("r3dfeatures max-pending=1");
  SetCaps();
  SetGate(false);
  PushFrames(32);
  WaitAtGate();
  auto pushing = std::async(std::launch::async, [this] { PushFrames(96, 32); });
  SetGate(true);
  pushing.get();
  PushEos();
  ASSERT_EQ(chunks_.size(), 8u);
  for (const ChunkEvent &chunk : chunks_)
    EXPECT_FALSE(chunk.dropped);
}

TEST_F(R3dFeatures, LiveDropsTheOldestAndSaysSo) {
  Make("r3dfeatures max-pending=1");
  gst_harness_set_live(harness_, TRUE);
  gst_harness_set_upstream_latency(harness_, 0);
  SetCaps();
  SetGate(false);
  PushFrames(16);
  WaitAtGate();
  PushFrames(64, 16);  // four more chunks: the first three of them are dropped
  SetGate(true);
  PushEos();
  EXPECT_TRUE(live_);
  ASSERT_EQ(chunks_.size(), 5u);
  std::vector<bool> dropped;
  for (size_t k = 0; k < chunks_.size(); ++k) {
    EXPECT_EQ(chunks_[k].index, k);
    dropped.push_back(chunks_[k].dropped != FALSE);
    EXPECT_EQ(chunks_[k].features.empty(), dropped.back());
  }
  EXPECT_EQ(dropped, (std::vector<bool>{false, true, true, true, false}));
  GstMessage *qos = gst_bus_pop_filtered(bus_, GST_MESSAGE_QOS);
  ASSERT_NE(qos, nullptr);
  gboolean live = FALSE;
  guint64 running = 0, stream = 0, timestamp = 0, duration = 0;
  gst_message_parse_qos(qos, &live, &running, &stream, &timestamp, &duration);
  EXPECT_TRUE(live);
  EXPECT_EQ(timestamp, 16 * kFrame);
  EXPECT_EQ(duration, 16 * kFrame);
  GstFormat format = GST_FORMAT_UNDEFINED;
  guint64 processed = 0, lost = 0;
  gst_message_parse_qos_stats(qos, &format, &processed, &lost);
  EXPECT_EQ(format, GST_FORMAT_BUFFERS);
  EXPECT_GE(processed, 1u) << "by the time of the message";
  EXPECT_EQ(lost, 3u);
  const GstStructure *fields = gst_message_get_structure(qos);
  guint64 batches = 0, wait = 0, compute = 0;
  EXPECT_TRUE(gst_structure_get(fields, "batches", G_TYPE_UINT64, &batches, "wait", G_TYPE_UINT64, &wait, "compute",
                                G_TYPE_UINT64, &compute, nullptr));
  EXPECT_EQ(batches, processed) << "one chunk each";
  EXPECT_LE(compute, Stat("compute"));
  EXPECT_LE(wait, Stat("wait"));
  gst_message_unref(qos);
  EXPECT_EQ(Stat("chunks"), 2u);
  EXPECT_EQ(Stat("dropped"), 3u);
}

// A live picture that falls behind is told of, once; one that is always late by the same is not.
TEST_F(R3dFeatures, LiveVideoThatFallsBehindIsTold) {
  const auto warnings = [this](GstClockTime steady, double growth) {
    Make("r3dfeatures");
    gst_harness_set_live(harness_, TRUE);
    gst_harness_set_upstream_latency(harness_, 0);
    SetCaps();
    for (int i = 0; i < 64; ++i) {
      const GstClockTime late = steady + static_cast<GstClockTime>(growth * i * static_cast<double>(kFrame));
      gst_harness_set_time(harness_, static_cast<GstClockTime>(i) * kFrame + late);
      PushFrames(1, i);
    }
    int count = 0;
    while (GstMessage *message = gst_bus_pop_filtered(bus_, GST_MESSAGE_WARNING)) {
      GError *error = nullptr;
      gst_message_parse_warning(message, &error, nullptr);
      count += std::string(error->message).find("behind") != std::string::npos ? 1 : 0;
      g_error_free(error);
      gst_message_unref(message);
    }
    return count;
  };
  EXPECT_EQ(warnings(10 * GST_SECOND, 0), 0);
  EXPECT_EQ(warnings(0, 0.5), 0) << "4 s";
  EXPECT_EQ(warnings(0, 1), 1) << "8 s";
}

// hop=4: while chunks pile up the hop becomes 8, then 16, and is announced; nothing is lost, and steps follow on each
// other.
TEST_F(R3dFeatures, AnOverloadedLiveStreamHasFewerSteps) {
  for (const bool adaptive : {true, false}) {
    Make(std::string("r3dfeatures hop=4 adaptive-hop=") + (adaptive ? "true" : "false"));
    chunks_.clear();
    hops_.clear();
    gst_harness_set_live(harness_, TRUE);
    SetCaps();
    SetGate(false);
    PushFrames(16);
    WaitAtGate();
    PushFrames(adaptive ? 26 : 32, 16);  // chunks end at 16, 20, 24, 30 and 42: one is computed, four may wait
    SetGate(true);
    PushEos();
    const auto dropped = std::ranges::count_if(chunks_, [](const ChunkEvent &chunk) { return chunk.dropped != FALSE; });
    if (!adaptive) {
      EXPECT_GT(dropped, 0);
      EXPECT_EQ(hops_, std::vector<int>{4});
      EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("steps are lost"), std::string::npos);
      EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
      continue;
    }
    EXPECT_EQ(dropped, 0);
    EXPECT_EQ(hops_, (std::vector<int>{4, 8, 16}));
    GstStructure *stats = nullptr;
    gint hop = 0;
    g_object_get(element_, "stats", &stats, nullptr);
    EXPECT_TRUE(gst_structure_get_int(stats, "hop", &hop) && hop == 16);
    gst_structure_free(stats);
    for (size_t k = 1; k < chunks_.size(); ++k)
      EXPECT_EQ(chunks_[k].step, chunks_[k - 1].step + chunks_[k - 1].step_duration) << k;
    EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("a step every 1.0 s (hop 8)"), std::string::npos);
    EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("a step every 2.0 s (hop 16)"), std::string::npos);
    EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
  }
}

TEST_F(R3dFeatures, StatisticsOutliveTheStream) {
  SetCaps();
  PushFrames(40);
  PushEos();
  EXPECT_EQ(Stat("chunks"), 3u);
  EXPECT_EQ(Stat("network-chunks"), 3u);
  EXPECT_EQ(Stat("batches"), Stat("network-batches")) << "one stream alone";
  gst_element_set_state(element_, GST_STATE_READY);
  EXPECT_EQ(Stat("chunks"), 3u);
}

TEST_F(R3dFeatures, BatchSizeLetsWaitingChunksGoTogether) {
  Make("r3dfeatures batch-size=4 max-pending=8");
  SetCaps();
  SetGate(false);
  PushFrames(16);
  WaitAtGate();
  PushFrames(64, 16);  // four more
  SetGate(true);
  PushEos();
  EXPECT_EQ(chunks_.size(), 5u);
  EXPECT_EQ(Stat("chunks"), 5u);
  EXPECT_EQ(Stat("batches"), 2u);
}

TEST_F(R3dFeatures, QosIsSwallowedUnlessLive) {
  for (const gboolean live : {gboolean{FALSE}, gboolean{TRUE}}) {
    Make("r3dfeatures");
    gst_harness_set_live(harness_, live);
    gst_harness_set_upstream_latency(harness_, 0);
    SetCaps();
    PushFrames(1);
    while (GstEvent *event = gst_harness_try_pull_upstream_event(harness_))
      gst_event_unref(event);
    gst_harness_push_upstream_event(harness_, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 1000, 0));
    GstEvent *event = gst_harness_try_pull_upstream_event(harness_);
    EXPECT_EQ(event != nullptr, live != FALSE);
    if (event != nullptr) gst_event_unref(event);
  }
}

TEST_F(R3dFeatures, OtherUpstreamEventsPass) {
  SetCaps();
  PushFrames(1);
  while (GstEvent *event = gst_harness_try_pull_upstream_event(harness_))
    gst_event_unref(event);
  gst_harness_push_upstream_event(harness_, gst_event_new_reconfigure());
  gst_harness_push_upstream_event(harness_, gst_event_new_navigation(gst_structure_new_empty("x")));
  GstEvent *event = gst_harness_try_pull_upstream_event(harness_);
  EXPECT_NE(event, nullptr);
  if (event != nullptr) gst_event_unref(event);
}

TEST_F(R3dFeatures, ASizeChangeEndsTheRun) {
  SetCaps(64, 48);
  PushFrames(5);
  SetCaps(32, 32);
  PushFrames(3, 5);
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[0].frames, 5);
  EXPECT_TRUE(chunks_[0].padded);
  EXPECT_EQ(chunks_[0].end, 5 * kFrame);
  EXPECT_EQ(chunks_[1].frames, 3);
  EXPECT_TRUE(chunks_[1].discont);
}

TEST_F(R3dFeatures, AFormatOrRateChangeDoesNot) {
  SetCaps(64, 48, 8, 1, "GRAY8");
  PushFrames(5);
  SetCaps(64, 48, 8, 1, "I420");
  PushFrames(5, 5);
  SetCaps(64, 48, 16, 1, "I420");
  for (int i = 0; i < 12; ++i)
    Push(10 * kFrame + static_cast<GstClockTime>(i) * kFrame / 2, kFrame / 2);
  PushEos();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].frames, 15 + 1) << "10 at 8 fps, then every second of 12";
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "and the new rate is kept";
}

TEST_F(R3dFeatures, AHoleEndsTheRunAndALostFrameDoesNot) {
  SetCaps();
  PushFrames(5);
  PushFrames(4, 6);   // frame 5 is lost
  PushFrames(3, 30);  // 2.5 s are missing
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[0].frames, 9);
  EXPECT_EQ(chunks_[0].end, 10 * kFrame);
  EXPECT_EQ(chunks_[1].timestamp, 30 * kFrame);
  EXPECT_TRUE(chunks_[1].discont);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "a lost frame or two are counted on";
}

TEST_F(R3dFeatures, ARateThatIsNotKeptIsSaidOnce) {
  SetCaps();
  PushFrames(5);
  for (int at = 6; at < 30; at += 4)
    PushFrames(3, at);  // every fourth frame is lost
  EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("by timestamp"), std::string::npos);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "said once";
}

TEST_F(R3dFeatures, GapThresholdIsAProperty) {
  Make("r3dfeatures gap-threshold=10000000000 sampling=stride");
  SetCaps();
  PushFrames(5);
  PushFrames(5, 40);
  PushEos();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].frames, 10);
}

// Nothing else comes that would bring the chunk out, and frames may be held for its label further down.
TEST_F(R3dFeatures, AGapEventEndsTheRunAtOnce) {
  SetCaps();
  PushFrames(5);
  gst_harness_push_event(harness_, gst_event_new_gap(5 * kFrame, GST_SECOND / 2));
  EXPECT_TRUE(chunks_.empty()) << "half a second is not a hole";
  for (int second = 0; second < 3; ++second) {
    gst_harness_push_event(harness_, gst_event_new_gap(5 * kFrame + static_cast<GstClockTime>(second) * GST_SECOND,
                                                       GST_SECOND + GST_MSECOND));
  }
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].frames, 5);
  const std::vector<std::string> log = Log();
  const std::vector<std::string> end(log.end() - 5, log.end());
  EXPECT_EQ(end, (std::vector<std::string>{"features 0", "run end", "gap", "gap", "gap"})) << "once";
  PushFrames(2, 100);
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_TRUE(chunks_[1].discont);
}

TEST_F(R3dFeatures, TheEndOfAGroupOfStreamsBringsOutTheRest) {
  SetCaps();
  PushFrames(5);
  gst_harness_push_event(harness_, gst_event_new_stream_group_done(1));
  const std::vector<std::string> log = Log();
  EXPECT_EQ((std::vector<std::string>(log.end() - 2, log.end())),
            (std::vector<std::string>{"features 0", "stream-group-done"}));
}

TEST_F(R3dFeatures, ANewSegmentEndsTheRunBeforeIt) {
  SetCaps();
  PushFrames(5);
  NewSegment(GST_SECOND);
  PushFrames(2, 8);
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[0].frames, 5);
  EXPECT_EQ(chunks_[1].timestamp, GST_SECOND);
  EXPECT_EQ(chunks_[1].stream_time, GST_SECOND);
  EXPECT_EQ(chunks_[1].running_time, 0u);
  const std::vector<std::string> log = Log();
  const auto features = std::find(log.begin(), log.end(), "features 0");
  EXPECT_EQ(*(features + 1), "segment");
}

TEST_F(R3dFeatures, ANewStreamComesAfterTheChunksOfTheOneBefore) {
  SetCaps();
  PushFrames(20);
  gst_harness_push_event(harness_, gst_event_new_stream_start("second"));
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].frames, 4);
  EXPECT_EQ(Log().back(), "stream-start");
}

TEST_F(R3dFeatures, ASegmentSeekEndsWithItsChunks) {
  SetCaps();
  PushFrames(20);
  gst_harness_push_event(harness_, gst_event_new_segment_done(GST_FORMAT_TIME, 20 * kFrame));
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].frames, 4);
  EXPECT_EQ(Log().back(), "segment-done");
}

TEST_F(R3dFeatures, TimesOfAStreamThatDoesNotStartAtZero) {
  gst_harness_set_src_caps_str(harness_, "video/x-raw,format=GRAY8,width=64,height=48,framerate=8/1");
  gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_GRAY8, 64, 48);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 66'666'667;
  segment.time = 0;
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  for (int i = 0; i < 3; ++i)
    Push(66'666'667 + static_cast<GstClockTime>(i) * kFrame);
  PushEos();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].timestamp, 66'666'667u);
  EXPECT_EQ(chunks_[0].stream_time, 0u);
  EXPECT_EQ(chunks_[0].running_time, 0u);
}

TEST_F(R3dFeatures, BuffersWithoutTimesAreCounted) {
  SetCaps();
  for (int i = 0; i < 20; ++i)
    Push(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].timestamp, 16 * kFrame);
}

TEST_F(R3dFeatures, HopGivesOverlappingChunks) {
  Make("r3dfeatures hop=4");
  SetCaps();
  PushFrames(22);
  PushEos();
  ASSERT_EQ(chunks_.size(), 3u) << "1 + ceil((22 - 16) / 4)";
  EXPECT_EQ(chunks_[1].timestamp, 4 * kFrame);
  EXPECT_EQ(chunks_[2].frames, 14);
}

TEST_F(R3dFeatures, SampleRateAndStride) {
  Make("r3dfeatures sample-rate=4/1 sampling=stride");
  SetCaps(64, 48, 8, 1);
  PushFrames(32);
  PushEos();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].frames, 16);
}

TEST_F(R3dFeatures, BackwardPlaybackPassesWithoutFeatures) {
  SetCaps();
  PushFrames(5);
  NewSegment(10 * GST_SECOND, -1.0);
  PushFrames(20, 8);
  PushEos();
  EXPECT_EQ(chunks_.size(), 1u) << "what came before";
  EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("Backward"), std::string::npos);
}

TEST_F(R3dFeatures, TheBackboneIsAnnouncedAgainAfterReady) {
  SetCaps();
  PushFrames(16);
  Drain();
  gst_element_set_state(element_, GST_STATE_READY);
  gst_element_set_state(element_, GST_STATE_PLAYING);
  gst_harness_push_event(harness_, gst_event_new_stream_start("again"));
  SetCaps();
  NewSegment(0);
  PushFrames(16);
  PushEos();
  const std::vector<std::string> log = Log();
  EXPECT_EQ(std::count(log.begin(), log.end(), "backbone"), 2);
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].index, 0u) << "counts anew";
}

TEST_F(R3dFeatures, ABrokenNetworkIsAnElementError) {
  SetCaps();
  SetFailing(true);
  PushFrames(16);
  PushEos();
  EXPECT_NE(MessageText(GST_MESSAGE_ERROR).find("the fake network was told to fail"), std::string::npos);
  EXPECT_EQ(Log().back(), "eos") << "the stream ends all the same";
}

TEST_F(R3dFeatures, MemoryThatCannotBeMappedIsRefusedWithTheWayOut) {
  GstCaps *caps = gst_caps_from_string("video/x-raw(memory:NVMM),format=RGBA,width=64,height=48,framerate=8/1");
  GstPad *pad = gst_element_get_static_pad(element_, "sink");
  gst_pad_send_event(pad, gst_event_new_stream_start("gpu"));
  EXPECT_FALSE(gst_pad_send_event(pad, gst_event_new_caps(caps)));
  EXPECT_NE(MessageText(GST_MESSAGE_ERROR).find("put nvvideoconvert before it"), std::string::npos);
  gst_object_unref(pad);
  gst_caps_unref(caps);
}

// Of frames on a GPU only the sampled ones are copied to main memory, and the features are the same.
TEST_F(R3dFeatures, FramesOfAGpuStayThere) {
  const test::Device device;
  const auto run = [&](const char *memory) {
    Make("r3dfeatures");
    chunks_.clear();
    const bool on_device = *memory != '\0';
    const std::string text = "video/x-raw" + std::string(memory) +
                             ",format=NV12,width=64,height=48,framerate=24/1";  // every third is sampled
    GstCaps *caps = gst_caps_from_string(text.c_str());
    gst_video_info_from_caps(&info_, caps);
    gst_harness_set_src_caps(harness_, caps);
    for (int i = 0; i < 90; ++i) {
      GstBuffer *frame = NewBuffer(static_cast<GstClockTime>(i) * GST_SECOND / 24, GST_SECOND / 24, 20 + i);
      if (on_device) frame = device.Upload(frame);
      GstBuffer *out = gst_harness_push_and_pull(harness_, frame);
      EXPECT_EQ(out, frame);
      if (on_device) {
        EXPECT_EQ(test::Device::BytesOf(out)[0], 20 + i);
      }
      gst_buffer_unref(out);
    }
    PushEos();
    std::vector<std::vector<float>> features;
    for (const ChunkEvent &chunk : chunks_)
      features.push_back(chunk.features);
    return features;
  };
  const auto plain = run("");
  ASSERT_EQ(plain.size(), 2u);
  for (const char *memory : {"(memory:CUDAMemory)", "(memory:GLMemory)", "(memory:VAMemory)",
                             "(memory:CUDAMemory,meta:GstVideoOverlayComposition)"}) {
    device->downloads = 0;
    EXPECT_EQ(run(memory), plain) << memory;
    EXPECT_EQ(device->downloads, 30) << "the sampled ones, once each";
  }
  EXPECT_EQ(device->uploads, 0);
}

TEST_F(R3dFeatures, AFrameOfAGpuThatCannotBeCopiedIsAnError) {
  const test::Device device;
  device->failing = true;
  GstCaps *caps = gst_caps_from_string("video/x-raw(memory:CUDAMemory),format=NV12,width=64,height=48,framerate=8/1");
  gst_video_info_from_caps(&info_, caps);
  gst_harness_set_src_caps(harness_, caps);
  EXPECT_EQ(gst_harness_push(harness_, device.Upload(NewBuffer(0))), GST_FLOW_ERROR);
  const std::string text = MessageText(GST_MESSAGE_ERROR);
  EXPECT_NE(text.find("test.device"), std::string::npos) << text;
  EXPECT_NE(text.find("cudadownload"), std::string::npos) << text;
}

TEST_F(R3dFeatures, PassesOverlayCompositionCaps) {
  GstCaps *caps = gst_caps_from_string(
      "video/x-raw(memory:SystemMemory, "
      "meta:GstVideoOverlayComposition),format=GRAY8,width=64,height=48,framerate=8/1");
  gst_video_info_from_caps(&info_, caps);
  gst_harness_set_src_caps(harness_, caps);
  PushFrames(16);
  PushEos();
  EXPECT_EQ(chunks_.size(), 1u);
}

TEST_F(R3dFeatures, MessagesCarryTheSameFacts) {
  for (const bool with_features : {false, true}) {
    Make(with_features ? "r3dfeatures post-features=true" : "r3dfeatures");
    chunks_.clear();
    SetCaps();
    PushFrames(16);
    PushEos();
    GstMessage *message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT);
    ASSERT_NE(message, nullptr);
    const GstStructure *s = gst_message_get_structure(message);
    EXPECT_TRUE(gst_structure_has_name(s, "action-features"));
    EXPECT_EQ(gst_structure_has_field(s, "features") != FALSE, with_features);
    EXPECT_EQ(Parse(s).end, chunks_[0].end);
    gst_message_unref(message);
  }
  Make("r3dfeatures post-messages=false");
  SetCaps();
  PushFrames(16);
  PushEos();
  EXPECT_EQ(gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT), nullptr);
}

TEST_F(R3dFeatures, StandInWeightsAreAnnouncedOnce) {
  Make("r3dfeatures weights=stand-in");
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "stand-in backbone: not a measurement");
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
}

TEST_F(R3dFeatures, TooSmallABufferIsAnErrorNotACrash) {
  SetCaps(640, 480);
  GstBuffer *buffer = gst_buffer_new_allocate(nullptr, 100, nullptr);
  GST_BUFFER_PTS(buffer) = 0;
  EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_ERROR);
  EXPECT_NE(MessageText(GST_MESSAGE_ERROR).find("it has 100 bytes"), std::string::npos);
}

// A decoder may leave it to others to cut its picture out of what it decoded: GstVideoCropMeta.
TEST_F(R3dFeatures, ACropMetaIsThePicture) {
  constexpr int kX = 36, kY = 16, kWidth = 60, kHeight = 72;
  for (const char *format : {"I420", "NV12", "YUY2", "UYVY", "RGB", "GRAY8", "I420_10LE", "GBR", "Y41B", "v210"}) {
    const std::string source = std::string("videotestsrc num-buffers=1 ! video/x-raw,width=160,height=96,format=") +
                               format + ",framerate=8/1 ! identity";
    const auto first_mean = [&](bool meta) {
      GstHarness *pictures = gst_harness_new_parse(
          meta ? source.c_str() : (source + " ! videocrop left=36 right=64 top=16 bottom=8").c_str());
      gst_harness_play(pictures);
      GstBuffer *pulled = gst_harness_pull(pictures);
      GstBuffer *buffer = gst_buffer_copy_deep(pulled);
      gst_buffer_unref(pulled);
      gst_harness_teardown(pictures);
      if (meta) {
        if (gst_buffer_get_video_meta(buffer) == nullptr) {
          const GstVideoFormat id = gst_video_format_from_string(format);
          gst_buffer_add_video_meta(buffer, GST_VIDEO_FRAME_FLAG_NONE, id, 160, 96);
        }
        GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);
        crop->x = kX;
        crop->y = kY;
        crop->width = kWidth;
        crop->height = kHeight;
      }
      Make("r3dfeatures");
      chunks_.clear();
      SetCaps(kWidth, kHeight, 8, 1, format);
      gst_harness_push(harness_, buffer);
      PushEos();
      return chunks_.empty() || chunks_[0].features.empty() ? -1.0f : chunks_[0].features[0];
    };
    const float expected = first_mean(false);
    ASSERT_GT(expected, 10) << format;
    const bool converted = std::string(format) == "v210";
    EXPECT_NEAR(first_mean(true), expected, converted ? 1.0 : 0.0) << format;
  }
}

TEST_F(R3dFeatures, ACropOutsideTheBufferIsAnError) {
  SetCaps(64, 48);
  GstBuffer *buffer = NewBuffer(0);
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);
  crop->x = 60;
  crop->width = 8;
  crop->height = 48;
  EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_ERROR);
  EXPECT_NE(MessageText(GST_MESSAGE_ERROR).find("8x48 pixels at 60,0"), std::string::npos);
}

// A frame with a grey of its own in each quarter: 40, 80 / 120, 160.
class Turned : public R3dFeatures {
 protected:
  static constexpr int kSide = 224;  // each quarter of 112 x 112 is one grey

  GstBuffer *NewQuarters(int number) {
    GstBuffer *buffer = NewBuffer(static_cast<GstClockTime>(number) * kFrame);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x)
        map.data[y * kSide + x] = static_cast<guint8>(40 * (1 + (x >= kSide / 2) + 2 * (y >= kSide / 2)));
    }
    gst_buffer_unmap(buffer, &map);
    return buffer;
  }
  void PushQuarters(int count, int first = 0) {
    for (int i = first; i < first + count; ++i)
      ASSERT_EQ(gst_harness_push(harness_, NewQuarters(i)), GST_FLOW_OK);
  }
  void PushTag(const char *orientation, GstTagScope scope = GST_TAG_SCOPE_STREAM) {
    GstTagList *tags = gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, orientation, nullptr);
    gst_tag_list_set_scope(tags, scope);
    ASSERT_TRUE(gst_harness_push_event(harness_, gst_event_new_tag(tags)));
  }
  // What of one frame is in the upper left quarter after turning, with the region that was announced for frames.
  std::pair<float, std::string> UpperLeft(const std::string &orientation) {
    Make("r3dfeatures roi=0,0,0.5,0.5 orientation=" + orientation);
    chunks_.clear();
    SetCaps(kSide, kSide);
    PushQuarters(1);
    PushEos();
    return {chunks_.empty() || chunks_[0].features.empty() ? -1 : chunks_[0].features[0], frame_roi_};
  }
};

TEST_F(Turned, BeforeTheRegionIsTaken) {
  using Seen = std::pair<float, std::string>;
  EXPECT_EQ(UpperLeft("identity"), Seen(40, "0,0,0.5,0.5"));
  EXPECT_EQ(UpperLeft("90r"), Seen(120, "0,0.5,0.5,0.5"));
  EXPECT_EQ(UpperLeft("180"), Seen(160, "0.5,0.5,0.5,0.5"));
  EXPECT_EQ(UpperLeft("90l"), Seen(80, "0.5,0,0.5,0.5"));
  EXPECT_EQ(UpperLeft("horiz"), Seen(80, "0.5,0,0.5,0.5"));
  EXPECT_EQ(UpperLeft("vert"), Seen(120, "0,0.5,0.5,0.5"));
  EXPECT_EQ(UpperLeft("ul-lr"), Seen(40, "0,0,0.5,0.5"));
  EXPECT_EQ(UpperLeft("ur-ll"), Seen(160, "0.5,0.5,0.5,0.5"));
  EXPECT_EQ(UpperLeft("auto"), Seen(40, "0,0,0.5,0.5"));  // without a tag
}

TEST_F(Turned, ByTheTagOfTheStreamThenOfTheFile) {
  Make("r3dfeatures roi=0,0,0.5,0.5 orientation=auto");
  SetCaps(kSide, kSide);
  PushTag("rotate-180", GST_TAG_SCOPE_GLOBAL);
  PushTag("rotate-90");
  PushTag("rotate-180", GST_TAG_SCOPE_GLOBAL);  // comes last, counts less
  PushQuarters(16);
  Drain();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].features[0], 120);
  EXPECT_EQ(frame_roi_, "0,0.5,0.5,0.5");
}

TEST_F(Turned, ATagInTheMiddleEndsTheRun) {
  Make("r3dfeatures roi=0,0,0.5,0.5 orientation=auto");
  SetCaps(kSide, kSide);
  PushQuarters(4);
  PushTag("rotate-180");
  PushTag("rotate-180");  // once more says nothing new
  PushQuarters(4, 4);
  gst_harness_push_event(harness_, gst_event_new_stream_start("another"));  // which says nothing of it
  NewSegment(0);
  PushQuarters(4, 8);
  PushEos();
  ASSERT_EQ(chunks_.size(), 3u);
  EXPECT_EQ(chunks_[0].features[1], 40);
  EXPECT_EQ(chunks_[1].features[1], 160);
  EXPECT_EQ(chunks_[2].features[1], 40);
  for (const ChunkEvent &chunk : chunks_) {
    EXPECT_EQ(chunk.frames, 4);
    EXPECT_TRUE(chunk.discont);
  }
  const auto log = Log();
  EXPECT_EQ(std::ranges::count(log, "backbone"), 3);
  const auto place = [&log](const char *what) { return std::ranges::find(log, what) - log.begin(); };
  const auto last_of = [&log](const char *what) {
    return log.rend() - std::ranges::find(log.rbegin(), log.rend(), what) - 1;
  };
  EXPECT_LT(last_of("stream-start"), last_of("backbone")) << "of a stream after its beginning";
  EXPECT_LT(place("backbone"), place("buffer 0"));
  EXPECT_EQ(frame_roi_, "0,0,0.5,0.5");
}

// EOS closes a pad to events until the next stream begins.
TEST_F(Turned, ANewStreamAfterEosIsAnnounced) {
  Make("r3dfeatures roi=0,0,0.5,0.5 orientation=auto");
  SetCaps(kSide, kSide);
  PushTag("rotate-180");
  PushQuarters(4);
  PushEos();
  EXPECT_EQ(frame_roi_, "0.5,0.5,0.5,0.5");
  const auto backbones = [this] {
    const auto log = Log();
    return std::ranges::count(log, "backbone");
  };
  gst_harness_push_event(harness_, gst_event_new_stream_start("another"));
  NewSegment(0);
  PushQuarters(4);
  EXPECT_EQ(frame_roi_, "0,0,0.5,0.5");
  EXPECT_EQ(backbones(), 2);
  // The same turn as before says nothing new.
  gst_harness_push_event(harness_, gst_event_new_stream_start("a third"));
  NewSegment(0);
  PushTag("rotate-0");
  PushQuarters(4);
  EXPECT_EQ(backbones(), 2);
}

TEST_F(R3dFeatures, FeaturesOfAnotherGoNoFurther) {
  SetCaps();
  const auto custom = [](GstEventType type, const char *name) {
    return gst_event_new_custom(type, gst_structure_new_empty(name));
  };
  for (int i = 0; i < 2; ++i) {
    gst_harness_push_event(harness_, custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, "action-backbone"));
    gst_harness_push_event(harness_, custom(GST_EVENT_CUSTOM_DOWNSTREAM, "action-features"));
    gst_harness_push_event(harness_, custom(GST_EVENT_CUSTOM_DOWNSTREAM, "action-run-end"));
  }
  EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("Another r3dfeatures"), std::string::npos);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
  for (const std::string &entry : Log()) {
    EXPECT_NE(entry, "backbone");
    EXPECT_NE(entry, "run end");
  }
  EXPECT_TRUE(chunks_.empty());
  PushFrames(16);
  PushEos();
  EXPECT_EQ(chunks_.size(), 1u);
}

TEST_F(Turned, TagsAreIgnoredUnlessAskedFor) {
  Make("r3dfeatures roi=0,0,0.5,0.5");
  SetCaps(kSide, kSide);
  PushTag("rotate-180");
  PushQuarters(16);
  Drain();
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].features[0], 40);
}

// ---- The network is loaded beside

class Loading : public R3dFeatures {
 protected:
  void SetUp() override {
    SetLoading(false);
    wait_ = false;
  }
  // What the query action-busy says of `field`.
  bool Says(const char *field) {
    GstQuery *query = gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("action-busy"));
    EXPECT_TRUE(gst_pad_peer_query(harness_->sinkpad, query));
    gboolean said = FALSE;
    EXPECT_TRUE(gst_structure_get_boolean(gst_query_get_structure(query), field, &said));
    gst_query_unref(query);
    return said != FALSE;
  }
};

// Every state is reached though no network is there: set_state returns, or this test hangs.
TEST_F(Loading, AFileWaitsWithItsCapsAndLosesNothing) {
  Make("r3dfeatures");
  EXPECT_TRUE(Says("loading"));
  auto pushing = std::async(std::launch::async, [this] {
    SetCaps();
    PushFrames(40);
    PushEos();
  });
  SetLoading(true);
  pushing.get();
  EXPECT_FALSE(Says("loading"));
  EXPECT_EQ(chunks_.size(), 3u);
  const auto log = Log();
  EXPECT_LT(std::ranges::find(log, "backbone"), std::ranges::find(log, "buffer 0"));
}

TEST_F(Loading, ALiveStreamPassesMeanwhile) {
  Make("r3dfeatures orientation=auto");
  gst_harness_set_live(harness_, TRUE);
  SetCaps();
  PushFrames(20);
  GstTagList *tags = gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, "rotate-180", nullptr);
  gst_harness_push_event(harness_, gst_event_new_tag(tags));
  EXPECT_EQ(chunks_.size(), 0u);
  EXPECT_EQ(std::ranges::count(Log(), "backbone"), 0);
  SetLoading(true);
  WaitForNetwork();
  PushFrames(40, 20);
  PushEos();
  ASSERT_EQ(chunks_.size(), 3u) << "of 40 frames";
  EXPECT_EQ(chunks_[0].timestamp, 20 * kFrame);
  EXPECT_TRUE(chunks_[0].discont);
  EXPECT_EQ(chunks_[0].index, 0u);
  const auto log = Log();
  const auto backbone = std::ranges::find(log, "backbone");
  EXPECT_EQ(*std::prev(backbone), "tag") << "right before the first frame that is looked at";
}

TEST_F(Loading, EndsThatComeFirst) {
  Make("r3dfeatures");
  gst_harness_set_live(harness_, TRUE);
  SetCaps();
  PushFrames(20);
  PushEos();
  EXPECT_EQ(std::ranges::count(Log(), "eos"), 1);
}

TEST_F(Loading, StoppingAndFlushingEndTheWait) {
  for (const bool flush : {false, true}) {
    End();
    SetLoading(false);
    Make("r3dfeatures");
    auto caps = std::async(std::launch::async, [this] {
      GstCaps *gray = gst_caps_from_string("video/x-raw,format=GRAY8,width=64,height=48,framerate=8/1");
      gst_video_info_from_caps(&info_, gray);
      gst_harness_push_event(harness_, gst_event_new_stream_start("test"));
      gst_harness_push_event(harness_, gst_event_new_caps(gray));  // may be refused: by then it is stopped
      gst_caps_unref(gray);
    });
    if (flush) {
      gst_harness_push_event(harness_, gst_event_new_flush_start());
      caps.get();
      gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
      SetLoading(true);
      chunks_.clear();
      NewSegment(0);
      PushFrames(16);
      PushEos();
      EXPECT_EQ(chunks_.size(), 1u);
    } else {
      EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
      caps.get();
      SetLoading(true);
    }
  }
}

TEST_F(Loading, AnErrorIsPostedAndEndsTheStream) {
  for (const bool live : {false, true}) {
    End();
    SetLoading(false);
    Make("r3dfeatures weights=damaged");
    gst_harness_set_live(harness_, live);
    if (live) SetCaps();
    SetLoading(true);
    GstMessage *message = gst_bus_timed_pop_filtered(bus_, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR);
    GError *error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    EXPECT_STREQ(error->message, "the weights are damaged");
    g_error_free(error);
    gst_message_unref(message);
    if (!live) continue;
    while (Says("loading"))
      std::this_thread::yield();
    EXPECT_EQ(Push(0), GST_FLOW_ERROR);
  }
  EXPECT_EQ(gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR), nullptr) << "said once";
  gst_element_set_state(element_, GST_STATE_NULL);
  g_object_set(element_, "weights", "mended", nullptr);
  EXPECT_NE(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  WaitForNetwork();
}

// Other weights while the first are being loaded: those that were asked for last count.
TEST_F(Loading, WhatWasAskedForLastIsTaken) {
  Make("r3dfeatures weights=damaged");
  gst_element_set_state(element_, GST_STATE_READY);
  g_object_set(element_, "weights", "stand-in", nullptr);
  gst_element_set_state(element_, GST_STATE_PAUSED);
  SetLoading(true);
  WaitForNetwork();
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "stand-in backbone: not a measurement");
}

TEST_F(R3dFeatures, WeightsMayChangeInReady) {
  Make("r3dfeatures weights=one");
  SetCaps();
  gst_element_set_state(element_, GST_STATE_READY);
  g_object_set(element_, "weights", "stand-in", nullptr);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
  gst_element_set_state(element_, GST_STATE_PAUSED);
  WaitForNetwork();
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "stand-in backbone: not a measurement") << "the new ones are open";
  gst_element_set_state(element_, GST_STATE_READY);
  gst_element_set_state(element_, GST_STATE_PAUSED);
  WaitForNetwork();
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "and stay open";
  gst_element_set_state(element_, GST_STATE_READY);
  g_object_set(element_, "device", "toaster", nullptr);
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_NE(MessageText(GST_MESSAGE_ERROR).find("toaster"), std::string::npos);
}

// As cv2 takes them: 25 a second, every third of them.
TEST_F(R3dFeatures, FramesWithoutTimesAndWithoutARateCountAs25ASecond) {
  for (const bool first_has_a_time : {false, true}) {
    Make("r3dfeatures");
    chunks_.clear();
    SetCaps(64, 48, 0, 1);
    for (int i = 0; i < 100; ++i) {
      const bool timed = first_has_a_time && i == 0;
      ASSERT_EQ(Push(timed ? 0 : GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE), GST_FLOW_OK);
    }
    PushEos();
    ASSERT_EQ(chunks_.size(), 3u);
    EXPECT_EQ(chunks_[0].frames + chunks_[1].frames + chunks_[2].frames, 34);
    EXPECT_NEAR(static_cast<double>(chunks_[1].timestamp) / GST_SECOND, 48 / 25.0, 0.041);
    EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("25 frames a second are assumed"), std::string::npos);
    EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "once";
  }
}

// Two recordings in one file: the times of the second stand still.
TEST_F(R3dFeatures, FramesWhoseTimeStandsStillCount) {
  SetCaps();
  PushFrames(16);
  for (int i = 0; i < 16; ++i)
    ASSERT_EQ(Push(15 * kFrame), GST_FLOW_OK);
  PushEos();
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].frames, 16);
  EXPECT_EQ(chunks_[1].timestamp, 16 * kFrame);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
}

TEST_F(R3dFeatures, TimesThatGoBackByThemselvesAreToldOnce) {
  SetCaps();
  PushFrames(40);
  PushFrames(40);
  PushFrames(40);
  PushEos();
  ASSERT_EQ(chunks_.size(), 9u) << "three runs of 16, 16 and 8";
  EXPECT_TRUE(chunks_[3].discont);
  EXPECT_EQ(chunks_[3].timestamp, 0u);
  EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("Times went back by 5.0 s"), std::string::npos);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "");
}

// Times in bytes are none: such frames pass, and it is said once that nothing is computed of them.
TEST_F(R3dFeatures, FramesOfASegmentInBytesPassUnanalysed) {
  SetCaps();
  PushFrames(2);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  PushFrames(3, 2);
  PushEos();
  EXPECT_EQ(gst_harness_buffers_received(harness_), 5u);
  ASSERT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(chunks_[0].frames, 2);
  EXPECT_NE(MessageText(GST_MESSAGE_WARNING).find("Frames without times"), std::string::npos);
  EXPECT_EQ(MessageText(GST_MESSAGE_WARNING), "") << "once";
}

TEST_F(R3dFeatures, ASizeChangeDuringAFlushKeepsTheNewSize) {
  Make("r3dfeatures max-pending=1");
  SetCaps(64, 48);
  SetGate(false);
  PushFrames(32);
  WaitAtGate();
  PushFrames(1, 32);
  auto resizing = std::async(std::launch::async, [this] { SetCaps(32, 32); });  // must send a padded chunk: full
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  resizing.get();
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  SetGate(true);
  NewSegment(0);
  chunks_.clear();
  PushFrames(16);
  PushEos();
  EXPECT_EQ(chunks_.size(), 1u);
  EXPECT_EQ(MessageText(GST_MESSAGE_ERROR), "");
}

// Every raw format in system memory, at a size that fits none of its blocks: never refused, and about the right
// picture.
class EveryFormat : public testing::TestWithParam<const char *> {};

std::vector<float> FeaturesOf(const std::string &caps) {
  const std::string line =
      "videotestsrc pattern=smpte100 num-buffers=16 ! " + caps + " ! r3dfeatures post-features=true ! fakesink";
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(line.c_str(), &error);
  EXPECT_EQ(error, nullptr);
  GstBus *bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<float> features;
  for (bool running = true; running;) {
    GstMessage *message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
    if (gst_message_has_name(message, "action-features")) features = Parse(gst_message_get_structure(message)).features;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
      ADD_FAILURE() << error->message;
      g_clear_error(&error);
    }
    running = GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS && GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR;
    gst_message_unref(message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return features;
}

TEST_P(EveryFormat, GivesThePicture) {
  const std::string format = GetParam();
  const auto caps = [](const std::string &name) {
    return "video/x-raw,format=" + name + ",width=161,height=91,framerate=8/1,colorimetry=bt601";
  };
  const auto rgb_caps = [](const std::string &name) {
    return "video/x-raw,format=" + name + ",width=161,height=91,framerate=8/1";
  };
  const GstVideoFormatInfo *info = gst_video_format_get_info(gst_video_format_from_string(format.c_str()));
  static const std::vector<float> expected = FeaturesOf(rgb_caps("RGB"));
  const bool yuv = GST_VIDEO_FORMAT_INFO_IS_YUV(info);
  const std::vector<float> features = FeaturesOf(yuv ? caps(format) : rgb_caps(format));
  ASSERT_EQ(features.size(), 512u);
  if (GST_VIDEO_FORMAT_INFO_IS_GRAY(info) || format == "RGB8P") {
    EXPECT_GT(features[2], 50);  // no colours to compare
    return;
  }
  EXPECT_NEAR(features[2], expected[2], 4.0);
}

// What videotestsrc can make of all formats.
std::vector<const char *> Formats() {
  static std::vector<const char *> names = [] {
    gst_init(nullptr, nullptr);
    std::vector<const char *> list;
    GstElement *source = gst_element_factory_make("videotestsrc", nullptr);
    GstPad *pad = gst_element_get_static_pad(source, "src");
    GstCaps *caps = gst_pad_get_pad_template_caps(pad);
    guint count = 0;
    const GstVideoFormat *formats = gst_video_formats_raw(&count);
    for (guint i = 0; i < count; ++i) {
      const char *name = gst_video_format_to_string(formats[i]);
      GstCaps *one = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, name, nullptr);
      if (gst_caps_can_intersect(caps, one)) list.push_back(name);
      gst_caps_unref(one);
    }
    gst_caps_unref(caps);
    gst_object_unref(pad);
    gst_object_unref(source);
    return list;
  }();
  return names;
}

INSTANTIATE_TEST_SUITE_P(Raw, EveryFormat, testing::ValuesIn(Formats()),
                         [](const auto &test) { return std::string(test.param); });

}  // namespace

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

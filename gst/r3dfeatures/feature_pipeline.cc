// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/feature_pipeline.h"

#include <utility>

#include "action/error.h"
#include "common/frame_clock.h"
#include "common/skipped_frames.h"

namespace action {

FeaturePipeline::FeaturePipeline(Engine &engine, const FeatureSettings &settings, FeatureStream &stream, Client &client)
    : settings_(settings),
      stream_(stream),
      client_(client),
      reader_(engine, settings.colorimetry, settings.roi),
      builder_(settings.hop, ContextOf(settings.mode)),
      gaps_(static_cast<int64_t>(settings.gap_threshold)),
      rgb_(kFrameBytes) {}

void FeaturePipeline::SetLive(bool live, size_t most_waiting) {
  live_ = live;
  if (live && settings_.adaptive_hop) governor_.emplace(settings_.hop, most_waiting);
}

GstFlowReturn FeaturePipeline::SetInfo(const GstVideoInfo &info) {
  const bool resized = info_ && (GST_VIDEO_INFO_WIDTH(&*info_) != GST_VIDEO_INFO_WIDTH(&info) ||
                                 GST_VIDEO_INFO_HEIGHT(&*info_) != GST_VIDEO_INFO_HEIGHT(&info));
  const GstFlowReturn flow = resized ? EndRun() : GST_FLOW_OK;
  const bool same_rate = info_ && info_->fps_n == info.fps_n && info_->fps_d == info.fps_d;
  info_ = info;
  reader_.SetInfo(info);
  filler_.SetFrameDuration(info.fps_n > 0 ? Scale(GST_SECOND, info.fps_d, info.fps_n) : 0);
  if (sampler_ && !same_rate) {
    assumed_ = false;
    sampler_->SetSourceRate({info.fps_n, info.fps_d});
  }
  return flow;
}

bool FeaturePipeline::SetOrientation(Orientation orientation) {
  if (reader_.orientation() == orientation) return false;
  EndRun();
  reader_.SetOrientation(orientation);
  return true;
}

GstFlowReturn FeaturePipeline::Push(GstBuffer *buffer, const GstSegment &segment) {
  PushFinished();
  if (!info_) return GST_FLOW_OK;
  if (!sampler_) {
    const Sampling sampling =
        live_ && settings_.sampling == Sampling::kAuto ? Sampling::kTimestamp : settings_.sampling;
    sampler_.emplace(sampling, Fraction{info_->fps_n, info_->fps_d}, settings_.sample_rate);
  }

  GstFlowReturn flow = GST_FLOW_OK;
  for (const SkippedFrame &skipped : SkippedBefore(buffer)) {
    if (Note(filler_.Next(skipped.timestamp, skipped.duration), false, flow)) {
      throw Error(
          "a picture that is to be sampled was taken out before the decoder: set actionskip's sample-rate to that of "
          "r3dfeatures, and sampling to auto or stride. If they are, the video is damaged: leave actionskip out");
    }
    if (flow != GST_FLOW_OK) return flow;
  }
  const TimestampFiller::Frame frame = filler_.Next(TimestampOf(buffer), DurationOf(buffer));
  // Without times, a discontinuity is the only sign of a hole; with them, DISCONT on a lost frame or two is none.
  const bool untimed_break = !GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_IS_DISCONT(buffer) && gaps_.started();
  if (!Note(frame, untimed_break, flow)) return flow;
  reader_.Read(buffer, std::span<uint8_t, kFrameBytes>(rgb_));
  FrameTime time;
  const GstClockTime pts = frame.timestamp;
  time.timestamp = pts;
  if (segment.format == GST_FORMAT_TIME) {
    time.stream_time = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, pts);
    time.running_time = gst_segment_to_running_time(&segment, GST_FORMAT_TIME, pts);
  }
  time.end = pts + static_cast<GstClockTime>(sampler_->interval());
  if (governor_ && builder_.IsNearlyFull()) AdaptHop();
  auto chunk = builder_.Add(std::span<const uint8_t, kFrameBytes>(rgb_), time);
  return chunk ? Submit(std::move(*chunk)) : GST_FLOW_OK;
}

// A frame is there, or would be. True: it is to be sampled.
bool FeaturePipeline::Note(const TimestampFiller::Frame &frame, bool untimed_break, GstFlowReturn &flow) {
  const auto time_now = static_cast<int64_t>(frame.timestamp);
  now_ = time_now;
  if (frame.assumed && !std::exchange(assumed_, true)) {
    sampler_->SetSourceRate(kAssumedRate);
    client_.OnAssumedRate();
  }
  if (untimed_break || gaps_.IsBreak(time_now)) {
    if (gaps_.IsJumpBack(time_now)) client_.OnJumpBack(gaps_.end() - time_now);
    flow = EndRun();
    if (flow != GST_FLOW_OK) return false;
  }
  gaps_.Add(time_now, frame.duration);
  run_ended_ = false;
  const bool taken = sampler_->Take(time_now);
  if (const auto interval = sampler_->TakeIrregularInterval()) client_.OnIrregularRate(*interval);
  return taken;
}

GstFlowReturn FeaturePipeline::PushGap(GstClockTime pts) {
  PushFinished();
  if (!GST_CLOCK_TIME_IS_VALID(pts) || !gaps_.IsBreak(static_cast<int64_t>(pts))) return GST_FLOW_OK;
  return EndRun();
}

bool FeaturePipeline::TakeRunEnded() {
  return stream_.outstanding() == 0 && std::exchange(run_ended_, false);
}

GstFlowReturn FeaturePipeline::EndRun() {
  run_ended_ = run_ended_ || gaps_.started();
  std::vector<Chunk> chunks = builder_.Finish(static_cast<uint64_t>(gaps_.end()));
  if (sampler_) sampler_->Restart();
  gaps_.Reset();
  for (Chunk &chunk : chunks) {
    if (const GstFlowReturn flow = Submit(std::move(chunk)); flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

void FeaturePipeline::AdaptHop() {
  const int before = governor_->hop();
  if (!governor_->OnChunk(now_, stream_.outstanding(), sampler_->interval())) return;
  builder_.SetHop(governor_->hop());
  client_.OnHop(governor_->hop(), governor_->hop() > before);
}

GstFlowReturn FeaturePipeline::Submit(Chunk chunk) {
  ChunkFacts facts;
  facts.time = chunk.time;
  facts.step = chunk.step;
  facts.frames = chunk.frame_count;
  facts.discont = chunk.discont;
  if (live_) {
    submitted_.push_back({stream_.SubmitDroppingOldest(chunk), facts, now_});
    return GST_FLOW_OK;
  }
  for (;;) {
    if (const auto tag = stream_.TrySubmit(chunk)) {
      submitted_.push_back({*tag, facts, now_});
      return GST_FLOW_OK;
    }
    if (!stream_.WaitForResultOrRoom()) return GST_FLOW_FLUSHING;
    PushFinished();
  }
}

void FeaturePipeline::PushFinished() {
  while (auto result = stream_.Take()) {
    if (submitted_.empty() || submitted_.front().tag != result->tag) continue;  // of before a flush
    ChunkFacts facts = submitted_.front().facts;
    if (governor_ && result->features) governor_->OnResult(now_ - submitted_.front().at);
    submitted_.pop_front();
    if (!result->error.empty()) throw Error("the feature network failed: " + result->error);
    facts.index = next_index_++;
    client_.OnChunk(facts, result->features);
  }
}

GstFlowReturn FeaturePipeline::Drain() {
  PushFinished();
  while (stream_.outstanding() > 0) {
    if (!stream_.WaitForResult()) return GST_FLOW_FLUSHING;
    PushFinished();
  }
  return GST_FLOW_OK;
}

void FeaturePipeline::Reset() {
  stream_.Discard();
  submitted_.clear();
  builder_.Reset();
  gaps_.Reset();
  filler_.Reset();
  run_ended_ = false;
  if (sampler_) sampler_->Restart();
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the streaming thread pays for a sampled frame, as a ratio: the whole preprocess against cv::resize alone.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "actiontorch/preprocess.h"

namespace {

constexpr int kWidth = 1920, kHeight = 1080;

// Median of three repetitions of 30 calls each, ms a call.
template <typename Function>
double Milliseconds(Function &&function) {
  constexpr int kCalls = 30;
  std::vector<double> times;
  for (int repetition = 0; repetition < 3; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i)
      function();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() /
                    kCalls);
  }
  std::ranges::sort(times);
  return times[1];
}

}  // namespace

int main() {
  std::vector<uint8_t> yuv(kWidth * kHeight * 3 / 2);
  for (size_t i = 0; i < yuv.size(); ++i)
    yuv[i] = static_cast<uint8_t>(16 + i * 7 % 200);
  action::Frame frame;
  frame.pixel_format = "yuv420p";
  frame.width = kWidth;
  frame.height = kHeight;
  frame.planes = {yuv.data(), yuv.data() + kWidth * kHeight, yuv.data() + kWidth * kHeight * 5 / 4, nullptr};
  frame.strides = {kWidth, kWidth / 2, kWidth / 2, 0};
  const auto preprocess = action::NewPreprocessor(action::Colorimetry::kReference, {});
  std::array<uint8_t, action::kFrameBytes> rgb;
  const cv::Mat full(kHeight, kWidth, CV_8UC3, cv::Scalar(1, 2, 3));
  cv::Mat small;

  const double all = Milliseconds([&] { preprocess->Process(frame, rgb); });
  const double resize = Milliseconds([&] { cv::resize(full, small, cv::Size(112, 112), 0, 0, cv::INTER_AREA); });
  std::printf("a 1080p frame: %.2f ms; cv::resize alone: %.2f ms; ratio %.2f\n", all, resize, all / resize);
  return 0;
}

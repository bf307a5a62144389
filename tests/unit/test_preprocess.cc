// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The preprocess against a plain computation. Bit equality with cv2 is shown in tests/parity.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <vector>

#include "action/error.h"
#include "actiontorch/area_resize.h"
#include "actiontorch/preprocess.h"

namespace action {
namespace {

using Rgb = std::array<uint8_t, kFrameBytes>;

// A picture of one colour in 3 planes with the given chroma subsampling.
struct Picture {
  Picture(const char *name, int width, int height, int shift_x, int shift_y, std::array<int, 3> colour) {
    frame.pixel_format = name;
    frame.width = width;
    frame.height = height;
    for (size_t i = 0; i < 3; ++i) {
      const int w = i == 0 ? width : (width + (1 << shift_x) - 1) >> shift_x;
      const int h = i == 0 ? height : (height + (1 << shift_y) - 1) >> shift_y;
      // Exactly as large as it must be: reading past it is found by the sanitizers.
      planes[i].assign(static_cast<size_t>(w) * static_cast<size_t>(h), static_cast<uint8_t>(colour[i]));
      frame.planes[i] = planes[i].data();
      frame.strides[i] = w;
    }
  }
  Frame frame;
  std::array<std::vector<uint8_t>, 3> planes;
};

// BT.601 limited range, as the standard defines it.
std::array<double, 3> Bt601(int y, int u, int v) {
  const double l = 1.164383 * (y - 16), cb = u - 128, cr = v - 128;
  return {l + 1.596027 * cr, l - 0.391762 * cb - 0.812968 * cr, l + 2.017232 * cb};
}

TEST(Preprocess, ConvertsByBt601AtEverySize) {
  auto preprocess = NewPreprocessor(Colorimetry::kReference, {});
  const auto expected = Bt601(120, 100, 150);
  for (const auto &[w, h] : std::vector<std::pair<int, int>>{
           {1, 1}, {2, 2}, {3, 5}, {16, 16}, {66, 50}, {101, 67}, {113, 111}, {202, 360}, {641, 480}, {1920, 1080}}) {
    Picture picture("yuv420p", w, h, 1, 1, {120, 100, 150});
    Rgb rgb;
    preprocess->Process(picture.frame, rgb);
    for (size_t i = 0; i < rgb.size(); ++i)
      ASSERT_NEAR(rgb[i], expected[i % 3], 2.0) << w << "x" << h << " at " << i;
  }
}

TEST(Preprocess, ReferenceIgnoresTheMatrixAndStreamHonoursIt) {
  Picture picture("yuv444p", 64, 64, 0, 0, {120, 90, 200});
  picture.frame.matrix = Frame::Matrix::kBt709;
  Rgb reference, stream;
  NewPreprocessor(Colorimetry::kReference, {})->Process(picture.frame, reference);
  NewPreprocessor(Colorimetry::kStream, {})->Process(picture.frame, stream);
  EXPECT_NEAR(reference[0], Bt601(120, 90, 200)[0], 2.0);
  EXPECT_NEAR(stream[0], 1.164383 * (120 - 16) + 1.792741 * (200 - 128), 2.0);
}

// Where pixel (x, y) of a turned picture comes from, by the words of GstVideoOrientationMethod.
std::pair<int, int> Origin(Orientation orientation, int x, int y, int width, int height) {
  switch (orientation) {
    case Orientation::kIdentity:
      return {x, y};
    case Orientation::k90R:  // the left column becomes the top row
      return {y, height - 1 - x};
    case Orientation::k180:
      return {width - 1 - x, height - 1 - y};
    case Orientation::k90L:  // the right column becomes the top row
      return {width - 1 - y, x};
    case Orientation::kHoriz:
      return {width - 1 - x, y};
    case Orientation::kVert:
      return {x, height - 1 - y};
    case Orientation::kUlLr:
      return {y, x};
    case Orientation::kUrLl:
      return {width - 1 - y, height - 1 - x};
  }
  return {x, y};
}

// A picture to be turned gives what the turned picture gives, of its region too.
TEST(Preprocess, TurnsBeforeItShrinks) {
  std::mt19937 random(7);
  for (const auto &[width, height] : std::vector<std::pair<int, int>>{{64, 48}, {320, 241}, {113, 400}}) {
    std::vector<uint8_t> pixels(static_cast<size_t>(width * height * 3));
    for (uint8_t &value : pixels)
      value = static_cast<uint8_t>(random());
    for (int number = 0; number < 8; ++number) {
      const auto orientation = static_cast<Orientation>(number);
      const bool swaps =
          Origin(orientation, 1, 0, width, height).first == Origin(orientation, 0, 0, width, height).first;
      const int turned_width = swaps ? height : width, turned_height = swaps ? width : height;
      std::vector<uint8_t> turned(pixels.size());
      for (int y = 0; y < turned_height; ++y) {
        for (int x = 0; x < turned_width; ++x) {
          const auto [from_x, from_y] = Origin(orientation, x, y, width, height);
          std::copy_n(&pixels[static_cast<size_t>((from_y * width + from_x) * 3)], 3,
                      &turned[static_cast<size_t>((y * turned_width + x) * 3)]);
        }
      }
      for (const Region &region : {Region{}, Region{0.125, 0.25, 0.5, 0.375}}) {
        const auto preprocess = NewPreprocessor(Colorimetry::kReference, region);
        const auto shrink = [&](const std::vector<uint8_t> &from, int w, int h, Orientation how) {
          Frame frame;
          frame.pixel_format = "rgb24";
          frame.width = w;
          frame.height = h;
          frame.planes[0] = from.data();
          frame.strides[0] = w * 3;
          frame.orientation = how;
          Rgb rgb;
          preprocess->Process(frame, rgb);
          return rgb;
        };
        EXPECT_EQ(shrink(pixels, width, height, orientation),
                  shrink(turned, turned_width, turned_height, Orientation::kIdentity))
            << number << ", " << width << "x" << height << ", region " << region.ToString();
      }
    }
  }
}

TEST(Preprocess, HonoursFullRange) {
  Picture picture("yuv420p", 64, 64, 1, 1, {200, 128, 128});
  Rgb limited, full;
  auto preprocess = NewPreprocessor(Colorimetry::kReference, {});
  preprocess->Process(picture.frame, limited);
  picture.frame.full_range = true;
  preprocess->Process(picture.frame, full);
  EXPECT_NEAR(limited[0], 1.164383 * 184, 2.0);
  EXPECT_NEAR(full[0], 200, 1.0);
}

TEST(Preprocess, LooksAtTheRegion) {
  Picture picture("yuv420p", 200, 100, 1, 1, {40, 128, 128});
  for (int y = 0; y < 50; ++y) {
    for (int x = 100; x < 200; ++x)
      picture.planes[0][static_cast<size_t>(y * 200 + x)] = 220;  // bright: upper right
  }
  Rgb rgb;
  NewPreprocessor(Colorimetry::kReference, Region::Parse("0.5,0,0.5,0.5"))->Process(picture.frame, rgb);
  for (const uint8_t value : rgb)
    ASSERT_GT(value, 200);
  NewPreprocessor(Colorimetry::kReference, Region::Parse("0,0.5,1,0.5"))->Process(picture.frame, rgb);
  for (const uint8_t value : rgb)
    ASSERT_LT(value, 50);
}

TEST(AreaResize, HasTheBitsOfOpenCv) {
  std::mt19937 random(1);
  enum class Content { kNoise, kExtremes, kHalves };
  const auto check = [&](int width, int height, int out_width, int out_height) {
    ASSERT_TRUE(AreaResize::Covers(width, height, out_width, out_height)) << width << "x" << height;
    cv::Mat from(height, width + 3, CV_8UC3), expected, swapped;  // rows with room behind them
    cv::randu(from, 0, 256);
    const auto content = static_cast<Content>(random() % 3);
    if (content == Content::kExtremes) cv::threshold(from, from, 127, 255, cv::THRESH_BINARY);
    if (content == Content::kHalves) {  // every mean lies about where rounding goes one way or the other
      for (int y = 0; y < from.rows; ++y) {
        for (int x = 0; x < from.cols; ++x)
          from.at<cv::Vec3b>(y, x) = cv::Vec3b::all((x + y) % 2 == 0 ? 127 : 128);
      }
    }
    const cv::Mat part = from(cv::Rect(1, 0, width, height));
    cv::resize(part, expected, cv::Size(out_width, out_height), 0, 0, cv::INTER_AREA);
    cv::cvtColor(expected, swapped, cv::COLOR_BGR2RGB);
    std::vector<uint8_t> got(static_cast<size_t>(out_width * out_height * 3));
    AreaResize(width, height, out_width, out_height).Run(part.data, static_cast<ptrdiff_t>(part.step), got.data());
    ASSERT_TRUE(std::equal(got.begin(), got.end(), swapped.data)) << width << "x" << height;
  };
  for (const auto &[width, height] : std::vector<std::pair<int, int>>{
           {1920, 1080}, {1280, 720}, {768, 432}, {640, 360}, {113, 112}, {112, 113}, {224, 225}, {3840, 2160}})
    check(width, height, kFrameSide, kFrameSide);
  std::uniform_int_distribution<int> side(112, 900), small(1, 112);
  for (int i = 0; i < 200; ++i) {
    const int width = side(random), height = side(random), out_width = small(random), out_height = small(random);
    if (AreaResize::Covers(width, height, out_width, out_height)) check(width, height, out_width, out_height);
  }
  EXPECT_FALSE(AreaResize::Covers(224, 336, kFrameSide, kFrameSide)) << "OpenCV sums bytes there";
  EXPECT_FALSE(AreaResize::Covers(100, 1000, kFrameSide, kFrameSide)) << "OpenCV interpolates there";
}

TEST(Preprocess, RefusesWhatItCannotRead) {
  auto preprocess = NewPreprocessor(Colorimetry::kReference, {});
  Picture picture("no-such-format", 64, 64, 1, 1, {0, 0, 0});
  Rgb rgb;
  EXPECT_THROW(preprocess->Process(picture.frame, rgb), Error);
  picture.frame.pixel_format = "yuv420p";
  picture.frame.width = 0;
  EXPECT_THROW(preprocess->Process(picture.frame, rgb), Error);
  EXPECT_FALSE(ReadsPixelFormat("no-such-format"));
  EXPECT_TRUE(ReadsPixelFormat("yuv420p10le"));
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/preprocess.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "action/error.h"
#include "actiontorch/area_resize.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace action {
namespace {

// libswscale's fast paths work on blocks of 16 pixels.
constexpr int kBlock = 16;
constexpr int kRowAlignment = 64;

int AlignUp(int value, int to) {
  return (value + to - 1) / to * to;
}

struct SwsFree {
  void operator()(SwsContext *context) const { sws_freeContext(context); }
};
using SwsPtr = std::unique_ptr<SwsContext, SwsFree>;

int ColourSpaceOf(Frame::Matrix matrix) {
  switch (matrix) {
    case Frame::Matrix::kBt601:
      return SWS_CS_ITU601;
    case Frame::Matrix::kBt709:
      return SWS_CS_ITU709;
    case Frame::Matrix::kBt2020:
      return SWS_CS_BT2020;
    case Frame::Matrix::kSmpte240m:
      return SWS_CS_SMPTE240M;
    case Frame::Matrix::kFcc:
      return SWS_CS_FCC;
  }
  return SWS_CS_DEFAULT;
}

// Formats with a full-range twin ("yuvj420p"): the only ones for which cv2 knows about full range.
bool HasFullRangeTwin(std::string_view format) {
  constexpr std::array<std::string_view, 5> kTwins = {"yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p"};
  return std::ranges::find(kTwins, format) != kTwins.end();
}

// Rows of BGR with the room that libswscale and AreaResize need.
struct BgrPicture {
  void Resize(int new_width, int new_height) {
    width = new_width;
    height = new_height;
    stride = AlignUp(AlignUp(width, kBlock) * 3, kRowAlignment);
    pixels.assign(static_cast<size_t>(stride) * static_cast<size_t>(height) + kRowAlignment, 0);
  }
  cv::Mat AsMat() { return {height, width, CV_8UC3, pixels.data(), static_cast<size_t>(stride)}; }

  std::vector<uint8_t> pixels;
  int width = 0, height = 0, stride = 0;
};

// `to` has the turned size already.
void Turn(const cv::Mat &from, Orientation orientation, cv::Mat to) {
  switch (orientation) {
    case Orientation::kIdentity:
      from.copyTo(to);
      break;
    case Orientation::k90R:
      cv::rotate(from, to, cv::ROTATE_90_CLOCKWISE);
      break;
    case Orientation::k180:
      cv::rotate(from, to, cv::ROTATE_180);
      break;
    case Orientation::k90L:
      cv::rotate(from, to, cv::ROTATE_90_COUNTERCLOCKWISE);
      break;
    case Orientation::kHoriz:
      cv::flip(from, to, 1);
      break;
    case Orientation::kVert:
      cv::flip(from, to, 0);
      break;
    case Orientation::kUlLr:
      cv::transpose(from, to);
      break;
    case Orientation::kUrLl:
      cv::transpose(from, to);
      cv::rotate(to, to, cv::ROTATE_180);
      break;
  }
}

class SwsPreprocessor : public Preprocessor {
 public:
  SwsPreprocessor(Colorimetry colorimetry, const Region &region) : colorimetry_(colorimetry), region_(region) {}

  void Process(const Frame &frame, std::span<uint8_t, kFrameBytes> rgb) override {
    Configure(frame);
    std::array<const uint8_t *, 4> planes = frame.planes;
    std::array<int, 4> strides = frame.strides;
    if (!padded_.empty()) CopyPadded(frame, planes, strides);

    std::array<uint8_t *, 4> to = {decoded_.pixels.data(), nullptr, nullptr, nullptr};
    const std::array<int, 4> to_strides = {decoded_.stride, 0, 0, 0};
    if (sws_scale(context_.get(), planes.data(), strides.data(), 0, frame.height, to.data(), to_strides.data()) <= 0) {
      throw Error("libswscale cannot convert a picture of " + Size(frame) + " in the format " + frame.pixel_format);
    }
    const bool turns = frame.orientation != Orientation::kIdentity;
    if (turns) Turn(decoded_.AsMat(), frame.orientation, turned_.AsMat());
    BgrPicture &picture = turns ? turned_ : decoded_;
    if (area_resize_) {
      area_resize_->Run(picture.pixels.data() + area_.y * picture.stride + area_.x * 3, picture.stride, rgb.data());
      return;
    }
    cv::resize(picture.AsMat()(area_), small_, cv::Size(kFrameSide, kFrameSide), 0, 0, cv::INTER_AREA);
    cv::Mat out(kFrameSide, kFrameSide, CV_8UC3, rgb.data());
    cv::cvtColor(small_, out, cv::COLOR_BGR2RGB);
  }

 private:
  static std::string Size(const Frame &frame) {
    return std::to_string(frame.width) + "x" + std::to_string(frame.height);
  }

  void Configure(const Frame &frame) {
    auto key = std::tuple(std::string(frame.pixel_format), frame.width, frame.height, frame.full_range, frame.matrix,
                          frame.orientation);
    if (context_ && key == key_) return;
    context_.reset();
    format_ = av_get_pix_fmt(frame.pixel_format);
    if (format_ == AV_PIX_FMT_NONE || !sws_isSupportedInput(format_)) {
      throw Error(std::string("libswscale does not read the pixel format ") + frame.pixel_format);
    }
    if (frame.width < 1 || frame.height < 1 ||
        av_image_check_size(static_cast<unsigned>(frame.width), static_cast<unsigned>(frame.height), 0, nullptr) < 0) {
      throw Error("a picture of " + Size(frame) + " cannot be processed");
    }
    const bool full = TakesFullRange(frame, colorimetry_);
    context_.reset(sws_alloc_context());
    if (!context_) throw Error("out of memory for libswscale");
    const auto set = [this](const char *name, int64_t value) { av_opt_set_int(context_.get(), name, value, 0); };
    set("srcw", frame.width);
    set("srch", frame.height);
    set("src_format", format_);
    set("src_range", full ? 1 : 0);
    set("dstw", frame.width);
    set("dsth", frame.height);
    set("dst_format", AV_PIX_FMT_BGR24);
    set("sws_flags", SWS_BICUBIC);
    if (sws_init_context(context_.get(), nullptr, nullptr) < 0) {
      context_.reset();
      throw Error("libswscale cannot convert pictures of " + Size(frame) + " in the format " + frame.pixel_format);
    }
    if (colorimetry_ == Colorimetry::kStream) {
      sws_setColorspaceDetails(context_.get(), CoefficientsOf(frame, colorimetry_), full ? 1 : 0,
                               sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    }
    decoded_.Resize(frame.width, frame.height);
    if (frame.orientation != Orientation::kIdentity) {
      const bool swaps = SwapsSides(frame.orientation);
      turned_.Resize(swaps ? frame.height : frame.width, swaps ? frame.width : frame.height);
    }
    PrepareScratch(frame);
    const BgrPicture &whole = frame.orientation != Orientation::kIdentity ? turned_ : decoded_;
    area_ = AreaOf(region_, whole.width, whole.height);
    area_resize_.reset();
    if (AreaResize::Covers(area_.width, area_.height, kFrameSide, kFrameSide))
      area_resize_.emplace(area_.width, area_.height, kFrameSide, kFrameSide);
    key_ = std::move(key);
  }

  // libswscale reads whole blocks. Where a row does not end on one it would read past it (past the buffer, in the last
  // row), so such pictures go through a copy with room around it.
  void PrepareScratch(const Frame &frame) {
    padded_.clear();
    if (frame.width % kBlock == 0) return;
    const int width = AlignUp(frame.width, kBlock);
    std::array<ptrdiff_t, 4> sizes_from{};
    std::array<size_t, 4> sizes{};
    if (av_image_fill_linesizes(padded_strides_.data(), format_, width) < 0)
      throw Error("a picture too wide to process");
    for (size_t i = 0; i < 4; ++i) {
      padded_strides_[i] = AlignUp(padded_strides_[i], kRowAlignment);
      sizes_from[i] = padded_strides_[i];
    }
    if (av_image_fill_plane_sizes(sizes.data(), format_, frame.height, sizes_from.data()) < 0) {
      throw Error("a picture too large to process");
    }
    size_t total = 0;
    for (size_t i = 0; i < 4; ++i) {
      padded_offsets_[i] = total;
      total += sizes[i];
      padded_sizes_[i] = sizes[i];
    }
    padded_.assign(total + kRowAlignment, 0);
  }

  void CopyPadded(const Frame &frame, std::array<const uint8_t *, 4> &planes, std::array<int, 4> &strides) {
    std::array<uint8_t *, 4> to{};
    for (size_t i = 0; i < 4; ++i) {
      if (padded_sizes_[i] > 0) to[i] = padded_.data() + padded_offsets_[i];
    }
    av_image_copy(to.data(), padded_strides_.data(), planes.data(), strides.data(), format_, frame.width, frame.height);
    for (size_t i = 0; i < 4; ++i) {
      planes[i] = to[i];
      strides[i] = padded_strides_[i];
    }
    if ((av_pix_fmt_desc_get(format_)->flags & AV_PIX_FMT_FLAG_PAL) != 0) planes[1] = frame.planes[1];
  }

  const Colorimetry colorimetry_;
  const Region region_;
  std::tuple<std::string, int, int, bool, Frame::Matrix, Orientation> key_;
  SwsPtr context_;
  AVPixelFormat format_ = AV_PIX_FMT_NONE;
  BgrPicture decoded_, turned_;
  cv::Rect area_;
  std::optional<AreaResize> area_resize_;  // absent: by OpenCV itself
  cv::Mat small_;
  std::vector<uint8_t> padded_;  // empty: pictures are read where they are
  std::array<int, 4> padded_strides_{};
  std::array<size_t, 4> padded_offsets_{};
  std::array<size_t, 4> padded_sizes_{};
};

}  // namespace

std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region) {
  return std::make_unique<SwsPreprocessor>(colorimetry, region);
}

const int *CoefficientsOf(const Frame &frame, Colorimetry colorimetry) {
  return sws_getCoefficients(colorimetry == Colorimetry::kStream ? ColourSpaceOf(frame.matrix) : SWS_CS_DEFAULT);
}

bool TakesFullRange(const Frame &frame, Colorimetry colorimetry) {
  return frame.full_range && (colorimetry == Colorimetry::kStream || HasFullRangeTwin(frame.pixel_format));
}

bool SwapsSides(Orientation orientation) {
  return orientation == Orientation::k90R || orientation == Orientation::k90L || orientation == Orientation::kUlLr ||
         orientation == Orientation::kUrLl;
}

cv::Rect AreaOf(const Region &region, int width, int height) {
  const auto edge = [](double fraction, int size) {
    return std::clamp(static_cast<int>(std::lround(fraction * size)), 0, size);
  };
  const int left = std::min(edge(region.x, width), width - 1);
  const int top = std::min(edge(region.y, height), height - 1);
  const int right = std::max(edge(region.x + region.width, width), left + 1);
  const int bottom = std::max(edge(region.y + region.height, height), top + 1);
  return {left, top, right - left, bottom - top};
}

bool ReadsPixelFormat(const char *name) {
  const AVPixelFormat format = av_get_pix_fmt(name);
  return format != AV_PIX_FMT_NONE && sws_isSupportedInput(format) != 0;
}

}  // namespace action

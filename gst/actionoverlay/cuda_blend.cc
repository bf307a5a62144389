// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/cuda_blend.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "action/error.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/cuda_kernels.h"
#include "common/cuda_memory.h"
#include "common/glib_ptr.h"
#include "common/mapped_frame.h"

GST_DEBUG_CATEGORY_EXTERN(action_overlay_debug);
#define GST_CAT_DEFAULT action_overlay_debug

namespace action {
namespace {

// A rectangle's pixels, in main memory.
class Pixels {
 public:
  explicit Pixels(GstVideoOverlayRectangle *rectangle)
      : meta_(gst_buffer_get_video_meta(
            gst_video_overlay_rectangle_get_pixels_raw(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE))) {
    if (!gst_video_meta_map(meta_, 0, &map_, &data_, &stride_, GST_MAP_READ)) throw Error("a panel cannot be read");
  }
  ~Pixels() { gst_video_meta_unmap(meta_, 0, &map_); }
  Pixels(const Pixels &) = delete;
  Pixels &operator=(const Pixels &) = delete;
  const void *data() const { return data_; }
  int stride() const { return stride_; }
  // Of whole rows, but for the end of the last one.
  size_t bytes() const {
    return static_cast<size_t>(stride_) * (meta_->height - 1) + static_cast<size_t>(meta_->width) * 4;
  }

 private:
  GstVideoMeta *meta_;
  GstMapInfo map_{};
  gpointer data_ = nullptr;
  gint stride_ = 0;
};

BlendTask TaskOf(const GstVideoFrame &frame) {
  BlendTask task{};
  const GstVideoFormatInfo *format = frame.info.finfo;
  for (guint i = 0; i < std::size(task.components); ++i) {
    task.components[i] = {reinterpret_cast<uintptr_t>(GST_VIDEO_FRAME_COMP_DATA(&frame, i)),
                          GST_VIDEO_FRAME_COMP_STRIDE(&frame, i), GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, i),
                          1 << GST_VIDEO_FORMAT_INFO_W_SUB(format, i), 1 << GST_VIDEO_FORMAT_INFO_H_SUB(format, i)};
  }
  return task;
}

}  // namespace

// One context, and what is ours in it.
class CudaBlender::Place {
 public:
  Place(const CudaDriver &driver, GstObject *owner)
      : driver_(driver), owner_(GST_OBJECT(gst_object_ref(owner))), context_(CudaHandleOf(owner)) {
    if (context_ == nullptr) throw Error("their CUDA context cannot be had");
    const CurrentCudaContext current(driver_, context_);
    kernels_.emplace(driver_);
  }
  ~Place() {
    const CurrentCudaContext current(driver_, context_, std::nothrow);
    panels_.clear();
    kernels_.reset();
  }
  Place(const Place &) = delete;
  Place &operator=(const Place &) = delete;

  const GstObject *owner() const { return owner_.get(); }
  // Of the last rectangles.
  size_t drawn() const { return drawn_; }

  void Blend(std::span<GstVideoOverlayRectangle *const> rectangles, const GstVideoFrame &frame) {
    const CurrentCudaContext current(driver_, context_);
    drawn_ = 0;
    Keep(rectangles);
    for (size_t i = 0; i < rectangles.size(); ++i) {
      BlendTask task = TaskOf(frame);
      guint width = 0, height = 0;
      gst_video_overlay_rectangle_get_render_rectangle(rectangles[i], &task.x, &task.y, &width, &height);
      task.pixels = panels_[i].memory->address();
      task.pixels_stride = panels_[i].stride;
      task.left = std::max(task.x, 0);
      task.top = std::max(task.y, 0);
      task.right = std::min(task.x + static_cast<int>(width), GST_VIDEO_FRAME_WIDTH(&frame));
      task.bottom = std::min(task.y + static_cast<int>(height), GST_VIDEO_FRAME_HEIGHT(&frame));
      kernels_->Blend(task);
      ++drawn_;
    }
    // An encoder is not one of the context's streams.
    driver_.Check(driver_.synchronize(nullptr), "a kernel failed");
  }

 private:
  struct Panel {
    guint of;  // the rectangle's sequence number
    std::unique_ptr<CudaMemory> memory;
    int stride;
  };

  // Makes panels_ those of the rectangles; only new ones are copied to the GPU.
  void Keep(std::span<GstVideoOverlayRectangle *const> rectangles) {
    std::vector<Panel> panels;
    for (GstVideoOverlayRectangle *rectangle : rectangles) {
      const guint number = gst_video_overlay_rectangle_get_seqnum(rectangle);
      const auto known = std::ranges::find_if(
          panels_, [number](const Panel &panel) { return panel.memory != nullptr && panel.of == number; });
      if (known != panels_.end()) {
        panels.push_back(std::move(*known));
        continue;
      }
      const Pixels pixels(rectangle);
      panels.push_back({number, std::make_unique<CudaMemory>(driver_, pixels.data(), pixels.bytes()), pixels.stride()});
    }
    panels_ = std::move(panels);
  }

  const CudaDriver &driver_;
  const GstObjectPtr owner_;  // of the context, which must not go before this
  const CudaContext context_;
  std::optional<CudaKernels> kernels_;
  std::vector<Panel> panels_;  // of the last rectangles
  size_t drawn_ = 0;
};

CudaBlender::CudaBlender() = default;
CudaBlender::~CudaBlender() = default;
CudaBlender::CudaBlender(CudaBlender &&) noexcept = default;
CudaBlender &CudaBlender::operator=(CudaBlender &&) noexcept = default;

bool CudaBlender::Reaches(GstBuffer *buffer) const {
  const GstObject *context = CudaContextOf(buffer);
  return context != nullptr && context != failed_.get() && FindCudaDriver() != nullptr;
}

bool CudaBlender::Blend(std::span<GstVideoOverlayRectangle *const> rectangles, GstBuffer *buffer,
                        const GstVideoInfo &info) {
  GstObject *owner = CudaContextOf(buffer);
  const CudaDriver *driver = FindCudaDriver();
  if (owner == nullptr || driver == nullptr) return false;
  try {
    // Planes are addresses of the GPU.
    MappedFrame frame(info, buffer, static_cast<GstMapFlags>(GST_MAP_READWRITE | kMapCuda));
    if (!frame) throw Error("a frame cannot be mapped");
    if (!place_ || place_->owner() != owner) {
      place_.reset();
      place_ = std::make_unique<Place>(*driver, owner);
    }
    place_->Blend(rectangles, frame.get());
    return true;
  } catch (const Error &error) {
    GST_WARNING("frames are copied from the GPU to be drawn into: %s", error.what());
    const bool drawn = place_ && place_->drawn() > 0;
    place_.reset();
    failed_.reset(GST_OBJECT(gst_object_ref(owner)));
    return drawn;
  }
}

}  // namespace action

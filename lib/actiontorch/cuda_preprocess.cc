// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/cuda_preprocess.h"

#include <optional>
#include <string>
#include <tuple>

#include "action/error.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/cuda_kernels.h"
#include "actiontorch/shrink_plan.h"

namespace action {
namespace {

class CudaPreprocessor : public Preprocessor {
 public:
  CudaPreprocessor(const CudaDriver &driver, Colorimetry colorimetry, const Region &region, CudaContext context)
      : driver_(driver), colorimetry_(colorimetry), region_(region), context_(context) {}
  ~CudaPreprocessor() override {
    const CurrentCudaContext current(driver_, context_, std::nothrow);
    tables_.reset();
    out_.reset();
    kernels_.reset();
  }

  void Process(const Frame &frame, std::span<uint8_t, kFrameBytes> rgb) override {
    const CurrentCudaContext current(driver_, context_);
    if (!kernels_) kernels_.emplace(driver_);
    if (!out_) out_.emplace(driver_, kFrameBytes);
    Configure(frame);
    kernels_->Shrink(plan_->TaskFor(frame, tables_->address(), out_->address()));
    out_->CopyTo(rgb.data());
  }

 private:
  using Key = std::tuple<std::string, int, int, bool, Frame::Matrix, Orientation>;

  void Configure(const Frame &frame) {
    Key key(frame.pixel_format, frame.width, frame.height, frame.full_range, frame.matrix, frame.orientation);
    if (tables_ && key == key_) return;
    tables_.reset();
    plan_.emplace(frame, colorimetry_, region_);
    tables_.emplace(driver_, plan_->tables().data(), plan_->tables().size());
    key_ = std::move(key);
  }

  const CudaDriver &driver_;
  const Colorimetry colorimetry_;
  const Region region_;
  const CudaContext context_;
  // In it:
  std::optional<CudaKernels> kernels_;
  std::optional<CudaMemory> out_, tables_;
  std::optional<ShrinkPlan> plan_;  // whose tables those are
  Key key_;                         // and what it is for
};

}  // namespace

std::unique_ptr<Preprocessor> NewCudaPreprocessor(Colorimetry colorimetry, const Region &region, void *context) {
  const CudaDriver *driver = FindCudaDriver();
  if (driver == nullptr || context == nullptr) return nullptr;
  return std::make_unique<CudaPreprocessor>(*driver, colorimetry, region, context);
}

}  // namespace action

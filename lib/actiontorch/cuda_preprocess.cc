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
  CudaPreprocessor(const CudaDriver &driver, Colorimetry colorimetry, const Region &region)
      : driver_(driver), colorimetry_(colorimetry), region_(region) {}
  ~CudaPreprocessor() override { Leave(); }

  void Process(const Frame &frame, std::span<uint8_t, kFrameBytes> rgb) override {
    CudaContext context = CudaContextOfMemory(driver_, reinterpret_cast<uintptr_t>(frame.planes[0]));
    if (context != context_) {
      Leave();
      context_ = context;
    }
    const CurrentCudaContext current(driver_, context);
    if (!kernels_) kernels_.emplace(driver_);
    if (!out_) out_.emplace(driver_, kFrameBytes);
    Configure(frame);
    kernels_->Shrink(plan_->TaskFor(frame, tables_->address(), out_->address()));
    out_->CopyTo(rgb.data());
  }

 private:
  using Key = std::tuple<std::string, int, int, bool, Frame::Matrix, Orientation>;

  void Leave() {
    if (context_ == nullptr) return;
    const CurrentCudaContext current(driver_, context_, std::nothrow);
    tables_.reset();
    out_.reset();
    kernels_.reset();
    plan_.reset();
  }

  void Configure(const Frame &frame) {
    Key key(frame.pixel_format, frame.width, frame.height, frame.full_range, frame.matrix, frame.orientation);
    if (plan_ && key == key_) return;
    plan_.reset();
    tables_.reset();
    plan_.emplace(frame, colorimetry_, region_);
    tables_.emplace(driver_, plan_->tables().data(), plan_->tables().size());
    key_ = std::move(key);
  }

  const CudaDriver &driver_;
  const Colorimetry colorimetry_;
  const Region region_;
  CudaContext context_ = nullptr;
  // In it:
  std::optional<CudaKernels> kernels_;
  std::optional<CudaMemory> out_, tables_;
  std::optional<ShrinkPlan> plan_;  // whose tables are there
  Key key_;                         // and what it is for
};

}  // namespace

std::unique_ptr<Preprocessor> NewCudaPreprocessor(Colorimetry colorimetry, const Region &region) {
  const CudaDriver *driver = FindCudaDriver();
  return driver != nullptr ? std::make_unique<CudaPreprocessor>(*driver, colorimetry, region) : nullptr;
}

}  // namespace action

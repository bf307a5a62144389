// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The preprocess of pictures on a CUDA GPU against that of pictures in main memory, with the fake driver.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "action/error.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/cuda_kernels.h"
#include "actiontorch/cuda_preprocess.h"
#include "actiontorch/preprocess.h"

extern "C" {
#include <libavutil/cpu.h>
}

namespace action {
namespace {

using Rgb = std::array<uint8_t, kFrameBytes>;

// What the fake driver has beside what the product calls.
struct Fake {
  template <typename T>
  static T Find(const char *name) {
    static void *library = dlopen("libcuda.so.1", RTLD_NOW);
    return library != nullptr ? reinterpret_cast<T>(dlsym(library, name)) : nullptr;
  }
  static long Count(const char *what) { return Find<long (*)(const char *)>("fake_cuda_count")(what); }
  static void Fail(const char *function, int error) {
    Find<void (*)(const char *, int)>("fake_cuda_fail")(function, error);
  }
  static CudaContext NewContext() {
    CudaContext context = nullptr, popped = nullptr;
    Find<int (*)(CudaContext *, unsigned, int)>("cuCtxCreate_v2")(&context, 0, 0);
    FindCudaDriver()->pop_context(&popped);
    return context;
  }
  static void Destroy(CudaContext context) { Find<int (*)(CudaContext)>("cuCtxDestroy_v2")(context); }
};

enum class Content { kNoise, kSmooth, kDark, kBright };

// A picture in main memory, and the same on the GPU, there with rows that are longer.
struct Picture {
  Picture(const char *format, int width, int height, Content content, CudaContext gpu) : context(gpu) {
    const std::string name = format;
    frame.pixel_format = format;
    frame.width = width;
    frame.height = height;
    const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    if (name == "nv12" || name == "nv21") {
      Add(width, height, content);
      Add(half_width * 2, half_height, content);
    } else if (name == "p010le") {
      Add(width * 2, height, content);
      Add(half_width * 4, half_height, content);
    } else if (name == "yuv420p") {
      Add(width, height, content);
      Add(half_width, half_height, content);
      Add(half_width, half_height, content);
    } else {
      Add(width * (name.size() == 4 ? 4 : 3), height, content);
    }
    on_gpu = frame;
    CudaContext popped = nullptr;
    const CudaDriver &driver = *FindCudaDriver();
    driver.push_context(context);
    for (size_t i = 0; i < planes.size(); ++i) {
      const auto row = static_cast<size_t>(frame.strides[i]), rows = planes[i].size() / row, stride = row + 64;
      CudaAddress address = 0;
      driver.allocate(&address, stride * (rows - 1) + row);
      for (size_t y = 0; y < rows; ++y)
        driver.copy_to(address + y * stride, &planes[i][y * row], row);
      on_gpu.planes[i] = reinterpret_cast<const uint8_t *>(address);
      on_gpu.strides[i] = static_cast<int>(stride);
    }
    driver.pop_context(&popped);
  }
  ~Picture() {
    CudaContext popped = nullptr;
    const CudaDriver &driver = *FindCudaDriver();
    driver.push_context(context);
    for (size_t i = 0; i < planes.size(); ++i)
      driver.free(reinterpret_cast<CudaAddress>(on_gpu.planes[i]));
    driver.pop_context(&popped);
  }
  Picture(const Picture &) = delete;
  Picture &operator=(const Picture &) = delete;

  void Add(int row, int rows, Content content) {
    std::vector<uint8_t> bytes(static_cast<size_t>(row) * static_cast<size_t>(rows));
    const size_t plane = planes.size();
    for (size_t i = 0; i < bytes.size(); ++i) {
      const auto x = static_cast<double>(i % static_cast<size_t>(row)), y = static_cast<double>(i) / row;
      const double wave = 127.5 + 127 * std::sin(x / 31 + static_cast<double>(plane)) * std::cos(y / 23);
      bytes[i] = content == Content::kNoise    ? static_cast<uint8_t>(random())
                 : content == Content::kSmooth ? static_cast<uint8_t>(wave)
                 : content == Content::kDark   ? static_cast<uint8_t>(plane == 0 ? 0 : 255)
                                               : static_cast<uint8_t>(plane == 0 ? 255 : 40);
    }
    frame.planes[plane] = (planes.push_back(std::move(bytes)), planes.back().data());
    frame.strides[plane] = row;
    for (size_t i = 0; i < planes.size(); ++i)
      frame.planes[i] = planes[i].data();
  }

  std::mt19937 random{7};
  CudaContext context;
  Frame frame, on_gpu;
  std::vector<std::vector<uint8_t>> planes;
};

class CudaPreprocess : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(FindCudaDriver(), nullptr);
    if (!HasCudaKernels()) GTEST_SKIP() << "built without clang++ or nvcc";
    context_ = Fake::NewContext();
  }
  void TearDown() override {
    if (context_ == nullptr) return;
    EXPECT_EQ(Fake::Count("modules"), 0);
    EXPECT_EQ(Fake::Count("blocks"), 0);
    EXPECT_EQ(Fake::Count("faults"), 0);
    Fake::Destroy(context_);
  }

  std::unique_ptr<Preprocessor> Make() const { return NewCudaPreprocessor(Colorimetry::kReference, {}, context_); }

  // Compares what both make of a picture: the largest difference.
  int Difference(const Picture &picture, Colorimetry colorimetry, const Region &region) {
    Rgb expected, actual;
    NewPreprocessor(colorimetry, region)->Process(picture.frame, expected);
    NewCudaPreprocessor(colorimetry, region, context_)->Process(picture.on_gpu, actual);
    int largest = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const int difference = std::abs(expected[i] - actual[i]);
      largest = std::max(largest, difference);
      ++compared_;
      different_ += difference != 0 ? 1 : 0;
    }
    return largest;
  }
  void TellDifferent() const {
    RecordProperty("different", std::to_string(different_) + " of " + std::to_string(compared_));
    std::printf("%ld of %ld values differ\n", different_, compared_);
  }

  CudaContext context_ = nullptr;
  long compared_ = 0, different_ = 0;
};

constexpr const char *kFormats[] = {"nv12", "nv21", "p010le", "yuv420p", "rgb24", "bgr24", "rgba",
                                    "bgra", "rgb0", "bgr0",   "argb",    "abgr",  "0rgb",  "0bgr"};

TEST_F(CudaPreprocess, IsThatOfTheProcessor) {
  for (const char *format : kFormats) {
    for (const auto &[width, height] :
         std::vector<std::pair<int, int>>{{112, 112}, {224, 224}, {640, 360}, {322, 242}, {1920, 1080}}) {
      for (const Content content : {Content::kNoise, Content::kSmooth, Content::kDark, Content::kBright}) {
        const Picture picture(format, width, height, content, context_);
        EXPECT_LE(Difference(picture, Colorimetry::kReference, {}), 1)
            << format << " " << width << "x" << height << " content " << static_cast<int>(content);
      }
    }
  }
  TellDifferent();
}

TEST_F(CudaPreprocess, IsThatOfTheProcessorTurnedAndOfARegion) {
  for (const char *format : {"nv12", "yuv420p", "rgba"}) {
    Picture picture(format, 640, 482, Content::kNoise, context_);
    for (int number = 0; number < 8; ++number) {
      picture.frame.orientation = picture.on_gpu.orientation = static_cast<Orientation>(number);
      for (const Region &region : {Region{}, Region{0.125, 0.25, 0.5, 0.375}, Region{0.51, 0.33, 0.49, 0.67}})
        EXPECT_LE(Difference(picture, Colorimetry::kReference, region), 1) << format << " " << number;
    }
  }
  TellDifferent();
}

TEST_F(CudaPreprocess, HasTheProcessorsColours) {
  for (const char *format : {"nv12", "p010le", "yuv420p"}) {
    for (const Content content : {Content::kNoise, Content::kSmooth, Content::kDark, Content::kBright}) {
      Picture picture(format, 320, 240, content, context_);
      for (const bool full : {false, true}) {
        for (int matrix = 0; matrix < 5; ++matrix) {
          for (Frame *frame : {&picture.frame, &picture.on_gpu}) {
            frame->full_range = full;
            frame->matrix = static_cast<Frame::Matrix>(matrix);
          }
          for (const Colorimetry colorimetry : {Colorimetry::kReference, Colorimetry::kStream}) {
            EXPECT_LE(Difference(picture, colorimetry, {}), 1)
                << format << " content " << static_cast<int>(content) << " full " << full << " matrix " << matrix << " "
                << NameOf(colorimetry);
          }
        }
      }
    }
  }
  TellDifferent();
}

// libswscale without vector instructions, as on other processors, rounds in another way.
TEST_F(CudaPreprocess, IsThatOfAProcessorWithoutVectors) {
  av_force_cpu_flags(0);
  for (const char *format : {"nv12", "nv21", "p010le", "yuv420p"}) {
    for (const auto &[width, height] : std::vector<std::pair<int, int>>{{112, 112}, {640, 360}, {322, 242}}) {
      for (const Content content : {Content::kNoise, Content::kSmooth, Content::kDark, Content::kBright}) {
        const Picture picture(format, width, height, content, context_);
        for (const Colorimetry colorimetry : {Colorimetry::kReference, Colorimetry::kStream}) {
          EXPECT_LE(Difference(picture, colorimetry, {}), 1)
              << format << " " << width << "x" << height << " content " << static_cast<int>(content);
        }
      }
    }
  }
  av_force_cpu_flags(-1);
  TellDifferent();
}

TEST_F(CudaPreprocess, BringsBackTheSmallPictureAlone) {
  const Picture picture("nv12", 1920, 1080, Content::kNoise, context_);
  const auto preprocess = Make();
  Rgb rgb;
  preprocess->Process(picture.on_gpu, rgb);
  const long down = Fake::Count("bytes to main memory"), up = Fake::Count("bytes to the GPU"),
             allocations = Fake::Count("allocations"), modules = Fake::Count("loaded modules");
  for (int i = 0; i < 3; ++i)
    preprocess->Process(picture.on_gpu, rgb);
  EXPECT_EQ(Fake::Count("bytes to main memory") - down, 3 * kFrameBytes);
  EXPECT_EQ(Fake::Count("bytes to the GPU"), up);
  EXPECT_EQ(Fake::Count("allocations"), allocations);
  EXPECT_EQ(Fake::Count("loaded modules"), modules);
}

TEST_F(CudaPreprocess, WorksInSeveralContexts) {
  const CudaContext other = Fake::NewContext();
  {
    const auto here = Make();
    const auto there = NewCudaPreprocessor(Colorimetry::kReference, {}, other);
    const Picture one("nv12", 320, 240, Content::kNoise, context_), same("nv12", 320, 240, Content::kNoise, other);
    Rgb rgb, again;
    for (int i = 0; i < 2; ++i) {
      here->Process(one.on_gpu, rgb);
      there->Process(same.on_gpu, again);
      EXPECT_EQ(rgb, again);
    }
  }
  Fake::Destroy(other);
  EXPECT_EQ(NewCudaPreprocessor(Colorimetry::kReference, {}, nullptr), nullptr);
}

std::string ErrorOf(Preprocessor &preprocess, const Frame &frame) {
  Rgb rgb;
  try {
    preprocess.Process(frame, rgb);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

TEST_F(CudaPreprocess, SaysWhatFailsAndWorksAfterwards) {
  const Picture picture("nv12", 320, 240, Content::kNoise, context_);
  const auto preprocess = Make();
  const std::vector<std::tuple<const char *, int, const char *>> failures = {
      {"cuModuleLoadData", 222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
      {"cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {"cuLaunchKernel", 700, "CUDA_ERROR_ILLEGAL_ADDRESS"}};
  for (const auto &[function, error, name] : failures) {
    Fake::Fail(function, error);
    EXPECT_NE(ErrorOf(*preprocess, picture.on_gpu).find(name), std::string::npos) << function;
    Fake::Fail(function, 0);
  }
  EXPECT_EQ(ErrorOf(*preprocess, picture.on_gpu), "");
  Rgb expected, actual;
  NewPreprocessor(Colorimetry::kReference, {})->Process(picture.frame, expected);
  preprocess->Process(picture.on_gpu, actual);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(expected[i], actual[i], 1);
}

TEST_F(CudaPreprocess, TriesTheKernels) {
  TryCudaKernels(*FindCudaDriver());
  Fake::Fail("cuModuleLoadData", 222);
  EXPECT_THROW(TryCudaKernels(*FindCudaDriver()), Error);
  Fake::Fail("cuModuleLoadData", 0);
}

TEST_F(CudaPreprocess, RefusesWhatItDoesNotShrink) {
  const auto preprocess = Make();
  const auto refusal = [&](const char *format, int width, int height) {
    return ErrorOf(*preprocess, Picture(format, width, height, Content::kNoise, context_).on_gpu);
  };
  EXPECT_NE(refusal("nv12", 110, 240).find("too small"), std::string::npos);
  EXPECT_NE(refusal("nv12", 320, 241).find("odd"), std::string::npos);
  EXPECT_NE(refusal("yuv420p", 321, 240).find("odd"), std::string::npos);
  EXPECT_EQ(refusal("rgba", 321, 241), "");
  EXPECT_NE(refusal("gbrp", 320, 240).find("gbrp"), std::string::npos);
  const auto of_part = NewCudaPreprocessor(Colorimetry::kReference, Region{0.9, 0, 0.1, 1}, context_);
  EXPECT_NE(ErrorOf(*of_part, Picture("rgba", 640, 480, Content::kNoise, context_).on_gpu), "");
}

}  // namespace
}  // namespace action

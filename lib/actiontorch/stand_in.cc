// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/stand_in.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "action/chunk_builder.h"
#include "action/r3d18_spec.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

constexpr int kCalibrationClips = 4;
constexpr int kClasses = 400;

// Standard library distributions differ between implementations; the seed must mean the same everywhere.
class Gaussian {
 public:
  explicit Gaussian(uint64_t seed) : engine_(seed) {}

  double Uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }

  double operator()() {
    if (spare_) return *std::exchange(spare_, std::nullopt);
    // Box and Muller 1958.
    const double radius = std::sqrt(-2.0 * std::log(Uniform()));
    const double angle = 2.0 * std::numbers::pi * Uniform();
    spare_ = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

 private:
  std::mt19937_64 engine_;
  std::optional<double> spare_;
};

// One octave: noise on a coarse grid of `cells` x `cells` that drifts, and changes slowly into another.
class Octave {
 public:
  Octave(int cells, Gaussian &random) : cells_(cells), from_(MakeGrid(random)), to_(MakeGrid(random)) {
    drift_x_ = random() * 0.1;
    drift_y_ = random() * 0.1;
  }

  // x, y in [0, 1); t in frames.
  double At(double x, double y, int t) const {
    const double blend = static_cast<double>(t) / kChunkFrames;
    const double gx = x * cells_ + drift_x_ * t;
    const double gy = y * cells_ + drift_y_ * t;
    const double value = (1 - blend) * Sample(from_, gx, gy) + blend * Sample(to_, gx, gy);
    return value / std::sqrt(blend * blend + (1 - blend) * (1 - blend));
  }

 private:
  std::vector<float> MakeGrid(Gaussian &random) const {
    std::vector<float> grid(static_cast<size_t>(cells_) * static_cast<size_t>(cells_));
    for (float &value : grid)
      value = static_cast<float>(random());
    return grid;
  }

  double Sample(const std::vector<float> &grid, double x, double y) const {
    const double fx = std::floor(x), fy = std::floor(y);
    const auto at = [&](double gx, double gy) {
      const int ix = ((static_cast<int>(gx) % cells_) + cells_) % cells_;
      const int iy = ((static_cast<int>(gy) % cells_) + cells_) % cells_;
      return grid[static_cast<size_t>(iy * cells_ + ix)];
    };
    const double ax = x - fx, ay = y - fy;
    return (1 - ay) * ((1 - ax) * at(fx, fy) + ax * at(fx + 1, fy)) +
           ay * ((1 - ax) * at(fx, fy + 1) + ax * at(fx + 1, fy + 1));
  }

  int cells_;
  std::vector<float> from_;
  std::vector<float> to_;
  double drift_x_ = 0;
  double drift_y_ = 0;
};

Tensor FromTorch(const at::Tensor &tensor) {
  const at::Tensor flat = tensor.contiguous().to(at::kFloat);
  const float *data = flat.data_ptr<float>();
  return Tensor::FromFloats(tensor.sizes().vec(), std::vector<float>(data, data + flat.numel()));
}

class Builder {
 public:
  explicit Builder(uint64_t seed) : random_(seed) {}

  // He normal, fan out (K. He et al. 2015), as torchvision initialises its video networks.
  at::Tensor MakeConvolution(const std::string &name, std::vector<int64_t> shape) {
    const int64_t fan_out = shape[0] * shape[2] * shape[3] * shape[4];
    const double scale = std::sqrt(2.0 / static_cast<double>(fan_out));
    std::vector<float> values(static_cast<size_t>(CheckedNumel(shape)));
    for (float &value : values)
      value = static_cast<float>(random_() * scale);
    Tensor weight = Tensor::FromFloats(shape, std::move(values));
    state_.entries.emplace_back(name + ".weight", weight);
    const std::vector<float> floats = weight.ToFloats();
    return at::from_blob(const_cast<float *>(floats.data()), shape, at::kFloat).clone();
  }

  // Statistics of x become the batch norm's, and x is normalised by them.
  at::Tensor Calibrate(const std::string &name, const at::Tensor &x) {
    const at::Tensor mean = x.mean({0, 2, 3, 4});
    const at::Tensor variance = x.var({0, 2, 3, 4}, /*unbiased=*/false);
    const auto channels = x.size(1);
    state_.entries.emplace_back(name + ".weight", FromTorch(at::ones({channels})));
    state_.entries.emplace_back(name + ".bias", FromTorch(at::zeros({channels})));
    state_.entries.emplace_back(name + ".running_mean", FromTorch(mean));
    state_.entries.emplace_back(name + ".running_var", FromTorch(variance));
    state_.entries.emplace_back(name + ".num_batches_tracked", Tensor::FromInts({}, {1}));
    const auto wide = [](const at::Tensor &t) { return t.view({1, -1, 1, 1, 1}); };
    return (x - wide(mean)) / at::sqrt(wide(variance) + 1e-5);
  }

  at::Tensor ConvolveAndNormalise(const std::string &conv, const std::string &norm, const at::Tensor &x,
                                  std::vector<int64_t> shape, std::vector<int64_t> stride,
                                  std::vector<int64_t> padding) {
    const at::Tensor weight = MakeConvolution(conv, std::move(shape));
    at::Tensor out;
    if (at::hasMKLDNN()) {
      out = at::conv3d(x.contiguous().to_mkldnn(), weight.to_mkldnn(), {}, stride, padding).to_dense();
    } else {
      out = at::conv3d(x, weight, {}, stride, padding);
    }
    return Calibrate(norm, out);
  }

  void AddClassifier() {
    std::vector<float> values(static_cast<size_t>(kClasses) * kFeatures);
    for (float &value : values)
      value = static_cast<float>(random_() * 0.01);
    state_.entries.emplace_back("fc.weight", Tensor::FromFloats({kClasses, kFeatures}, std::move(values)));
    state_.entries.emplace_back("fc.bias", Tensor::FromFloats({kClasses}, std::vector<float>(kClasses, 0.0f)));
  }

  StateDict Take() { return std::move(state_); }

 private:
  static constexpr int64_t kFeatures = 512;
  Gaussian random_;
  StateDict state_;
};

at::Tensor CalibrationInput(uint64_t seed) {
  std::vector<at::Tensor> clips;
  for (int i = 0; i < kCalibrationClips; ++i) {
    std::vector<uint8_t> pixels = NoiseClip(seed * 1000 + static_cast<uint64_t>(i));
    clips.push_back(at::from_blob(pixels.data(), {kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte)
                        .to(at::kFloat)
                        .permute({3, 0, 1, 2}));
  }
  const at::Tensor mean = at::tensor({0.43216f, 0.394666f, 0.37645f}).view({1, 3, 1, 1, 1});
  const at::Tensor std = at::tensor({0.22803f, 0.22145f, 0.216989f}).view({1, 3, 1, 1, 1});
  return (at::stack(clips) / 255.0 - mean) / std;
}

}  // namespace

std::vector<uint8_t> NoiseClip(uint64_t seed) {
  Gaussian random(seed);
  const auto octaves = [&random] {
    std::vector<Octave> list;
    for (int cells = 2; cells <= 32; cells *= 2)
      list.emplace_back(cells, random);
    return list;
  };
  const std::vector<Octave> luminance = octaves();
  const std::array<std::vector<Octave>, 3> colours = {octaves(), octaves(), octaves()};
  std::vector<uint8_t> pixels(kChunkBytes);
  size_t at = 0;
  for (int t = 0; t < kChunkFrames; ++t) {
    for (int y = 0; y < kFrameSide; ++y) {
      for (int x = 0; x < kFrameSide; ++x) {
        const auto sum = [&](const std::vector<Octave> &list) {
          double value = 0;
          for (const Octave &octave : list) {
            value += octave.At(static_cast<double>(x) / kFrameSide, static_cast<double>(y) / kFrameSide, t);
          }
          return value;
        };
        const double light = 105.0 + 30.0 * sum(luminance);
        for (const auto &colour : colours) {
          pixels[at++] = static_cast<uint8_t>(std::clamp(light + 10.0 * sum(colour), 0.0, 255.0));
        }
      }
    }
  }
  return pixels;
}

StateDict MakeStandInWeights(uint64_t seed) {
  UseAllProcessors();
  const c10::InferenceMode guard;
  Builder builder(seed);
  at::Tensor x = CalibrationInput(seed);
  x = at::relu(builder.ConvolveAndNormalise("stem.0", "stem.1", x, {64, 3, 3, 7, 7}, {1, 2, 2}, {1, 3, 3}));
  int64_t in = 64;
  for (int layer = 1; layer <= 4; ++layer) {
    const int64_t out = int64_t{64} << (layer - 1);
    for (int block = 0; block < 2; ++block) {
      const std::string name = "layer" + std::to_string(layer) + "." + std::to_string(block);
      const int64_t s = layer > 1 && block == 0 ? 2 : 1;
      at::Tensor y = builder.ConvolveAndNormalise(name + ".conv1.0", name + ".conv1.1", x, {out, in, 3, 3, 3},
                                                  {s, s, s}, {1, 1, 1});
      y = builder.ConvolveAndNormalise(name + ".conv2.0", name + ".conv2.1", at::relu(y), {out, out, 3, 3, 3},
                                       {1, 1, 1}, {1, 1, 1});
      if (s == 2) {
        x = builder.ConvolveAndNormalise(name + ".downsample.0", name + ".downsample.1", x, {out, in, 1, 1, 1},
                                         {s, s, s}, {0, 0, 0});
      }
      x = at::relu(x + y);
      in = out;
    }
  }
  builder.AddClassifier();
  StateDict state = builder.Take();
  state.metadata[kStandInKey] = "seed " + std::to_string(seed);
  state.metadata["notice"] = kStandInNotice;
  return state;
}

}  // namespace action

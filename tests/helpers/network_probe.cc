// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shows Python tests what the network computes. Links LibTorch and nothing else of the world, not even libaction: what
// a bare GPU host can build.
//   network_probe WEIGHTS FILE pixels|normalised|continual fp32|bf16|fp16|blocked|channels-last|space-to-depth [each]
// The last three: fp32 by LibTorch's operators on the CPU, in the layouts of TorchLayout.
// each: one pass for each chunk, as a stream alone gets it, instead of one for all.
// continual: FILE is [frames, 112, 112, 3] bytes, a run; each further argument, FIRST:BEFORE:AFTER:NUMBER, a chunk that
// begins (without its context) with frame FIRST of it, and whose first frame has this number.
// FILE: [n, 16, 112, 112, 3] bytes, or [n, 3, 16, 112, 112] float32. Writes [n, 512] float32 to standard output.
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/checkpoint/formats.h"
#include "action/r3d18_spec.h"
#include "actiontorch/r3d18.h"

namespace {

std::vector<std::byte> ReadAll(const char *path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(data));
  return {bytes.begin(), bytes.end()};
}

// Without safetensors, which needs a JSON library.
action::StateDict ReadWeights(const char *path) {
  const auto bytes = std::make_shared<const std::vector<std::byte>>(ReadAll(path));
  action::Checkpoint checkpoint;
  checkpoint.path = path;
  checkpoint.root = action::LooksLikeZip(*bytes) ? action::ParseTorchZip(bytes) : action::ParseTorchLegacy(bytes);
  return action::ToStateDict(checkpoint);
}

std::unique_ptr<action::R3d18> NewNetwork(const action::StateDict &weights, const std::string &how) {
  const action::Device device = action::ResolveDevice({});
  const action::Device cpu{action::Device::Kind::kCpu, 0};
  const auto torch = [&](action::TorchLayout layout) {
    return action::NewTorchR3d18(weights, cpu, action::Precision::kFp32, layout);
  };
  if (how == "blocked") return torch(action::TorchLayout::kBlocked);
  if (how == "channels-last") return torch(action::TorchLayout::kChannelsLast);
  if (how == "space-to-depth") return torch(action::TorchLayout::kSpaceToDepth);
  const action::Precision asked = how == "bf16"   ? action::Precision::kBf16
                                  : how == "fp16" ? action::Precision::kFp16
                                                  : action::Precision::kFp32;
  auto network = action::NewR3d18(weights, device, action::ResolvePrecision(asked, device));
  network->WarmUp();
  return network;
}

// One stream's.
std::vector<float> Continual(action::R3d18 &network, const std::vector<std::byte> &frames,
                             std::span<char *const> chunks) {
  std::vector<float> out(chunks.size() * action::kFeatureSize);
  std::unique_ptr<action::KeptFrames> kept;
  std::span<float> to(out);
  for (const char *text : chunks) {
    action::Chunk chunk;
    int first = 0;
    unsigned long long number = 0;
    if (std::sscanf(text, "%d:%d:%d:%llu", &first, &chunk.before, &chunk.after, &number) != 4)
      throw action::Error(text);
    chunk.first_frame = number;
    const auto *pixels = reinterpret_cast<const uint8_t *>(frames.data()) +
                         static_cast<ptrdiff_t>(first - chunk.before) * action::kFrameBytes;
    chunk.pixels.assign(pixels, pixels + static_cast<ptrdiff_t>(chunk.before + action::kChunkFrames + chunk.after) *
                                             action::kFrameBytes);
    network.ForwardContinual(chunk, kept, to.first(action::kFeatureSize));
    to = to.subspan(action::kFeatureSize);
  }
  return out;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  try {
    const action::StateDict weights = ReadWeights(argv[1]);
    action::CheckR3d18(weights, argv[1]);
    const std::unique_ptr<action::R3d18> network = NewNetwork(weights, argv[4]);
    const std::vector<std::byte> data = ReadAll(argv[2]);
    const bool normalised = std::string(argv[3]) == "normalised";
    const int n =
        static_cast<int>(data.size() / (normalised ? action::kChunkBytes * sizeof(float) : action::kChunkBytes));
    std::vector<float> out(static_cast<size_t>(n) * action::kFeatureSize);
    if (std::string(argv[3]) == "continual") {
      out = Continual(*network, data, std::span(argv, static_cast<size_t>(argc)).subspan(5));
    } else if (normalised) {
      std::vector<float> input(data.size() / sizeof(float));
      std::memcpy(input.data(), data.data(), data.size());
      network->ForwardNormalised(input, n, out);
    } else {
      std::vector<const uint8_t *> chunks;
      for (int i = 0; i < n; ++i)
        chunks.push_back(reinterpret_cast<const uint8_t *>(data.data()) +
                         static_cast<ptrdiff_t>(i) * action::kChunkBytes);
      const size_t batch = argc > 5 ? 1 : chunks.size();
      for (size_t i = 0; i < chunks.size(); i += batch) {
        network->Forward(std::span(chunks).subspan(i, batch),
                         std::span(out).subspan(i * action::kFeatureSize, batch * action::kFeatureSize));
      }
    }
    std::fwrite(out.data(), sizeof(float), out.size(), stdout);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network alone, one chunk after the other: prints the milliseconds of wall and of CPU time that a chunk takes.
//   bench-network WEIGHTS fp32|bf16|blocked|eager [CHUNKS [HOP]]
// HOP: of continual features, chunks that begin so many frames apart.
// blocked: fp32 in oneDNN's layout with folded batch norms; eager: LibTorch's operators, channels last.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/r3d18_spec.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/stand_in.h"
#include "actiontorch/worker_threads.h"

namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval &time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::unique_ptr<action::R3d18> NewNetwork(const action::StateDict &weights, const std::string &how) {
  const action::Device cpu{action::Device::Kind::kCpu, 0};
  if (how == "blocked" || how == "eager")
    return action::NewTorchR3d18(weights, cpu, action::Precision::kFp32,
                                 how == "blocked" ? action::TorchLayout::kBlocked : action::TorchLayout::kChannelsLast);
  const auto asked = how == "bf16" ? action::Precision::kBf16 : action::Precision::kFp32;
  return action::NewR3d18(weights, cpu, action::ResolvePrecision(asked, cpu));
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  try {
    action::UseAllProcessors();
    const int chunks = argc > 3 ? std::atoi(argv[3]) : 10;
    const auto network = NewNetwork(action::ToStateDict(action::ReadCheckpoint(argv[1])), argv[2]);
    const std::vector<uint8_t> pixels = action::NoiseClip(1);
    const uint8_t *const chunk = pixels.data();
    action::Features features{};
    // A run without an end, all of whose frames lie in the same few.
    const int hop = argc > 4 ? std::atoi(argv[4]) : 0;
    action::Chunk next;
    next.before = action::kContinualContext.before;
    next.after = action::kContinualContext.after;
    next.first_frame = 1000;
    next.pixels.assign(static_cast<size_t>(next.before + action::kChunkFrames + next.after) * action::kFrameBytes, 99);
    std::ranges::copy(pixels, next.pixels.begin());
    std::unique_ptr<action::KeptFrames> kept;
    const auto forward = [&] {
      if (hop == 0) return network->Forward({&chunk, 1}, features);
      network->ForwardContinual(next, kept, features);
      next.first_frame += static_cast<uint64_t>(hop);
    };
    for (int i = 0; i < 4; ++i)
      forward();
    std::vector<double> times;
    const double cpu = CpuSeconds();
    for (int repetition = 0; repetition < 3; ++repetition) {
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < chunks; ++i)
        forward();
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() /
                      chunks);
    }
    std::ranges::sort(times);
    std::printf("{\"ms\": %.2f, \"cpu_ms\": %.2f, \"how\": \"%s\"}\n", times[1],
                (CpuSeconds() - cpu) * 1e3 / chunks / 3, network->Description().c_str());
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}

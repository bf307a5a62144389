// Shows Python tests what the network computes; links LibTorch alone (no GStreamer, no OpenCV).
//   network_probe WEIGHTS FILE pixels|normalised
// FILE: [n, 16, 112, 112, 3] bytes, or [n, 3, 16, 112, 112] float32. Writes [n, 512] float32 to standard output.
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "actiontorch/r3d18.h"

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  try {
    const action::Device device = action::ResolveDevice({});
    action::R3d18 network(action::ToStateDict(action::ReadCheckpoint(argv[1])), argv[1], device,
                          action::ResolvePrecision(action::Precision::kAuto, device));
    std::ifstream file(argv[2], std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const bool normalised = std::string(argv[3]) == "normalised";
    const int n = static_cast<int>(data.size() / (normalised ? action::kChunkBytes * sizeof(float) : action::kChunkBytes));
    std::vector<float> out(static_cast<size_t>(n) * action::kFeatureSize);
    if (normalised) {
      std::vector<float> input(data.size() / sizeof(float));
      std::memcpy(input.data(), data.data(), data.size());
      network.ForwardNormalised(input, n, out);
    } else {
      const std::vector<uint8_t> pixels(data.begin(), data.end());
      network.Forward(pixels, n, out);
    }
    std::fwrite(out.data(), sizeof(float), out.size(), stdout);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}

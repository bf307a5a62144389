// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the LibTorch side of the product offers, in plain types. Callers never see a torch header; the GStreamer plugin
// reaches it through action_engine(), found with dlopen, so that loading the plugin does not load LibTorch.
#ifndef ACTION_ENGINE_H_
#define ACTION_ENGINE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/chunk_builder.h"
#include "action/export.h"

namespace action {

inline constexpr int kFeatureSize = 512;
using Features = std::array<float, kFeatureSize>;

enum class Precision { kAuto, kFp32, kFp16, kBf16 };

// "auto", "fp32", "fp16", "bf16"
ACTION_API const char *NameOf(Precision precision);

// Where the network runs: "auto", "cpu", "cuda" or "cuda:N".
struct Device {
  enum class Kind { kAuto, kCpu, kCuda };
  Kind kind = Kind::kAuto;
  int index = 0;

  // Throws Error when the text is none of the above.
  ACTION_API static Device Parse(std::string_view text);
  ACTION_API std::string ToString() const;
  friend bool operator==(const Device &, const Device &) = default;
};

// What a running network is.
struct ServiceInfo {
  std::string weights_path;
  std::string weights_hash;  // see WeightsHash
  bool stand_in = false;
  bool published = false;                  // the very file that torchvision publishes; only Describe looks
  Device device;                           // never kAuto
  Precision precision = Precision::kFp32;  // never kAuto
  std::string notice;                      // what a user should know about the device; empty: nothing
  friend bool operator==(const ServiceInfo &, const ServiceInfo &) = default;
};

// One chunk's result, in the order in which chunks were submitted.
struct FeatureResult {
  uint64_t tag = 0;                  // the number that Submit returned
  std::optional<Features> features;  // absent: dropped under overload
  std::string error;                 // not empty: the network failed, and why
};

// What became of a stream's chunks, and of those of all streams of its network.
struct StreamStats {
  uint64_t chunks = 0;                  // computed
  uint64_t batches = 0;                 // passes of the network that had some of them
  uint64_t dropped = 0;                 // under overload
  std::chrono::nanoseconds wait{0};     // of all computed chunks, from submission to the start of their pass
  std::chrono::nanoseconds compute{0};  // of all passes, each shared out among the chunks that were in it
  uint64_t network_chunks = 0;          // of all streams, those that have ended included
  uint64_t network_batches = 0;
  std::chrono::nanoseconds network_compute{0};  // time in which passes were under way; on GPUs two may be at once
  int network_streams = 0;                      // now open
};

// One stream's way to the network. Submit, Take and the waits are for one thread; Interrupt, Resume, Close and
// Discard may be called from any. Destroying it forgets what is queued.
class FeatureStream {
 public:
  virtual ~FeatureStream() = default;

  // Queues a chunk if fewer than max-pending wait, and returns its tag.
  virtual std::optional<uint64_t> TrySubmit(Chunk &chunk) = 0;
  // Queues a chunk; when the queue is full, the oldest waiting one is dropped instead, and its result says so.
  virtual uint64_t SubmitDroppingOldest(Chunk &chunk) = 0;

  // The next result in order, if it is there.
  virtual std::optional<FeatureResult> Take() = 0;

  // Blocks until Take would return something or the queue has room. False when interrupted.
  virtual bool WaitForResultOrRoom() = 0;
  // Blocks until Take would return something; at once, with true, when nothing is under way. False when interrupted.
  virtual bool WaitForResult() = 0;
  // Chunks whose results have not been taken.
  virtual size_t outstanding() const = 0;
  // Whether a chunk waits for the network or is in it. Any thread.
  virtual bool computing() const = 0;
  // Any thread.
  virtual StreamStats stats() const = 0;

  // Every wait, present and future, returns false until Resume.
  virtual void Interrupt() = 0;
  virtual void Resume() = 0;
  // As Interrupt, but for good.
  virtual void Close() = 0;
  // Forgets all chunks and results.
  virtual void Discard() = 0;
};

struct StreamOptions {
  int max_pending = 1;  // chunks that may wait for the network, >= 1
  int batch_size = 0;   // most chunks, of all streams, in a pass that has one of this stream; 0: what suits the device
};

// The network, shared by every stream that uses the same weights, device and precision. A pass takes what waits, a
// chunk of each stream in turn, and never waits for more.
class FeatureService {
 public:
  virtual ~FeatureService() = default;
  virtual const ServiceInfo &info() const = 0;
  virtual std::unique_ptr<FeatureStream> OpenStream(const StreamOptions &options) = 0;
};

enum class Colorimetry {
  kReference,  // as cv2.VideoCapture: BT.601, full range honoured for 8-bit YUV
  kStream,     // as the stream says
};

// "reference", "stream"
ACTION_API const char *NameOf(Colorimetry colorimetry);

// How a picture is turned, as GStreamer's GstVideoOrientationMethod has it.
enum class Orientation {
  kIdentity,
  k90R,  // clockwise
  k180,
  k90L,    // counter-clockwise
  kHoriz,  // mirrored, left and right exchanged
  kVert,   // top and bottom exchanged
  kUlLr,   // mirrored at the diagonal from the upper left to the lower right corner
  kUrLl,   // mirrored at the other one
};

// A picture in memory, as libswscale describes it.
struct Frame {
  const char *pixel_format = "";  // libavutil's name: "yuv420p", "nv12", "rgb24", ...
  int width = 0;                  // pixels
  int height = 0;
  std::array<const uint8_t *, 4> planes{};
  std::array<int, 4> strides{};  // bytes
  bool full_range = false;
  enum class Matrix { kBt601, kBt709, kBt2020, kSmpte240m, kFcc } matrix = Matrix::kBt601;
  Orientation orientation = Orientation::kIdentity;  // to be turned so, after the conversion to RGB, as cv2 does
};

// Part of the picture, as fractions of its width and height.
struct Region {
  double x = 0, y = 0, width = 1, height = 1;

  bool whole() const { return x == 0 && y == 0 && width == 1 && height == 1; }
  // "x,y,width,height". Throws Error when it is not four numbers, or not a part of the picture.
  ACTION_API static Region Parse(std::string_view text);
  ACTION_API std::string ToString() const;
  friend bool operator==(const Region &, const Region &) = default;
};

// Turns a decoded picture into what the backbone was trained on. Used by one thread at a time.
class Preprocessor {
 public:
  virtual ~Preprocessor() = default;
  // Writes [112, 112, 3] RGB of the region of the turned picture. Throws Error when the picture cannot be read.
  virtual void Process(const Frame &frame, std::span<uint8_t, kFrameBytes> rgb) = 0;
};

class Classifier;
struct HeadTraining;
struct StateDict;
struct TrainedHead;

class Engine {
 public:
  virtual ~Engine() = default;

  struct Request {
    std::string weights;  // a path; empty: see FindWeights
    Device device;
    Precision precision = Precision::kAuto;
  };
  // Loads the network and runs it once, or returns the one that is running already. Throws Error.
  virtual std::shared_ptr<FeatureService> OpenFeatureService(const Request &request) = 0;

  // What OpenFeatureService would run, without running it: reads and checks the weights, resolves device and precision.
  virtual ServiceInfo Describe(const Request &request) = 0;

  virtual std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region) = 0;
  // Whether Preprocessor reads this libavutil pixel format.
  virtual bool ReadsPixelFormat(const char *name) = 0;

  // A head (see action/head.h) with these weights. `auto` is the CPU, which is done with a step before a GPU has been
  // asked. Throws Error naming `where` when the weights are none, or the device when there is none.
  virtual std::unique_ptr<Classifier> NewClassifier(const StateDict &weights, const std::string &where,
                                                    const Device &device) = 0;
  // Trains a head, on the calling thread alone. Throws Error.
  virtual TrainedHead TrainHead(const HeadTraining &training) = 0;

  // The LibTorch that computes, such as "1.13.0".
  virtual std::string TorchVersion() = 0;

  // What fp32 on CPUs is computed with, "AVX-512" or "AVX2"; empty where LibTorch does it.
  virtual std::string CpuKernels() = 0;

  // Writes seeded R3D-18 weights whose batch norms are calibrated on drifting 1/f noise, marked as a stand-in.
  virtual void MakeStandIn(const std::string &path, uint64_t seed) = 0;
};

// Bump with every change of the classes above: plugin and engine may come from different builds.
inline constexpr int kEngineInterface = 5;

}  // namespace action

// Defined in libactiontorch. Null when `interface` is not the one that the library was built with. Throws action::Error
// when the LibTorch that was loaded is not the one it was compiled against.
extern "C" ACTION_API action::Engine *action_engine(int interface);

#endif  // ACTION_ENGINE_H_

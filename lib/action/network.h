// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network, and a stream's way to it, in plain types: LibTorch's side fills them in.
#ifndef ACTION_NETWORK_H_
#define ACTION_NETWORK_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace action

#endif  // ACTION_NETWORK_H_

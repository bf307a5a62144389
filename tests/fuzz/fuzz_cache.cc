// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No entry of a feature cache makes its reader crash or hang. Behind the first byte stands the twin, or, where that
// byte is a 1, the tensors.
#include "action/error.h"
#include "action/feature_cache.h"
#include "scratch.h"

namespace {

class Cache {
 public:
  Cache() : video_(scratch_.Write("video.mp4", "no video")), cache_(scratch_.At("cache"), {}) {
    cache_.Prepare();
    action::FeatureTable table;
    table.rows.resize(2);
    table.times = {0, 2};
    cache_.Write(video_, {}, table, action::VideoMark::Of(video_));
    stem_ = "cache/" + cache_.NameFor(video_);
    for (std::string *text : {&twin_, &tensors_}) {
      std::ifstream file(scratch_.At(stem_ + (text == &twin_ ? ".json" : ".pt")), std::ios::binary);
      *text = {std::istreambuf_iterator<char>(file), {}};
    }
  }

  void Read(bool tensors, std::string_view content) const {
    scratch_.Write(stem_ + ".json", tensors ? twin_ : content);
    scratch_.Write(stem_ + ".pt", tensors ? content : tensors_);
    for (const bool published : {false, true})
      cache_.Read(video_, {}, published);
  }

 private:
  fuzz::Scratch scratch_;
  const std::string video_;
  const action::FeatureCache cache_;
  std::string stem_, twin_, tensors_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Cache cache;
  if (size > 0) cache.Read(data[0] == '1', fuzz::TextOf(data + 1, size - 1));
  return 0;
}

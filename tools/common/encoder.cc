// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/encoder.h"

#include <gst/gst.h>

#include <array>
#include <memory>

#include "action/deleter.h"
#include "action/error.h"

namespace action {
namespace {

// What differs between encoders. All take bit rates in kbit/s, but those whose rate_factor says otherwise.
struct Encoder {
  const char *name;
  const char *rate;      // property
  int rate_factor;       // of kbit/s
  const char *keyframe;  // property: frames from one keyframe to the next; null: it is not set
  const char *live;      // settings for little delay and no B frames
};

constexpr std::array<Encoder, 6> kEncoders = {{
    {"vah264enc", "bitrate", 1, "key-int-max", "b-frames=0"},
    {"vaapih264enc", "bitrate", 1, "keyframe-period", "max-bframes=0"},
    {"nvh264enc", "bitrate", 1, "gop-size", "zerolatency=true bframes=0"},
    {"v4l2h264enc", nullptr, 1, nullptr, ""},
    {"x264enc", "bitrate", 1, "key-int-max", "tune=zerolatency speed-preset=superfast"},
    {"openh264enc", "bitrate", 1000, "gop-size", ""},
}};

// Whether it is installed and can open its device.
bool Works(const char *name) {
  const std::unique_ptr<GstElement, Deleter<gst_object_unref>> element(gst_element_factory_make(name, nullptr));
  if (!element) return false;
  gst_object_ref_sink(element.get());
  const bool works = gst_element_set_state(element.get(), GST_STATE_READY) != GST_STATE_CHANGE_FAILURE;
  gst_element_set_state(element.get(), GST_STATE_NULL);
  return works;
}

}  // namespace

std::string ChooseEncoder(const std::string &wanted) {
  std::string known;
  for (const Encoder &encoder : kEncoders) {
    known += (known.empty() ? "" : ", ") + std::string(encoder.name);
    if (wanted != "auto" && wanted != encoder.name) continue;
    if (Works(encoder.name)) return encoder.name;
    if (wanted != "auto") {
      throw Error("the encoder " + wanted + " is not installed, or its device cannot be opened; gst-inspect-1.0 " +
                  wanted + " shows whether it is. encoder=auto takes one that works");
    }
  }
  if (wanted != "auto") throw Error("the encoder '" + wanted + "' is not known; there are auto, " + known);
  throw Error("no H.264 encoder works here (tried " + known + "): install gstreamer1.0-plugins-ugly");
}

std::string EncoderLine(const std::string &name, int kbit, int keyframe_every) {
  for (const Encoder &encoder : kEncoders) {
    if (name != encoder.name) continue;
    std::string line = name;
    if (name == "v4l2h264enc") {  // the kernel's controls have these settings
      return line + " extra-controls=controls,video_bitrate=" + std::to_string(kbit * 1000) +
             ",h264_i_frame_period=" + std::to_string(keyframe_every);
    }
    if (*encoder.live != '\0') line += std::string(" ") + encoder.live;
    if (encoder.rate != nullptr)
      line += std::string(" ") + encoder.rate + "=" + std::to_string(kbit * encoder.rate_factor);
    if (encoder.keyframe != nullptr) line += std::string(" ") + encoder.keyframe + "=" + std::to_string(keyframe_every);
    return line;
  }
  return name;
}

std::string ChooseAudioEncoder() {
  // A bit rate is no property that they share; their own are good for two channels.
  for (const char *name : {"fdkaacenc", "avenc_aac", "voaacenc", "opusenc"}) {
    GstElementFactory *factory = gst_element_factory_find(name);
    if (factory == nullptr) continue;
    gst_object_unref(factory);
    return name;
  }
  return "";
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One connection to a camera: the elements from the network to decoded frames.
#ifndef GST_ACTION_CAMERA_CONNECTION_H_
#define GST_ACTION_CAMERA_CONNECTION_H_

#include <gst/gst.h>

#include <functional>
#include <memory>

#include "action/deleter.h"
#include "actioncamerasrc/camera_output.h"
#include "actioncamerasrc/properties.h"

namespace action {

// Lives in the element's bin with its state locked, so that it comes and goes while the element plays. What goes wrong
// in it comes to the bin as messages. For one thread; frames go to the output on threads of their own.
class CameraConnection {
 public:
  // Puts itself into `bin`. on_end: the camera ended the stream; called on the streaming thread. Throws Error when an
  // element is missing or the address is of no known kind.
  // The encoded output gets the camera's own stream, before it is decoded; that of sound the sound, if there is any.
  CameraConnection(GstBin *bin, const CameraSettings &settings, const CameraOutputs &outputs,
                   std::function<void()> on_end);
  // Stops, which waits for a frame that is being pushed, and leaves the bin.
  ~CameraConnection();
  CameraConnection(const CameraConnection &) = delete;
  CameraConnection &operator=(const CameraConnection &) = delete;

  // PAUSED or PLAYING, as the element. False: failed, and a message says why.
  bool SetState(GstState state);

  // Whether a message comes from here.
  bool Owns(GstObject *object) const;

  // Where frames arrive: its peer answers queries.
  PadPtr NewPadReference() const;

 private:
  struct Frames;  // what the streaming thread needs
  GstElement *NewRtspSource(const CameraSettings &settings);
  void AddEncodedBranch(GstElement *source, GstElement *decoder);
  void AddSound(GstElement *source);
  void StopStrays();
  GstElement *NewUriSource(const CameraSettings &settings);

  GstBin *const bin_;
  GstElement *const connection_;  // owned by the bin
  GstElement *sink_ = nullptr;    // owned by the connection
  const std::unique_ptr<Frames> frames_;
  const bool live_;
};

}  // namespace action

#endif  // GST_ACTION_CAMERA_CONNECTION_H_

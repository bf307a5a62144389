// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// unique_ptr for things that a C function frees.
#ifndef ACTION_DELETER_H_
#define ACTION_DELETER_H_

namespace action {

// std::unique_ptr<GstBus, Deleter<gst_object_unref>>
template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T *thing) const {
    Free(thing);
  }
};

}  // namespace action

#endif  // ACTION_DELETER_H_

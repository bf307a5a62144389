// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The lock that every GstObject has, for as long as a scope lasts.
#ifndef GST_ACTION_COMMON_OBJECT_LOCK_H_
#define GST_ACTION_COMMON_OBJECT_LOCK_H_

#include <gst/gst.h>

namespace action {

// Protects an element's settings. Nothing is pushed, posted or waited for while it is held.
class ObjectLock {
 public:
  explicit ObjectLock(gpointer object) : object_(GST_OBJECT_CAST(object)) { GST_OBJECT_LOCK(object_); }
  ~ObjectLock() { GST_OBJECT_UNLOCK(object_); }
  ObjectLock(const ObjectLock &) = delete;
  ObjectLock &operator=(const ObjectLock &) = delete;

 private:
  GstObject *const object_;
};

}  // namespace action

#endif  // GST_ACTION_COMMON_OBJECT_LOCK_H_

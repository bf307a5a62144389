// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/error.h"

namespace action {

// Out of line, so that the type's identity lives in this library alone and a throw in one library is caught in another.
Error::~Error() = default;

}  // namespace action

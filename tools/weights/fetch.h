// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Downloads a weights file whose name carries the start of its SHA-256.
#ifndef GST_ACTION_FETCH_H_
#define GST_ACTION_FETCH_H_

#include <string>

namespace action {

// Downloads `url` into `folder` with curl or wget and returns the file's path. Resumes FILE.part; the file appears
// under its name only when its SHA-256 is `sha256`, or, when that is empty, starts with the hash in the name
// ("r3d_18-b3b3357e.pth"). Throws Error when neither says a hash, neither program is installed, the download fails, or
// the hash is wrong.
std::string FetchWeights(const std::string &url, const std::string &folder, const std::string &sha256);

}  // namespace action

#endif  // GST_ACTION_FETCH_H_

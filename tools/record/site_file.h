// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_SITE_FILE_H_
#define GST_ACTION_RECORD_SITE_FILE_H_

#include <string>

#include "record/settings.h"

namespace action {

// Reads site.toml: keys of SiteKeys() at the top, tables [[station]] with keys of StationKeys(). Keys of stations may
// stand at the top, too, for all stations that do not have them. Names of files are relative to the folder of the file.
// Throws Error with file and line for what is no TOML, a key that is not known, and a value that cannot be.
SiteSettings ReadSiteFile(const std::string &path);

}  // namespace action

#endif  // GST_ACTION_RECORD_SITE_FILE_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Labels and elements as the page has them.
#ifndef GST_ACTION_STUDIO_JSON_H_
#define GST_ACTION_STUDIO_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "action/elements.h"
#include "studio/project.h"
#include "studio/video_index.h"

namespace action {

nlohmann::ordered_json ToJson(const VideoFacts &facts);
nlohmann::ordered_json ToJson(const LabelledSegment &segment);
nlohmann::ordered_json ToJson(const ElementRow &row);
// Both throw nlohmann::json::exception.
LabelledSegment SegmentFrom(const nlohmann::ordered_json &object);
ElementRow RowFrom(const nlohmann::ordered_json &object);

}  // namespace action

#endif  // GST_ACTION_STUDIO_JSON_H_

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What nlohmann-json throws, for people.
#ifndef ACTION_JSON_ERROR_H_
#define ACTION_JSON_ERROR_H_

#include <nlohmann/json.hpp>
#include <string>

namespace action {

// "it is not JSON at line 3, column 7", "'labels' is missing", "a number stands where a text should".
std::string InPlainWords(const nlohmann::json::exception &error);

}  // namespace action

#endif  // ACTION_JSON_ERROR_H_

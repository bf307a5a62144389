// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/json_error.h"

#include <regex>

namespace action {

std::string InPlainWords(const nlohmann::json::exception &error) {
  const std::string said = error.what();
  std::smatch part;
  if (std::regex_search(said, part, std::regex("at line (\\d+), column (\\d+)"))) {
    return "it is not JSON at line " + part[1].str() + ", column " + part[2].str();
  }
  if (std::regex_search(said, part, std::regex("key '(.*)' not found"))) return "'" + part[1].str() + "' is missing";
  if (std::regex_search(said, part, std::regex("type must be (\\w+), but is (\\w+)"))) {
    return "a value of the type " + part[2].str() + " stands where one of the type " + part[1].str() + " should";
  }
  if (std::regex_search(said, part, std::regex("cannot use .* with (\\w+)"))) {
    return "a value of the type " + part[1].str() + " stands where an object should";
  }
  return "it is not what this program writes";
}

}  // namespace action

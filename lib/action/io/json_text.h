// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// JSON that comes from outside.
#ifndef ACTION_IO_JSON_TEXT_H_
#define ACTION_IO_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "action/error.h"
#include "action/export.h"
#include "action/io/input_file.h"
#include "action/text.h"

namespace action {

// "it is not JSON at line 3, column 7", "'labels' is missing", "a number stands where a text should".
ACTION_API std::string InPlainWords(const nlohmann::json::exception &error);

// Parses a text. what: the file in errors; first_line: the text's first line in it. Throws Error that names the line
// when it is not JSON or not UTF-8, holds a number that no double has room for, or is nested more than 64 deep: the
// parser could, and what walks through its values could not.
ACTION_API nlohmann::json ParseJson(std::string_view text, const std::string &what, size_t first_line = 1);

// The same in the order of the text, for what is written again. An object has up to 10,000 keys: each is searched for
// among all before it.
ACTION_API nlohmann::ordered_json ParseOrderedJson(std::string_view text, const std::string &what);

// A file that is one object. Throws Error.
ACTION_API nlohmann::json ReadJsonObject(const std::string &path, const std::string &what, uint64_t most);

// The text under a key as one of these values. Throws Error, or json::exception where there is no text.
template <typename Enum>
Enum EnumAt(const nlohmann::json &object, const char *key, std::initializer_list<Enum> values) {
  const auto text = object.at(key).get<std::string>();
  if (const auto value = Named(text, values)) return *value;
  throw Error(std::string(key) + " is '" + text + "', which this version does not know");
}

}  // namespace action

#endif  // ACTION_IO_JSON_TEXT_H_

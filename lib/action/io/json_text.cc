// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/json_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "action/error.h"
#include "action/regex.h"

namespace action {
namespace {

constexpr size_t kMostDepth = 64;
constexpr size_t kMostOrderedKeys = 10'000;

std::optional<std::vector<std::string>> Match(const char *pattern, const std::string &text) {
  return Regex(pattern).Find(text);
}

std::string Line(std::string_view text, size_t at, size_t first_line) {
  const std::string_view before = text.substr(0, at);
  return std::to_string(first_line + static_cast<size_t>(std::ranges::count(before, '\n')));
}

// Brackets and keys are counted before they become values.
void CheckShape(std::string_view text, const std::string &what, size_t first_line, size_t most_keys) {
  std::array<size_t, kMostDepth + 1> keys{};
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\' ? 1 : 0;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostDepth) {
        throw Error(what + " cannot be read: at line " + Line(text, i, first_line) + " it is nested more than " +
                    std::to_string(kMostDepth) + " deep, as no file of this program is");
      }
      keys[depth] = 0;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ':' && ++keys[depth] > most_keys) {
      throw Error(what + " cannot be read: at line " + Line(text, i, first_line) + " an object has more than " +
                  std::to_string(most_keys) + " keys");
    }
  }
}

template <typename Json>
Json Parse(std::string_view text, const std::string &what, size_t first_line, size_t most_keys) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) throw Error(what + " cannot be read: it is empty");
  CheckText(text, what, first_line);
  CheckShape(text, what, first_line, most_keys);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error &e) {
    const size_t at = std::min(e.byte > 0 ? e.byte - 1 : 0, text.size());
    const size_t begin = text.substr(0, at).rfind('\n') + 1;  // npos + 1 is 0
    throw Error(what + " cannot be read: it is not JSON at line " + Line(text, at, first_line) + ", column " +
                std::to_string(at - begin + 1));
  } catch (const nlohmann::json::exception &e) {
    // A number; its place is not told.
    const auto number = Match("number overflow parsing '(.*)'", e.what());
    const size_t at = number ? text.find((*number)[1]) : std::string_view::npos;
    if (at == std::string_view::npos) throw Error(what + " cannot be read: " + InPlainWords(e));
    throw Error(what + " cannot be read: the number " + (*number)[1].substr(0, 40) + " at line " +
                Line(text, at, first_line) + " is too large");
  }
}

}  // namespace

std::string InPlainWords(const nlohmann::json::exception &error) {
  const std::string said = error.what();
  if (const auto found = Match("at line (\\d+), column (\\d+)", said)) {
    return "it is not JSON at line " + (*found)[1] + ", column " + (*found)[2];
  }
  if (const auto found = Match("key '(.*)' not found", said)) return "'" + (*found)[1] + "' is missing";
  if (const auto found = Match("type must be (\\w+), but is (\\w+)", said)) {
    return "a value of the type " + (*found)[2] + " stands where one of the type " + (*found)[1] + " should";
  }
  if (const auto found = Match("cannot use .* with (\\w+)", said)) {
    return "a value of the type " + (*found)[1] + " stands where an object should";
  }
  return "it is not what this program writes";
}

nlohmann::json ParseJson(std::string_view text, const std::string &what, size_t first_line) {
  return Parse<nlohmann::json>(text, what, first_line, SIZE_MAX);
}

nlohmann::ordered_json ParseOrderedJson(std::string_view text, const std::string &what) {
  return Parse<nlohmann::ordered_json>(text, what, 1, kMostOrderedKeys);
}

nlohmann::json ReadJsonObject(const std::string &path, const std::string &what, uint64_t most) {
  return OfFile(path, [&] {
    nlohmann::json value = ParseJson(ReadText(path, what, most), what);
    if (!value.is_object()) throw Error(what + " is not a JSON object");
    return value;
  });
}

}  // namespace action

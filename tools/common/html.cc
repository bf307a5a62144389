// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/html.h"

namespace action {
namespace {

constexpr const char *kStyle = R"(
  :root { color-scheme: light; --text: #1b1f24; --soft: #5b6470; --line: #d9dde3; --back: #f4f5f7; }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 1280px; padding: 16px; color: var(--text); background: #fff; font: 15px/1.45 system-ui, sans-serif; }
  h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 28px 0 8px; } h3 { font-size: 16px; margin: 18px 0 6px; }
  p { max-width: 80ch; } .soft { color: var(--soft); }
  .warning { border-left: 4px solid #d13b3b; background: #fdf1f1; padding: 8px 12px; }
  .table { overflow-x: auto; margin: 8px 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: 4px 8px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
  th { text-align: right; vertical-align: bottom; color: var(--soft); font-weight: 600; }
  th:first-child, td:first-child { text-align: left; }
  .label { display: inline-block; margin-right: 14px; } .label span { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
  svg { max-width: 100%; height: auto; display: block; }
  @media print { body { max-width: none; padding: 0; } h2, h3 { break-after: avoid; } svg, tr { break-inside: avoid; } .table { overflow: visible; } }
)";

}  // namespace

std::string HtmlEscaped(const std::string &text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string HtmlPage(const std::string &title, const std::string &body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         HtmlEscaped(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + body +
         "</body>\n</html>\n";
}

std::string HtmlTable(const std::vector<std::string> &head, const std::vector<std::vector<std::string>> &rows) {
  const auto line = [](const std::vector<std::string> &cells, const char *tag) {
    std::string text = "<tr>";
    for (const std::string &cell : cells)
      text += std::string("<") + tag + ">" + cell + "</" + tag + ">";
    return text + "</tr>\n";
  };
  std::string text = "<div class=\"table\"><table>\n" +
                     (head.empty() ? "" : "<thead>" + line(head, "th") + "</thead>\n") + "<tbody>\n";
  for (const auto &row : rows)
    text += line(row, "td");
  return text + "</tbody></table></div>\n";
}

}  // namespace action

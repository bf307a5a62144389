// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_STUDIO_PRESENCE_H_
#define GST_ACTION_STUDIO_PRESENCE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace action {

// Which page has which video open. A page asks for the state all the time, and says so by that; one that has not for
// some seconds is gone.
class Presence {
 public:
  using Clock = std::chrono::steady_clock;

  // page: what a page calls itself; empty: it does not say.
  void Note(const std::string &page, const std::string &video, Clock::time_point now = Clock::now()) {
    std::erase_if(pages_, [now](const auto &entry) { return now - entry.second.second > kGone; });
    if (!page.empty() && page.size() <= kLongestName && (pages_.contains(page) || pages_.size() < kMost))
      pages_[page] = {video, now};
  }
  void Leave(const std::string &page) { pages_.erase(page); }
  // Other pages with this video.
  std::ptrdiff_t Others(const std::string &page, const std::string &video) const {
    return std::ranges::count_if(pages_,
                                 [&](const auto &entry) { return entry.first != page && entry.second.first == video; });
  }

 private:
  static constexpr std::chrono::seconds kGone{12};  // a page that is hidden asks every 5 s
  static constexpr size_t kMost = 1000, kLongestName = 100;

  std::map<std::string, std::pair<std::string, Clock::time_point>> pages_;
};

}  // namespace action

#endif  // GST_ACTION_STUDIO_PRESENCE_H_

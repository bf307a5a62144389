// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which pictures need no decoding.
#ifndef GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_
#define GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "action/fraction.h"
#include "action/frame_sampler.h"

namespace action {

// Pictures come in the order of decoding. It samples them in the order in which they are shown, as r3dfeatures will,
// and says which ones neither it nor any other picture needs. As soon as something is not as it should be, it keeps
// everything that follows.
//
// The order of showing is known by decoding times (a picture is never shown before it is decoded), and where there are
// none, as in Matroska, by IDR pictures: whatever is decoded before one is shown before it.
class SkipPlanner {
 public:
  // rate: of the source; must be known.
  SkipPlanner(Sampling sampling, Fraction rate, Fraction sample_rate) : sampler_(sampling, rate, sample_rate) {}

  // Where a picture lies of the part that is played.
  enum class Place { kBefore, kInside, kAfter };
  struct Picture {
    int64_t pts = 0;             // ns, as the other times
    std::optional<int64_t> dts;  // all pictures have one, or none
    int64_t duration = 0;
    bool referenced = true;
    bool instantaneous_refresh = false;  // IDR
    Place place = Place::kInside;
    int64_t cut = 0;  // how much of its beginning lies before the part that is played
  };
  struct Skipped {
    int64_t pts = 0, duration = 0;  // ns
  };
  // What becomes of a picture.
  struct Plan {
    bool keep = true;
    std::vector<Skipped> skipped;  // before it, in the order of showing
  };

  // The next picture. Returns what is decided by now, in the order of decoding, from the oldest undecided picture on.
  std::vector<Plan> Add(const Picture &picture);
  // The stream ends here: the rest is decided.
  std::vector<Plan> End();
  // Something else comes: the rest is kept.
  std::vector<Plan> Finish();
  // A seek: forgets all pictures. What is known of their rate is kept, as r3dfeatures keeps it.
  void Restart();
  // Why it keeps everything; null: it does not.
  const char *gave_up() const { return gave_up_; }

 private:
  struct Waiting {
    Picture picture;
    bool decided = false;
    Plan plan;
  };
  const char *ProblemOf(const Picture &picture) const;
  // In the order of showing.
  std::vector<Waiting *> UndecidedBefore(int64_t time);
  // Those that are shown before everything that may come yet; `after`: a picture that is shown later than these, null
  // when there is none.
  void DecideAll(const std::vector<Waiting *> &shown, const Picture *after);
  void Decide(Waiting &next, const Picture *after);
  void KeepAll();
  std::vector<Plan> TakeDecided();

  FrameSampler sampler_;
  std::deque<Waiting> waiting_;   // in the order of decoding
  std::vector<Skipped> skipped_;  // since the last one that is kept
  std::optional<int64_t> last_shown_;
  std::optional<Picture> last_;
  bool irregular_ = false;
  const char *gave_up_ = nullptr;
};

}  // namespace action

#endif  // GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_

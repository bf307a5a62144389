// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the studio's page asks for and changes.
#ifndef GST_ACTION_STUDIO_STUDIO_H_
#define GST_ACTION_STUDIO_STUDIO_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "studio/job.h"
#include "studio/presence.h"
#include "studio/project.h"
#include "studio/server.h"
#include "studio/training.h"
#include "studio/video_index.h"

namespace action {

// On the main loop.
//
//   GET  /api/state?page=P&video=V  all but the labels: videos, elements, settings, models, what is at work, and how
//                                   many other pages than P have V open
//   GET  /api/labels?video=V        {"revision", "segments": [{start, end, label, origin, state, test}]}
//   PUT  /api/labels?video=V        the same; 409 with what is there now when the revision is an old one
//   PUT  /api/elements              {"revision", "rows"}; 409 likewise
//   PUT  /api/settings              {"revision", "settings"}; 409 likewise
//   GET  /api/frames?video=V        times of the frames (float64), then what moved in each (float32), little endian
//   GET  /api/found?video=V         what the model in use has found: {"segments"}
//   POST /api/train, /api/find?video=V, /api/cancel, /api/use?model=M, /api/first?video=V, /api/same?video=V,
//        /api/leave?page=P
//   GET  /video/V                   as the browser can play it
//   GET  /study?video=V             the report; format=html or xlsx: to be saved
//   GET  /report/MODEL              the trainer's
class Studio {
 public:
  struct Options {
    std::string folder;
    std::string model;    // to begin with; empty: none
    std::string weights;  // empty: where they are looked for
  };
  explicit Studio(const Options &options);

  StudioAnswer Handle(const StudioRequest &request);
  // Looks at what has been finished: a model that is not worse than the one in use takes its place. Often.
  void Settle();

 private:
  StudioAnswer State(const StudioRequest &request);
  StudioAnswer GetLabels(const std::string &video);
  StudioAnswer PutLabels(const std::string &video, const nlohmann::ordered_json &body);
  StudioAnswer PutElements(const nlohmann::ordered_json &body);
  StudioAnswer PutSettings(const nlohmann::ordered_json &body);
  StudioAnswer Frames(const std::string &video);
  StudioAnswer Found(const std::string &video);
  StudioAnswer Study(const StudioRequest &request);
  StudioAnswer Report(const std::string &model);
  StudioAnswer Train();
  StudioAnswer Find(const std::string &video);
  // The labels of a video are of the file that lies there now.
  void Remember(const std::string &video);
  bool WasReplaced(const std::string &video, const nlohmann::ordered_json &settings) const;
  // Makes models/NAME the one in use.
  void Use(const std::string &model);

  StationSetup Setup();
  std::string NextModel() const;
  double DurationOf(const std::string &video) { return index_.FactsOf(video).duration; }

  const Options options_;
  Project project_;
  VideoIndex index_;
  Job job_;
  Presence presence_;
  int settled_ = 0;  // the last work whose result was looked at
};

}  // namespace action

#endif  // GST_ACTION_STUDIO_STUDIO_H_

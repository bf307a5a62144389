// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/studio.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "action/error.h"
#include "action/feature_cache.h"
#include "action/io/atomic_file.h"
#include "action/io/json_text.h"
#include "action/model_bundle.h"
#include "action/timeline/timeline_file.h"
#include "report/report.h"
#include "report/spreadsheet.h"
#include "studio/json.h"
#include "studio/study_of.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char *kModels = "models/";

StudioAnswer Json(const ordered_json &value, unsigned status = 200) {
  return {status, "application/json", value.dump(-1, ' ', false, ordered_json::error_handler_t::replace), "", ""};
}

StudioAnswer Problem(unsigned status, const std::string &text) {
  return Json({{"error", text}}, status);
}

ordered_json ToJson(const Job::Status &status) {
  return {{"number", status.number}, {"kind", status.kind},   {"state", status.state}, {"doing", status.doing},
          {"share", status.share},   {"lines", status.lines}, {"error", status.error}, {"result", status.result}};
}

// What the query says; empty: nothing.
std::string Asked(const StudioRequest &request, const char *what) {
  const auto found = request.query.find(what);
  return found != request.query.end() ? found->second : "";
}

// "models/NAME", and nothing that leads elsewhere.
bool IsModelName(const std::string &model) {
  return model.starts_with(kModels) && model.size() > std::strlen(kModels) &&
         model.find_first_not_of("0123456789", std::strlen(kModels)) == std::string::npos;
}

}  // namespace

Studio::Studio(const Options &options)
    : options_(options), project_(options.folder), index_(project_.folder(), project_.CachePath("videos")) {
  project_.AllLabels();
  project_.Elements();  // both tell mistakes before anything is shown
  for (const std::string &video : project_.Videos())
    index_.FactsOf(video);
}

StudioAnswer Studio::Handle(const StudioRequest &request) {
  try {
    const auto video = [&]() -> std::string {
      const std::string name = Asked(request, "video");
      if (!project_.HasVideo(name)) throw Error("there is no video '" + name + "' in " + project_.folder());
      return name;
    };
    const std::string &path = request.path;
    if (request.method == "GET" || request.method == "HEAD") {
      if (path == "/api/state") return State(request);
      if (path == "/api/labels") return GetLabels(video());
      if (path == "/api/frames") return Frames(video());
      if (path == "/api/found") return Found(video());
      if (path == "/study") return Study(request);
      if (path.starts_with("/report/")) return Report(path.substr(8));
      if (path.starts_with("/video/")) {
        const std::string name = path.substr(7);
        const auto file = project_.HasVideo(name) ? index_.PathToPlay(name) : std::nullopt;
        return file ? StudioAnswer{200, "", "", *file, ""} : Problem(404, "this video cannot be shown (yet)");
      }
    } else if (request.method == "PUT") {
      ordered_json body;
      try {
        body = ParseOrderedJson(request.body, "the request");
      } catch (const Error &e) {
        return Problem(400, e.what());
      }
      if (path == "/api/labels") return PutLabels(video(), body);
      if (path == "/api/elements") return PutElements(body);
      if (path == "/api/settings") return PutSettings(body);
    } else if (request.method == "POST") {
      if (path == "/api/train") return Train();
      if (path == "/api/find") return Find(video());
      if (path == "/api/first") {
        index_.First(video());
        return Json({});
      }
      if (path == "/api/same") {
        Remember(video());
        return Json({});
      }
      if (path == "/api/cancel") {
        job_.Cancel();
        return Json({});
      }
      if (path == "/api/use") {
        const std::string model = Asked(request, "model");
        if (!IsModelName(model) || !fs::is_directory(project_.Path(model)))
          return Problem(400, "there is no such model");
        Use(model);
        return Json({});
      }
      if (path == "/api/leave") {
        presence_.Leave(Asked(request, "page"));
        return Json({});
      }
    }
    return Problem(404, "there is nothing called " + path);
  } catch (const nlohmann::json::exception &e) {
    return Problem(400, std::string("the request is not understood: ") + e.what());
  } catch (const std::exception &e) {
    return Problem(500, e.what());
  }
}

StationSetup Studio::Setup() {
  const ordered_json settings = project_.Settings().content;
  StationSetup setup{project_.folder(), settings.value("roi", ""), options_.weights, ""};
  const std::string model = settings.value("model", "");
  if (IsModelName(model)) {
    setup.model = project_.Path(model);
  } else if (!options_.model.empty()) {
    setup.model = options_.model;
  } else if (fs::exists(project_.Path("model") + "/stage1")) {
    setup.model = project_.Path("model");  // that somebody has put there
  }
  if (!setup.model.empty() && !fs::is_directory(setup.model)) setup.model.clear();
  return setup;
}

StudioAnswer Studio::State(const StudioRequest &request) {
  Settle();
  const StationSetup setup = Setup();
  ordered_json state = {{"folder", project_.folder()}};
  const std::string page = Asked(request, "page"), open = Asked(request, "video");
  presence_.Note(page, open);
  state["others"] = presence_.Others(page, open);
  state["foreign"] = project_.LabelsAreForeign();
  state["videos"] = ordered_json::array();
  const auto labels = project_.AllLabels();
  const auto settings = project_.Settings();
  const std::vector<std::string> videos = project_.Videos();
  for (const std::string &video : videos) {
    const VideoFacts facts = index_.FactsOf(video);
    const auto of_video = labels.find(video);
    const std::string found = setup.model.empty() ? "" : FoundPath(setup, video);
    std::error_code missing;
    const auto found_time = found.empty() ? fs::file_time_type() : fs::last_write_time(found, missing);
    ordered_json object = {{"name", video}};
    object.update(ToJson(facts));
    object["revision"] = project_.Labels(video).revision;
    object["labelled"] = of_video != labels.end() ? of_video->second.size() : 0;
    object["replaced"] = of_video != labels.end() && !of_video->second.empty() && WasReplaced(video, settings.content);
    object["found"] = found.empty() || missing ? 0 : found_time.time_since_epoch().count();
    state["videos"].push_back(std::move(object));
  }
  // Whose video has gone: the labels stay, and nothing is learnt of them.
  for (const auto &[video, segments] : labels) {
    if (segments.empty() || std::ranges::find(videos, video) != videos.end()) continue;
    VideoFacts gone;
    gone.state = VideoFacts::State::kFailed;
    gone.error = video + " is not in the folder; its labels are kept, and nothing is learnt of them";
    ordered_json object = {{"name", video}};
    object.update(ToJson(gone));
    object["revision"] = project_.Labels(video).revision;
    object["labelled"] = segments.size();
    object["missing"] = true;
    object["found"] = 0;
    state["videos"].push_back(std::move(object));
  }
  const auto elements = project_.Elements();
  state["elements"] = {{"revision", elements.revision}, {"rows", ordered_json::array()}};
  std::set<std::string> known;
  for (const ElementRow &row : elements.content) {
    known.insert(row.label);
    state["elements"]["rows"].push_back(ToJson(row));
  }
  // Labels that somebody has written elsewhere are elements too.
  for (const auto &[video, segments] : labels) {
    for (const LabelledSegment &segment : segments) {
      if (known.insert(segment.label).second)
        state["elements"]["rows"].push_back(ToJson(ElementRow{segment.label, {}, {}}));
    }
  }
  // What each label has, over all videos: how much there is to learn from.
  state["counts"] = ordered_json::object();
  std::map<std::string, std::pair<int, int>> counts;  // to train with, of the test set
  for (const auto &[video, segments] : labels) {
    if (std::ranges::find(videos, video) == videos.end()) continue;
    for (const LabelledSegment &segment : segments)
      ++(segment.test ? counts[segment.label].second : counts[segment.label].first);
  }
  for (const auto &[label, count] : counts)
    state["counts"][label] = {{"train", count.first}, {"test", count.second}};
  state["settings"] = {{"revision", settings.revision}, {"settings", settings.content}};
  state["model"] = nullptr;
  if (!setup.model.empty()) {
    const fs::path relative = fs::path(setup.model).lexically_relative(project_.folder());
    state["model"] = {{"path", setup.model}, {"name", relative.string()}};
    try {
      const ModelBundle bundle = ModelBundle::Open(setup.model);
      if (bundle.facts()) {
        state["model"]["created"] = bundle.facts()->created;
        state["model"]["stand_in"] = bundle.facts()->stand_in;
        state["model"]["held_out"] =
            bundle.facts()->held_out ? ordered_json(*bundle.facts()->held_out) : ordered_json(nullptr);
      }
    } catch (const Error &e) {
      state["model"]["error"] = e.what();
    }
  }
  state["models"] = ordered_json::array();
  std::error_code none;
  for (const auto &entry : fs::directory_iterator(project_.Path("models"), none)) {
    const std::string name = kModels + entry.path().filename().string();
    if (!entry.is_directory() || !IsModelName(name)) continue;
    const std::string result = project_.Path(name) + ".json";
    ordered_json read;
    try {
      if (fs::exists(result, none)) read = ParseOrderedJson(ReadText(result, result, kMostOfModelFile), result);
    } catch (const Error &) {  // what the model was compared with is not known
    }
    state["models"].push_back({{"name", name}, {"result", std::move(read)}});
  }
  std::sort(state["models"].begin(), state["models"].end(),
            [](const ordered_json &a, const ordered_json &b) { return a["name"] < b["name"]; });
  state["job"] = ToJson(job_.status());
  return Json(state);
}

StudioAnswer Studio::GetLabels(const std::string &video) {
  const auto labels = project_.Labels(video);
  ordered_json segments = ordered_json::array();
  for (const LabelledSegment &segment : labels.content)
    segments.push_back(ToJson(segment));
  return Json({{"revision", labels.revision}, {"segments", segments}});
}

StudioAnswer Studio::PutLabels(const std::string &video, const ordered_json &body) {
  std::vector<LabelledSegment> segments;
  for (const ordered_json &segment : body.at("segments"))
    segments.push_back(SegmentFrom(segment));
  const auto revision = project_.SetLabels(video, body.at("revision").get<std::string>(), segments,
                                           [this](const std::string &name) { return DurationOf(name); });
  if (revision) {
    if (!project_.Settings().content.value("videos", ordered_json::object()).contains(video)) Remember(video);
    return Json({{"revision", *revision}});
  }
  StudioAnswer now = GetLabels(video);
  now.status = 409;
  return now;
}

StudioAnswer Studio::PutElements(const ordered_json &body) {
  std::vector<ElementRow> rows;
  std::set<std::string> fixed;  // labels that mean something already
  for (const auto &[video, segments] : project_.AllLabels()) {
    for (const LabelledSegment &segment : segments)
      fixed.insert(segment.label);
  }
  if (const StationSetup setup = Setup(); !setup.model.empty()) {
    const LabelTable labels = ModelBundle::Open(setup.model).labels();
    for (const FineLabel &label : labels.fine)
      fixed.insert(label.label);
  }
  std::set<std::string> used;
  for (const ordered_json &object : body.at("rows")) {
    ElementRow row = RowFrom(object);
    const bool named = row.element.name.find_first_not_of(' ') != std::string::npos;
    if (!named && !fixed.contains(row.label)) return Problem(400, "an element needs a name");
    if (!fixed.contains(row.label)) row.label = LabelFor(row.element.name, row.value.value_or(ValueCategory::kUnknown));
    if (!used.insert(row.label).second)
      return Problem(400,
                     "there is an element '" + row.element.name + "' already (" + row.label + "); choose another name");
    rows.push_back(std::move(row));
  }
  const auto revision = project_.SetElements(body.at("revision").get<std::string>(), rows);
  const auto now = project_.Elements();
  ordered_json answer = {{"revision", now.revision}, {"rows", ordered_json::array()}};
  for (const ElementRow &row : now.content)
    answer["rows"].push_back(ToJson(row));
  return Json(answer, revision ? 200 : 409);
}

StudioAnswer Studio::PutSettings(const ordered_json &body) {
  ordered_json settings = body.at("settings");
  if (!settings.is_object()) return Problem(400, "settings are an object");
  if (const std::string roi = settings.value("roi", ""); !roi.empty()) Region::Parse(roi);
  const ordered_json before = project_.Settings().content;
  for (const char *ours : {"model", "videos"}) {  // that are changed in other ways
    if (before.contains(ours)) settings[ours] = before[ours];
  }
  const auto revision = project_.SetSettings(body.at("revision").get<std::string>(), settings);
  const auto now = project_.Settings();
  return Json({{"revision", now.revision}, {"settings", now.content}}, revision ? 200 : 409);
}

StudioAnswer Studio::Frames(const std::string &video) {
  const auto table = index_.FramesOf(video);
  if (!table) return Problem(404, "its frames are not known yet");
  StudioAnswer answer{200, "application/octet-stream", "", "", ""};
  answer.text.append(reinterpret_cast<const char *>(table->times.data()), table->times.size() * sizeof(double));
  answer.text.append(reinterpret_cast<const char *>(table->motion.data()), table->motion.size() * sizeof(float));
  return answer;
}

StudioAnswer Studio::Found(const std::string &video) {
  const StationSetup setup = Setup();
  ordered_json segments = ordered_json::array();
  if (setup.model.empty() || !fs::exists(FoundPath(setup, video))) return Json({{"segments", segments}});
  bool stand_in = false;
  for (const Segment &segment : ReadTimeline(FoundPath(setup, video))) {
    stand_in = stand_in || segment.stand_in;
    segments.push_back({{"start", static_cast<double>(segment.start) / 1e9},
                        {"end", static_cast<double>(segment.end) / 1e9},
                        {"label", segment.fine_action},
                        {"name", segment.name},
                        {"value", NameOf(segment.category)},
                        {"state", NameOf(segment.state)},
                        {"confidence", segment.confidence}});
  }
  return Json({{"segments", segments}, {"stand_in", stand_in}});
}

StudioAnswer Studio::Study(const StudioRequest &request) {
  const auto asked = [&](const char *name) {
    const auto found = request.query.find(name);
    return found != request.query.end() ? found->second : std::string();
  };
  std::vector<std::string> videos = project_.Videos();
  if (!asked("video").empty()) std::erase_if(videos, [&](const std::string &video) { return video != asked("video"); });
  const StudyReport report = StudyOf(project_, Setup(), videos, asked("source") != "labels");
  if (report.timelines.empty()) {
    return {200, "text/html; charset=utf-8",
            "<!DOCTYPE html><meta charset='utf-8'><p style='font:16px sans-serif'>Nothing is labelled yet, and no "
            "model has "
            "looked at these videos.</p>",
            "", ""};
  }
  if (asked("format") == "xlsx") {
    const std::string path = project_.CachePath("study.xlsx");
    WriteSpreadsheet(path, ReportTables(report));
    return {200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", path, "study.xlsx"};
  }
  return {200, "text/html; charset=utf-8", ReportPage(report), "", asked("format") == "html" ? "study.html" : ""};
}

StudioAnswer Studio::Report(const std::string &model) {
  if (!IsModelName(kModels + model)) return Problem(404, "there is no such model");
  return {200, "text/html; charset=utf-8", "", project_.Path(kModels + model + "/report.html"), ""};
}

std::string Studio::NextModel() const {
  int last = 0;
  std::error_code none;
  for (const auto &entry : fs::directory_iterator(project_.Path("models"), none)) {
    const std::string name = entry.path().filename().string();
    int number = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc())
      last = std::max(last, number);
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%03d", last + 1);
  return text.data();
}

StudioAnswer Studio::Train() {
  const StationSetup setup = Setup();
  // Of what can be read: one video that is gone does not stop the others.
  std::vector<std::string> videos;
  std::map<std::string, std::vector<LabelledSegment>> labels;
  for (const auto &[video, segments] : project_.AllLabels()) {
    if (segments.empty() || !project_.HasVideo(video)) continue;
    if (index_.FactsOf(video).state == VideoFacts::State::kFailed) continue;
    videos.push_back(video);
    labels[video] = segments;
  }
  const std::string annotations = project_.CachePath("training.csv");
  if (job_.status().state != "running")
    project_.WriteLabelsOf(videos, annotations, [this](const std::string &video) { return DurationOf(video); });
  const bool started = job_.Start("train", [setup, name = NextModel(), annotations, labels](Job &job) {
    return TrainModel(job, setup, name, annotations, labels);
  });
  return started ? Json({}) : Problem(409, "something else is at work; wait for its end, or cancel it");
}

void Studio::Remember(const std::string &video) {
  const VideoMark mark = VideoMark::Of(project_.Path(video));
  project_.ChangeSettings([&](ordered_json &settings) { settings["videos"][video] = mark.bytes; });
}

bool Studio::WasReplaced(const std::string &video, const ordered_json &settings) const {
  const ordered_json known = settings.value("videos", ordered_json::object());
  return known.contains(video) && known[video] != VideoMark::Of(project_.Path(video)).bytes;
}

StudioAnswer Studio::Find(const std::string &video) {
  const StationSetup setup = Setup();
  if (setup.model.empty()) return Problem(400, "there is no model yet; train one first");
  const bool started = job_.Start("find", [setup, video](Job &job) -> ordered_json {
    job.Doing("looking at " + video);
    FindTimeline(job, setup, video);
    return {{"video", video}};
  });
  return started ? Json({}) : Problem(409, "something else is at work; wait for its end, or cancel it");
}

void Studio::Settle() {
  const Job::Status status = job_.status();
  if (status.state != "done" || status.number == settled_) return;
  settled_ = status.number;
  if (status.kind != "train") return;
  const std::string model = status.result["model"];
  project_.WriteElementsFor(project_.Path(model));
  AtomicFile file(project_.Path(model) + ".json");
  file.Write(status.result.dump(2) + "\n");
  file.Commit();
  const std::string verdict = status.result["verdict"];
  if (verdict == "first" || verdict == "not-worse") Use(model);
}

void Studio::Use(const std::string &model) {
  project_.ChangeSettings([&](ordered_json &settings) { settings["model"] = model; });
  // A name that stays, for pipelines and the recorder. What somebody else has put there stays.
  const fs::path link = project_.Path("model");
  std::error_code failed;
  if (fs::exists(fs::symlink_status(link)) && !fs::is_symlink(link)) return;
  const fs::path beside = project_.Path(".studio/model");
  fs::remove(beside, failed);
  fs::create_directory_symlink(model, beside, failed);
  if (!failed) fs::rename(beside, link, failed);
}

}  // namespace action

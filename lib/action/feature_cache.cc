// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/feature_cache.h"

#include <glib.h>
#include <sys/stat.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>

#include "action/checkpoint/checkpoint.h"
#include "action/deleter.h"
#include "action/error.h"
#include "action/feature_config_json.h"
#include "action/io/atomic_file.h"
#include "action/io/json_text.h"
#include "action/sha256.h"

namespace action {
namespace {

using nlohmann::json;

constexpr const char *kBackboneKey = "backbone";  // of features that were made elsewhere

// Raised whenever this program computes other features from the same video and settings than before.
// 2: videos that are to be turned, full-range MP4, times that stand still or are made up (0.2.0).
// 3: videos that lack a frame, or whose container says another rate than theirs or none (0.2.0).
constexpr int kFeatureVersion = 3;

std::string Md5(const std::string &text) {
  const std::unique_ptr<char, Deleter<g_free>> sum(g_compute_checksum_for_string(G_CHECKSUM_MD5, text.c_str(), -1));
  return sum.get();
}

struct stat FactsOf(const std::string &path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) throw Error("cannot read " + path + ": " + std::strerror(errno));
  return facts;
}

int64_t Nanoseconds(const timespec &time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// JSON is UTF-8, and file names need not be.
std::string Utf8(const std::string &text) {
  const std::unique_ptr<char, Deleter<g_free>> valid(g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size())));
  return valid.get();
}

json OriginOf(const std::string &video, const VideoSpan &span, const FeatureConfig &config, const VideoMark &mark) {
  json origin = {{"feature_version", kFeatureVersion},
                 {"video", Utf8(video)},
                 {"video_bytes", mark.bytes},
                 {"video_mtime_ns", mark.mtime_ns},
                 {"weights_hash", config.weights_hash},
                 {"precision", NameOf(config.precision)},
                 {"sample_rate", config.sample_rate.ToString()},
                 {"sampling", NameOf(config.sampling)},
                 {"hop", config.hop},
                 {"roi", config.roi.ToString()},
                 {"colorimetry", NameOf(config.colorimetry)}};
  if (config.mode != FeatureMode::kWindowed) origin["mode"] = NameOf(config.mode);
  if (!span.whole()) origin["span"] = {span.start, span.end};
  return origin;
}

bool IsReferences(const FeatureConfig &config) {
  return config.sample_rate == Fraction{8, 1} && config.sampling != Sampling::kTimestamp &&
         config.hop == kChunkFrames && config.roi.whole() && config.colorimetry == Colorimetry::kReference &&
         config.precision == Precision::kFp32 && config.mode == FeatureMode::kWindowed;
}

// Milliseconds, which is finer than any frame: "12.500".
std::string MillisecondText(double time) {
  const auto ms = static_cast<int64_t>(std::llround(time * 1000));
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return std::to_string(ms / 1000) + "." + fraction;
}

// Nothing: there is no twin that could be of use.
std::optional<json> ReadTwin(const std::string &path) {
  try {
    return ReadJsonObject(path, path, kMostOfSettings);
  } catch (const Error &) {
    return std::nullopt;
  }
}

// What is put behind the name of an entry where one of the reference lies, which is not ours to replace.
constexpr const char *kBesideReference = "__gst-action";

// The reference's twins say nothing of what the features were made with.
bool IsOfReference(const json &twin) {
  return !twin.contains(kBackboneKey) && !twin.contains("feature_version");
}

// A path as Python's pathlib writes it: without "." and empty parts; "//" at the beginning stays, "///" is "/".
std::string AsPosix(const std::string &path) {
  const size_t slashes = std::min(path.find_first_not_of('/'), path.size());
  std::string text = slashes == 2 ? "//" : slashes > 0 ? "/" : "";
  bool first = true;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    text += (first ? "" : "/") + part;
    first = false;
  }
  return text.empty() ? "." : text;
}

// SHA-256 of the features: ties the two files of an entry together.
std::string HashOf(const FeatureTable &table) {
  return Sha256Of(std::as_bytes(std::span(table.rows)));
}

// Sums of products of what is larger leave float.
constexpr float kLargestFeature = 1e12f;

// Throws Error when the file is no feature file. fewest_columns: the others are 0.
FeatureTable ReadTable(const std::string &path, int64_t fewest_columns = kFeatureSize) {
  const Checkpoint checkpoint = ReadCheckpoint(path);
  const auto *dict = checkpoint.root->As<Dict>();
  const ValuePtr feats = dict != nullptr ? dict->Find("feats") : nullptr;
  const ValuePtr ts = dict != nullptr ? dict->Find("ts") : nullptr;
  const Tensor *rows = feats ? feats->As<Tensor>() : nullptr;
  const Tensor *times = ts ? ts->As<Tensor>() : nullptr;
  if (rows == nullptr || times == nullptr || rows->shape().size() != 2 || rows->shape()[1] > kFeatureSize ||
      rows->shape()[1] < fewest_columns || times->shape() != std::vector<int64_t>{rows->shape()[0]}) {
    const auto shape_of = [](const Tensor *tensor) {
      std::string text = tensor == nullptr ? "no tensor" : "[";
      for (size_t i = 0; tensor != nullptr && i < tensor->shape().size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(tensor->shape()[i]);
      return text + (tensor != nullptr ? "]" : "");
    };
    throw Error(path + " is no feature file: it should hold {'feats': [T, 512], 'ts': [T]}, of other networks with " +
                "fewer columns, too. 'feats' is " + shape_of(rows) + ", 'ts' " + shape_of(times));
  }
  FeatureTable table;
  const std::vector<float> values = rows->ToFloats(), seconds = times->ToFloats();
  const auto are_numbers = [](const std::vector<float> &all) {
    return std::ranges::all_of(all, [](float value) { return std::isfinite(value); });
  };
  if (!are_numbers(values)) throw Error(path + " holds features that are not numbers");
  const auto largest = std::ranges::max_element(values, {}, [](float value) { return std::abs(value); });
  if (largest != values.end() && std::abs(*largest) > kLargestFeature) {
    throw Error(path + " holds features as large as " + std::to_string(*largest) +
                ", which no classifier can be computed of. Make them anew");
  }
  if (!are_numbers(seconds)) throw Error(path + " holds times that are not numbers");
  table.rows.resize(static_cast<size_t>(rows->shape()[0]));
  const int64_t columns = table.columns = rows->shape()[1];
  for (size_t i = 0; i < table.rows.size(); ++i)
    std::copy_n(values.begin() + static_cast<int64_t>(i) * columns, columns, table.rows[i].begin());
  table.times.assign(seconds.begin(), seconds.end());
  return table;
}

// The tensors of an entry, with what its twin says of them. Throws json::exception, and Error.
FeatureTable ReadEntry(const std::string &path, const json &twin) {
  const bool foreign = twin.contains(kBackboneKey);
  FeatureTable table = ReadTable(path, foreign ? 1 : kFeatureSize);
  table.source_fps = twin.value("src_fps", 0.0);
  table.samples = twin.value("samples", int64_t{0});
  if (foreign) table.weights_hash = twin.at("weights_hash").get<std::string>();
  if (foreign && table.weights_hash.empty()) throw Error("the .json beside " + path + " says no weights_hash");
  return table;
}

// Whether the video is still the one that features made elsewhere are of, as far as their twin says.
bool IsSameVideo(const json &twin, const std::string &video) {
  const VideoMark mark = VideoMark::Of(video);
  return twin.value("video_bytes", mark.bytes) == mark.bytes &&
         twin.value("video_mtime_ns", mark.mtime_ns) == mark.mtime_ns;
}

std::string StemIn(const std::string &folder, const std::string &name) {
  return (std::filesystem::path(folder) / name).string();
}

// Whether what lies there is not ours to replace: tensors of ours are never without a twin, which is written first.
bool IsOfOthers(const std::string &stem, const std::optional<json> &twin) {
  std::error_code failed;
  return twin ? IsOfReference(*twin)
              : std::filesystem::exists(stem + ".pt", failed) && !std::filesystem::exists(stem + ".json", failed);
}

// Features of another backbone. Throws Error that says what is there in their place.
FeatureTable ReadForeign(const std::string &stem, const std::string &backbone, const std::string &video) {
  const std::string twin_path = stem + ".json";
  const std::string expected = "expected " + stem + ".pt with features of " + backbone + ", and the .json beside it";
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(twin_path, failed)))
    throw Error("there are no features of it: " + expected);
  const json twin = ReadJsonObject(twin_path, twin_path, kMostOfSettings);
  if (!twin.contains(kBackboneKey)) throw Error(twin_path + " names no backbone: " + expected);
  if (twin[kBackboneKey] != backbone)
    throw Error(stem + ".pt holds features of " + twin[kBackboneKey].dump() + ": " + expected);
  try {
    if (!IsSameVideo(twin, video))
      throw Error(twin_path + " is of another file (video_bytes, video_mtime_ns): make the features anew");
    return ReadEntry(stem + ".pt", twin);
  } catch (const json::exception &e) {
    throw Error(twin_path + " is not the twin of features: " + InPlainWords(e));
  }
}

struct Entry {
  std::string name;
  std::optional<json> twin;
};

// The entry of this name, or ours beside it where it is of others.
Entry Find(const std::string &folder, const std::string &name) {
  Entry entry{name, ReadTwin(StemIn(folder, name) + ".json")};
  if (!IsOfOthers(StemIn(folder, name), entry.twin)) return entry;
  Entry beside{name + kBesideReference, ReadTwin(StemIn(folder, name + kBesideReference) + ".json")};
  return beside.twin ? beside : entry;
}

void CheckNotForeign(const std::string &stem) {
  const std::optional<json> there = ReadTwin(stem + ".json");
  if (!there || !there->contains(kBackboneKey)) return;
  throw Error(stem + ".pt are features of " + (*there)[kBackboneKey].dump() +
              ", which were made elsewhere, and are not overwritten. Name another folder for the features");
}

}  // namespace

FeatureFile ReadFeatureFile(const std::string &path) {
  FeatureFile file;
  const std::string twin_path = std::filesystem::path(path).replace_extension(".json").string();
  std::error_code failed;
  if (!std::filesystem::exists(twin_path, failed)) {
    file.table = ReadTable(path);
    return file;
  }
  const json twin = ReadJsonObject(twin_path, twin_path, kMostOfSettings);
  try {
    file.table = ReadEntry(path, twin);
    if (twin.contains(kBackboneKey)) {
      file.config.emplace();
      file.config->backbone = twin[kBackboneKey].get<std::string>();
      file.config->weights_hash = file.table.weights_hash;
    } else if (twin.contains("feature_version")) {  // the reference's twins say nothing of it
      file.config = FeatureConfigIn(twin);
    }
  } catch (const json::exception &e) {
    throw Error(ErrorKind::kFormat, twin_path, twin_path + " is not the twin of features: " + InPlainWords(e));
  }
  return file;
}

VideoMark VideoMark::Of(const std::string &video) {
  const struct stat facts = FactsOf(video);
  return {static_cast<int64_t>(facts.st_size), Nanoseconds(facts.st_mtim)};
}

FeatureCache::FeatureCache(std::string folder, FeatureConfig config)
    : folder_(std::move(folder)), config_(std::move(config)) {}

void FeatureCache::Prepare() const {
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed) throw Error("cannot make the folder " + folder_ + ": " + failed.message());
  if (access(folder_.c_str(), W_OK | X_OK) != 0) {
    throw Error("cannot write to the folder " + folder_ + ": " + std::strerror(errno));
  }
}

std::string FeatureCache::NameFor(const std::string &video, const VideoSpan &span) const {
  std::string name = "vid_" + Md5(AsPosix(video) + "|fps=8|len=16") + "__fps8__len16";
  if (config_.sample_rate != Fraction{8, 1}) {
    name += "__rate" + std::to_string(config_.sample_rate.numerator) + "-" +
            std::to_string(config_.sample_rate.denominator);
  }
  if (config_.hop != kChunkFrames) name += "__hop" + std::to_string(config_.hop);
  if (config_.mode != FeatureMode::kWindowed) name += std::string("__") + NameOf(config_.mode);
  if (!config_.roi.whole()) name += "__roi" + config_.roi.ToString();
  if (config_.sampling != Sampling::kAuto) name += std::string("__") + NameOf(config_.sampling);
  if (config_.colorimetry != Colorimetry::kReference) name += std::string("__") + NameOf(config_.colorimetry);
  if (!span.whole()) name += "__" + MillisecondText(span.start) + "-" + MillisecondText(span.end);
  return name;
}

std::string FeatureCache::EntryFor(const std::string &video, const VideoSpan &span) const {
  return Find(folder_, NameFor(video, span)).name;
}

std::optional<FeatureTable> FeatureCache::Read(const std::string &video, const VideoSpan &span, bool published,
                                               const std::function<void(const std::string &)> &problem) const {
  if (!config_.backbone.empty()) {
    try {
      return ReadForeign(StemIn(folder_, NameFor(video, span)), config_.backbone, video);
    } catch (const Error &e) {
      if (problem) problem(e.what());
    }
    return std::nullopt;
  }
  const auto [name, twin] = Find(folder_, NameFor(video, span));
  const std::string stem = StemIn(folder_, name);
  if (!twin || twin->contains(kBackboneKey)) return std::nullopt;
  const bool ours = twin->contains("feature_version");
  if (ours) {
    const json origin = OriginOf(video, span, config_, VideoMark::Of(video));
    for (const auto &[key, value] : origin.items()) {
      if (!twin->contains(key) || (*twin)[key] != value) return std::nullopt;
    }
  } else {
    struct stat entry {};
    if (!published || !IsReferences(config_) || !span.whole() || stat((stem + ".pt").c_str(), &entry) != 0 ||
        Nanoseconds(FactsOf(video).st_mtim) > Nanoseconds(entry.st_mtim)) {
      return std::nullopt;
    }
  }
  try {
    std::error_code failed;
    if (ours && !std::filesystem::exists(stem + ".pt", failed)) return std::nullopt;  // it was interrupted
    FeatureTable table = ReadEntry(stem + ".pt", *twin);
    // Another one's twin: two programs have written at the same time.
    if (ours && twin->value("features_sha256", std::string()) != HashOf(table)) return std::nullopt;
    return table;
  } catch (const Error &e) {
    if (problem) problem(std::string(e.what()) + ". It is made anew");
  } catch (const json::exception &e) {
    if (problem) problem(stem + ".json is not the twin of an entry: " + InPlainWords(e) + ". It is made anew");
  }
  return std::nullopt;
}

void FeatureCache::CheckReplaceable(const std::string &video, const VideoSpan &span) const {
  CheckNotForeign(StemIn(folder_, NameFor(video, span)));
}

void FeatureCache::Write(const std::string &video, const VideoSpan &span, const FeatureTable &table,
                         const VideoMark &mark) const {
  std::string stem = StemIn(folder_, NameFor(video, span));
  if (IsOfOthers(stem, ReadTwin(stem + ".json"))) stem += kBesideReference;
  std::vector<float> feats, times;
  for (const Features &row : table.rows)
    feats.insert(feats.end(), row.begin(), row.end());
  for (const double time : table.times)
    times.push_back(static_cast<float>(time));
  const auto rows = static_cast<int64_t>(table.rows.size());
  Dict dict;
  dict.items.emplace_back(MakeValue(std::string("feats")),
                          MakeValue(Tensor::FromFloats({rows, kFeatureSize}, std::move(feats))));
  dict.items.emplace_back(MakeValue(std::string("ts")), MakeValue(Tensor::FromFloats({rows}, std::move(times))));

  CheckNotForeign(stem);
  json twin = OriginOf(video, span, config_, mark);
  twin["src_fps"] = table.source_fps;
  twin["samples"] = table.samples;
  twin["features_sha256"] = HashOf(table);
  // The twin vouches for the tensors by their hash, and says whose they are: it comes first. Older ones beside it are
  // worth nothing.
  AtomicFile facts(stem + ".json");
  facts.Write(twin.dump(1) + "\n");
  facts.Commit();
  try {
    WriteTorchZip(stem + ".pt", Value{std::move(dict)});
  } catch (const Error &) {
    std::error_code ignored;
    std::filesystem::remove(stem + ".json", ignored);
    throw;
  }
}

}  // namespace action

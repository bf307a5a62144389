// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/file_pipeline.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "build_config.h"
#include "common/decoding.h"
#include "common/glib_ptr.h"
#include "common/pipeline_tasks.h"

namespace action {
namespace {

constexpr int kMostTries = 5;

// One of the plugin's elements: where it is, all are.
constexpr const char *kOfThePlugin = "r3dfeatures";

void ReportProgress(GstElement *pipeline, const FileRunOptions &options) {
  if (!options.progress) return;
  gint64 position = 0, duration = 0;
  gst_element_query_position(pipeline, GST_FORMAT_TIME, &position);
  gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration);
  options.progress(static_cast<double>(position) / GST_SECOND, static_cast<double>(duration) / GST_SECOND);
}

void Seek(GstElement *pipeline, const std::string &path, const FileRunOptions &options) {
  const auto time = [](double seconds) { return static_cast<gint64>(std::llround(seconds * GST_SECOND)); };
  const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
  // At the decoder: a muxer behind it would take the seek for one of its own.
  const ElementPtr decoder(gst_bin_get_by_name(GST_BIN(pipeline), kDecoder));
  GST_OBJECT_LOCK(decoder.get());
  const PadPtr pad(decoder->srcpads != nullptr ? GST_PAD(gst_object_ref(decoder->srcpads->data)) : nullptr);
  GST_OBJECT_UNLOCK(decoder.get());
  GstEvent *seek = gst_event_new_seek(1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, time(options.start),
                                      GST_SEEK_TYPE_SET, time(options.end));
  if (!pad || !gst_pad_send_event(pad.get(), seek)) {
    throw Error(path + ": cannot go to " + std::to_string(options.start) + " s: the file cannot be searched");
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
}

}  // namespace

void WithTries(const std::function<void()> &run) {
  for (int tries = 1;; ++tries) {
    try {
      run();
      return;
    } catch (const Standstill &) {
      if (tries == kMostTries) throw;
      GST_WARNING("the pipeline stands still and says nothing; once more");
    }
  }
}

std::string DetailOf(const char *debug) {
  const std::string whole = debug != nullptr ? debug : "";
  const size_t newline = whole.find('\n');
  std::string text = newline != std::string::npos ? whole.substr(newline + 1) : "";
  constexpr size_t kLongest = 200;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  text.erase(0, text.find_first_not_of(' '));
  return text;
}

void FindPlugin() {
  if (gst_registry_check_feature_version(gst_registry_get(), kOfThePlugin, 0, 0, 0)) return;
  // Installed under a prefix that GStreamer does not look at by itself.
  gst_registry_scan_path(gst_registry_get(), ACTION_PLUGIN_DIR);
  if (gst_registry_check_feature_version(gst_registry_get(), kOfThePlugin, 0, 0, 0)) return;
  throw Error(std::string("the GStreamer element ") + kOfThePlugin +
              " is not installed. Point GST_PLUGIN_PATH to the folder of libgstaction.so");
}

GstElement *MakeElement(const char *factory) {
  if (std::strcmp(factory, kOfThePlugin) == 0) FindPlugin();
  GstElement *element = gst_element_factory_make(factory, nullptr);
  if (element == nullptr) {
    throw Error(std::string("the GStreamer element ") + factory + " is not installed. Run tools/install-deps.sh");
  }
  return element;
}

ElementPtr OpenFilePipeline(const std::string &line, const std::string &path, const std::string &wanted) {
  GError *error = nullptr;
  ElementPtr pipeline(gst_parse_launch_full(line.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
  const ErrorPtr owner(error);
  if (!pipeline) throw Error(std::string("cannot make the pipeline: ") + error->message);
  gst_object_ref_sink(pipeline.get());
  MendDecoding(pipeline.get());
  g_object_set(ChildOf(pipeline, kSource), "location", path.c_str(), nullptr);
  const CapsPtr caps(gst_caps_from_string(wanted.c_str()));
  g_object_set(ChildOf(pipeline, kDecoder), "caps", caps.get(), "expose-all-streams", FALSE, nullptr);
  return pipeline;
}

GstElement *ChildOf(const ElementPtr &pipeline, const char *name) {
  const ElementPtr element(gst_bin_get_by_name(GST_BIN(pipeline.get()), name));
  return element.get();  // the pipeline owns it
}

void FailWith(GstMessage *message, const std::string &path) {
  GError *error = nullptr;
  gchar *debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const ErrorPtr owner(error);
  const CharPtr text(debug);
  // An element of ours says itself what is wrong with what.
  const auto *factory = GST_IS_ELEMENT(GST_MESSAGE_SRC(message))
                            ? gst_element_get_factory(GST_ELEMENT(GST_MESSAGE_SRC(message)))
                            : nullptr;
  const char *plugin = factory != nullptr ? gst_plugin_feature_get_plugin_name(GST_PLUGIN_FEATURE(factory)) : nullptr;
  const bool ours = plugin != nullptr && std::strcmp(plugin, "gstaction") == 0;
  const std::string more = ours ? "" : DetailOf(debug);
  throw Error((ours ? "" : path + ": ") + error->message + (more.empty() ? "" : " [" + more + "]"));
}

void RunToEnd(GstElement *pipeline, const std::string &path, const FileRunOptions &options) {
  const TakenDown taken_down{pipeline};
  const BusPtr bus(gst_element_get_bus(pipeline));
  const ElementPtr source(gst_bin_get_by_name(GST_BIN(pipeline), kSource));
  const ElementPtr decoder(gst_bin_get_by_name(GST_BIN(pipeline), kDecoder));
  StandstillDetector standstill;
  // A part is looked for when the file is open: prerolled.
  bool to_seek = options.end > 0;
  gst_element_set_state(pipeline, to_seek ? GST_STATE_PAUSED : GST_STATE_PLAYING);
  for (;;) {
    if (options.cancelled && options.cancelled()) throw Cancelled();
    const MessagePtr message(gst_bus_timed_pop(bus.get(), StandstillDetector::kInterval));
    ReportProgress(pipeline, options);
    if (!message) {
      if (standstill.Stands(source.get(), decoder.get())) throw Standstill(path);
      continue;
    }
    standstill.OnMessage();
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        return;
      case GST_MESSAGE_ERROR:
        FailWith(message.get(), path);
      case GST_MESSAGE_ASYNC_DONE:
        if (std::exchange(to_seek, false)) Seek(pipeline, path, options);
        break;
      case GST_MESSAGE_WARNING: {
        GError *error = nullptr;
        gst_message_parse_warning(message.get(), &error, nullptr);
        const ErrorPtr owner(error);
        if (options.warning) options.warning(error->message);
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace action

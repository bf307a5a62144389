// The plugin `action`: registers its elements, and does nothing else, so that scanning it stays quick.
#include <gst/gst.h>

#include "build_config.h"
#include "r3dfeatures.h"

static gboolean plugin_init(GstPlugin *plugin) {
  return GST_ELEMENT_REGISTER(r3dfeatures, plugin);
}

#define PACKAGE "gst-action"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, action, "Action recognition and time study of video",
                  plugin_init, ACTION_VERSION, "LGPL", "gst-action", "https://gstreamer.freedesktop.org/")

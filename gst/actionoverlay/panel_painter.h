// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures with text and bars to lay over a video frame. Pango and Cairo; no GStreamer.
#ifndef GST_ACTION_PANEL_PAINTER_H_
#define GST_ACTION_PANEL_PAINTER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

typedef struct _PangoContext PangoContext;

namespace action {

using Argb = uint32_t;  // 0xAARRGGBB

// Premultiplied 32-bit pixels in the machine's byte order (Cairo's ARGB32), rows without padding.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
  std::string unreadable = {};  // a text with letters that no font has: boxes stand in their place
};

struct PanelLine {
  std::string text;  // UTF-8, any script
  Argb colour = 0xffffffff;
  double size = 1;  // of the panel's font size
  bool bold = false;
  Argb behind = 0;  // fills a box behind the text; 0: none
};

struct PanelStyle {
  std::string font = "Sans";  // a Pango font family, or several with commas between
  int font_pixels = 20;       // made smaller where the lines would not fit
  Argb background = 0x99000000;
  Argb bar = 0xff808080;  // along the left edge
};

struct StripPart {
  double from = 0;  // shares of the strip's width
  double to = 0;
  Argb colour = 0;
};

// Has a font map of its own: for one thread, beside any other that uses Pango.
class PanelPainter {
 public:
  PanelPainter();
  ~PanelPainter();
  PanelPainter(const PanelPainter &) = delete;
  PanelPainter &operator=(const PanelPainter &) = delete;

  // At most max_width x max_height; text that does not fit at the smallest size ends with an ellipsis.
  Picture PaintPanel(std::span<const PanelLine> lines, const PanelStyle &style, int max_width, int max_height);
  // cursor: share of the width.
  static Picture PaintStrip(std::span<const StripPart> parts, std::optional<double> cursor, int width, int height,
                            Argb background);

 private:
  struct ContextDeleter {
    void operator()(PangoContext *context) const;
  };
  std::unique_ptr<PangoContext, ContextDeleter> context_;
};

}  // namespace action

#endif  // GST_ACTION_PANEL_PAINTER_H_

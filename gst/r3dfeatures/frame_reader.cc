// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/frame_reader.h"

#include <algorithm>
#include <array>
#include <string>

#include "action/error.h"
#include "common/cuda_memory.h"
#include "common/mapped_frame.h"

GST_DEBUG_CATEGORY_EXTERN(r3d_features_debug);
#define GST_CAT_DEFAULT r3d_features_debug

namespace action {
namespace {

struct FormatRow {
  GstVideoFormat format;
  const char *name;
};

// Planes in libavutil's order are found by component (see PlaneOrder), so that YV12 is yuv420p.
constexpr FormatRow kFormats[] = {
    {GST_VIDEO_FORMAT_I420, "yuv420p"},
    {GST_VIDEO_FORMAT_YV12, "yuv420p"},
    {GST_VIDEO_FORMAT_Y42B, "yuv422p"},
    {GST_VIDEO_FORMAT_Y444, "yuv444p"},
    {GST_VIDEO_FORMAT_Y41B, "yuv411p"},
    {GST_VIDEO_FORMAT_YUV9, "yuv410p"},
    {GST_VIDEO_FORMAT_YVU9, "yuv410p"},
    {GST_VIDEO_FORMAT_NV12, "nv12"},
    {GST_VIDEO_FORMAT_NV21, "nv21"},
    {GST_VIDEO_FORMAT_NV16, "nv16"},
    {GST_VIDEO_FORMAT_NV24, "nv24"},
    {GST_VIDEO_FORMAT_YUY2, "yuyv422"},
    {GST_VIDEO_FORMAT_YVYU, "yvyu422"},
    {GST_VIDEO_FORMAT_UYVY, "uyvy422"},
    {GST_VIDEO_FORMAT_IYU1, "uyyvyy411"},
    {GST_VIDEO_FORMAT_A420, "yuva420p"},
    {GST_VIDEO_FORMAT_I420_10LE, "yuv420p10le"},
    {GST_VIDEO_FORMAT_I420_10BE, "yuv420p10be"},
    {GST_VIDEO_FORMAT_I420_12LE, "yuv420p12le"},
    {GST_VIDEO_FORMAT_I420_12BE, "yuv420p12be"},
    {GST_VIDEO_FORMAT_I422_10LE, "yuv422p10le"},
    {GST_VIDEO_FORMAT_I422_10BE, "yuv422p10be"},
    {GST_VIDEO_FORMAT_I422_12LE, "yuv422p12le"},
    {GST_VIDEO_FORMAT_I422_12BE, "yuv422p12be"},
    {GST_VIDEO_FORMAT_Y444_10LE, "yuv444p10le"},
    {GST_VIDEO_FORMAT_Y444_10BE, "yuv444p10be"},
    {GST_VIDEO_FORMAT_Y444_12LE, "yuv444p12le"},
    {GST_VIDEO_FORMAT_Y444_12BE, "yuv444p12be"},
    {GST_VIDEO_FORMAT_Y444_16LE, "yuv444p16le"},
    {GST_VIDEO_FORMAT_Y444_16BE, "yuv444p16be"},
    {GST_VIDEO_FORMAT_A420_10LE, "yuva420p10le"},
    {GST_VIDEO_FORMAT_A420_10BE, "yuva420p10be"},
    {GST_VIDEO_FORMAT_A422_10LE, "yuva422p10le"},
    {GST_VIDEO_FORMAT_A422_10BE, "yuva422p10be"},
    {GST_VIDEO_FORMAT_A444_10LE, "yuva444p10le"},
    {GST_VIDEO_FORMAT_A444_10BE, "yuva444p10be"},
    {GST_VIDEO_FORMAT_P010_10LE, "p010le"},
    {GST_VIDEO_FORMAT_P010_10BE, "p010be"},
    {GST_VIDEO_FORMAT_P016_LE, "p016le"},
    {GST_VIDEO_FORMAT_P016_BE, "p016be"},
    {GST_VIDEO_FORMAT_GRAY8, "gray"},
    {GST_VIDEO_FORMAT_GRAY16_LE, "gray16le"},
    {GST_VIDEO_FORMAT_GRAY16_BE, "gray16be"},
    {GST_VIDEO_FORMAT_RGB, "rgb24"},
    {GST_VIDEO_FORMAT_BGR, "bgr24"},
    {GST_VIDEO_FORMAT_RGBA, "rgba"},
    {GST_VIDEO_FORMAT_BGRA, "bgra"},
    {GST_VIDEO_FORMAT_ARGB, "argb"},
    {GST_VIDEO_FORMAT_ABGR, "abgr"},
    {GST_VIDEO_FORMAT_RGBx, "rgb0"},
    {GST_VIDEO_FORMAT_BGRx, "bgr0"},
    {GST_VIDEO_FORMAT_xRGB, "0rgb"},
    {GST_VIDEO_FORMAT_xBGR, "0bgr"},
    {GST_VIDEO_FORMAT_GBR, "gbrp"},
    {GST_VIDEO_FORMAT_GBRA, "gbrap"},
    {GST_VIDEO_FORMAT_GBR_10LE, "gbrp10le"},
    {GST_VIDEO_FORMAT_GBR_10BE, "gbrp10be"},
    {GST_VIDEO_FORMAT_GBR_12LE, "gbrp12le"},
    {GST_VIDEO_FORMAT_GBR_12BE, "gbrp12be"},
    {GST_VIDEO_FORMAT_GBRA_10LE, "gbrap10le"},
    {GST_VIDEO_FORMAT_GBRA_10BE, "gbrap10be"},
    {GST_VIDEO_FORMAT_GBRA_12LE, "gbrap12le"},
    {GST_VIDEO_FORMAT_GBRA_12BE, "gbrap12be"},
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    {GST_VIDEO_FORMAT_RGB16, "rgb565le"},
    {GST_VIDEO_FORMAT_BGR16, "bgr565le"},
    {GST_VIDEO_FORMAT_RGB15, "rgb555le"},
    {GST_VIDEO_FORMAT_BGR15, "bgr555le"},
#endif
};

// Which GStreamer component lies in each of libavutil's planes: Y, U, V, A or, for its planar RGB, G, B, R, A. Only
// where every component has a plane of its own; elsewhere planes are taken as they come.
constexpr std::array<int, 4> kYuvOrder = {0, 1, 2, 3};
constexpr std::array<int, 4> kGbrOrder = {1, 2, 0, 3};

bool IsPlanar(const GstVideoFormatInfo *info) {
  return GST_VIDEO_FORMAT_INFO_N_PLANES(info) == GST_VIDEO_FORMAT_INFO_N_COMPONENTS(info) &&
         GST_VIDEO_FORMAT_INFO_N_PLANES(info) >= 3;
}

Frame::Matrix MatrixOf(GstVideoColorMatrix matrix) {
  switch (matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT709:
      return Frame::Matrix::kBt709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return Frame::Matrix::kBt2020;
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
      return Frame::Matrix::kSmpte240m;
    case GST_VIDEO_COLOR_MATRIX_FCC:
      return Frame::Matrix::kFcc;
    default:
      return Frame::Matrix::kBt601;
  }
}

// What a format without a libavutil name becomes: the plain 8-bit one of its kind, so that no colour matrix is applied.
GstVideoFormat NearestReadable(const GstVideoFormatInfo *info) {
  if (GST_VIDEO_FORMAT_INFO_IS_RGB(info)) return GST_VIDEO_FORMAT_RGB;
  if (GST_VIDEO_FORMAT_INFO_IS_GRAY(info)) return GST_VIDEO_FORMAT_GRAY8;
  if (GST_VIDEO_FORMAT_INFO_W_SUB(info, 1) == 1 && GST_VIDEO_FORMAT_INFO_H_SUB(info, 1) == 1)
    return GST_VIDEO_FORMAT_I420;
  if (GST_VIDEO_FORMAT_INFO_W_SUB(info, 1) == 1) return GST_VIDEO_FORMAT_Y42B;
  return GST_VIDEO_FORMAT_Y444;
}

// Where a buffer lies, if not in main memory; empty: there.
std::string DeviceMemoryOf(GstBuffer *buffer) {
  const GstMemory *memory = gst_buffer_n_memory(buffer) > 0 ? gst_buffer_peek_memory(buffer, 0) : nullptr;
  if (memory == nullptr || memory->allocator == nullptr || memory->allocator->mem_type == nullptr) return {};
  const std::string type = memory->allocator->mem_type;
  return type == GST_ALLOCATOR_SYSMEM ? std::string() : type;
}

// Throws Error that says what is wrong with a buffer that could not be mapped.
class ReadableFrame : public MappedFrame {
 public:
  ReadableFrame(const GstVideoInfo &info, GstBuffer *buffer, GstMapFlags flags) : MappedFrame(info, buffer, flags) {
    if (*this) return;
    if (const std::string memory = DeviceMemoryOf(buffer); !memory.empty()) {
      throw Error(ErrorKind::kFormat, "",
                  "a video buffer cannot be copied from where it lies (" + memory +
                      "); put the element that downloads it (cudadownload, gldownload, vapostproc) and 'video/x-raw' "
                      "before r3dfeatures");
    }
    throw Error(ErrorKind::kFormat, "",
                std::string("a video buffer of the format ") + GST_VIDEO_INFO_NAME(&info) + " and the size " +
                    std::to_string(GST_VIDEO_INFO_WIDTH(&info)) + "x" + std::to_string(GST_VIDEO_INFO_HEIGHT(&info)) +
                    " cannot be read: it has " + std::to_string(gst_buffer_get_size(buffer)) + " bytes, expected " +
                    std::to_string(GST_VIDEO_INFO_SIZE(&info)));
  }
};

// The part of a mapped frame that is the picture.
GstVideoRectangle PictureOf(GstBuffer *buffer, const GstVideoInfo &info) {
  GstVideoRectangle part{0, 0, GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info)};
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
  if (crop == nullptr || crop->width == 0 || crop->height == 0) return part;
  const guint width = static_cast<guint>(part.w), height = static_cast<guint>(part.h);
  if (crop->x >= width || crop->y >= height || crop->width > width - crop->x || crop->height > height - crop->y) {
    throw Error(ErrorKind::kFormat, "",
                "a video buffer says that its picture is " + std::to_string(crop->width) + "x" +
                    std::to_string(crop->height) + " pixels at " + std::to_string(crop->x) + "," +
                    std::to_string(crop->y) + ", but it holds " + std::to_string(width) + "x" + std::to_string(height));
  }
  part.x = static_cast<int>(crop->x);
  part.y = static_cast<int>(crop->y);
  part.w = static_cast<int>(crop->width);
  part.h = static_cast<int>(crop->height);
  return part;
}

// A component that lies in this plane.
guint ComponentIn(const GstVideoFormatInfo *format, int plane) {
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
    if (static_cast<int>(GST_VIDEO_FORMAT_INFO_PLANE(format, i)) == plane) return i;
  }
  return 0;
}

}  // namespace

const char *PixelFormatName(GstVideoFormat format) {
  const auto row = std::ranges::find(kFormats, format, &FormatRow::format);
  return row != std::end(kFormats) ? row->name : nullptr;
}

bool VideoInfoFromCaps(GstVideoInfo *info, const GstCaps *caps) {
  if (!gst_video_info_from_caps(info, caps)) return false;
  const char *text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  GstVideoColorimetry stated{};
  if (text != nullptr && gst_video_colorimetry_from_string(&stated, text) &&
      stated.matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN && stated.range != GST_VIDEO_COLOR_RANGE_UNKNOWN) {
    info->colorimetry.range = stated.range;
  }
  return true;
}

struct FrameReader::Converter {
  Converter(const GstVideoInfo &in, const GstVideoInfo &out)
      : from(in),
        to(out),
        converter(gst_video_converter_new(
            &from, &to,
            gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_MATRIX_MODE, GST_TYPE_VIDEO_MATRIX_MODE,
                              GST_VIDEO_MATRIX_MODE_NONE, nullptr))),
        buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&to), nullptr)) {}
  ~Converter() {
    if (converter != nullptr) gst_video_converter_free(converter);
    gst_buffer_unref(buffer);
  }
  Converter(const Converter &) = delete;
  Converter &operator=(const Converter &) = delete;

  GstVideoInfo from, to;
  GstVideoConverter *converter;
  GstBuffer *buffer;
};

FrameReader::FrameReader(Engine &engine, Colorimetry colorimetry, const Region &region)
    : engine_(engine),
      colorimetry_(colorimetry),
      region_(region),
      preprocessor_(engine.NewPreprocessor(colorimetry, region)) {
  gst_video_info_init(&info_);
}

FrameReader::~FrameReader() = default;

void FrameReader::SetInfo(const GstVideoInfo &info) {
  info_ = info;
  converter_.reset();
  gpu_preprocessor_.reset();
  gpu_context_.reset();
  if (!ReadsDirectly(info)) MakeConverter(info);
}

bool FrameReader::ReadsDirectly(const GstVideoInfo &info) const {
  const char *name = PixelFormatName(GST_VIDEO_INFO_FORMAT(&info));
  return name != nullptr && engine_.ReadsPixelFormat(name);
}

void FrameReader::MakeConverter(const GstVideoInfo &info) {
  GstVideoInfo to;
  const GstVideoFormat format = NearestReadable(info.finfo);
  if (!gst_video_info_set_format(&to, format, static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info)),
                                 static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info)))) {
    throw Error(ErrorKind::kFormat, "",
                std::string("pictures of the format ") + GST_VIDEO_INFO_NAME(&info) + " are too large to convert");
  }
  to.colorimetry = info.colorimetry;
  to.interlace_mode = info.interlace_mode;
  to.fps_n = info.fps_n;
  to.fps_d = info.fps_d;
  converter_ = std::make_unique<Converter>(info, to);
  if (converter_->converter == nullptr) {
    throw Error(ErrorKind::kFormat, "",
                std::string("pictures of the format ") + GST_VIDEO_INFO_NAME(&info) +
                    " cannot be read; put a videoconvert before r3dfeatures");
  }
}

void FrameReader::Process(Preprocessor &preprocessor, const GstVideoFrame &mapped, const GstVideoRectangle &part,
                          std::span<uint8_t, kFrameBytes> rgb) {
  const GstVideoInfo &info = mapped.info;
  const GstVideoFormatInfo *format = info.finfo;
  Frame frame;
  frame.pixel_format = PixelFormatName(GST_VIDEO_INFO_FORMAT(&info));
  frame.width = part.w;
  frame.height = part.h;
  frame.full_range = info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255 && GST_VIDEO_INFO_IS_YUV(&info);
  frame.matrix = MatrixOf(info.colorimetry.matrix);
  frame.orientation = orientation_;
  const bool planar = IsPlanar(format);
  const std::array<int, 4> &order = GST_VIDEO_INFO_IS_RGB(&info) ? kGbrOrder : kYuvOrder;
  // Where the picture begins: at a chroma sample, so that luma and chroma stay together.
  guint x_bits = 0, y_bits = 0;
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
    x_bits = std::max(x_bits, GST_VIDEO_FORMAT_INFO_W_SUB(format, i));
    y_bits = std::max(y_bits, GST_VIDEO_FORMAT_INFO_H_SUB(format, i));
  }
  const int x = part.x >> x_bits << x_bits;
  const int y = part.y >> y_bits << y_bits;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); ++i) {
    const int plane = planar ? GST_VIDEO_INFO_COMP_PLANE(&info, order[i]) : static_cast<int>(i);
    const guint component = ComponentIn(format, plane);
    const int column = x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, component);
    const int row = y >> GST_VIDEO_FORMAT_INFO_H_SUB(format, component);
    frame.strides[i] = GST_VIDEO_FRAME_PLANE_STRIDE(&mapped, plane);
    frame.planes[i] = static_cast<const uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, plane)) +
                      static_cast<ptrdiff_t>(row) * frame.strides[i] +
                      static_cast<ptrdiff_t>(column) * GST_VIDEO_FORMAT_INFO_PSTRIDE(format, component);
  }
  preprocessor.Process(frame, rgb);
}

// False: it is not there, or cannot be shrunk there.
bool FrameReader::ReadOnGpu(GstBuffer *buffer, std::span<uint8_t, kFrameBytes> rgb) {
  GstObject *context = CudaContextOf(buffer);
  if (context == nullptr) return false;
  try {
    if (context != gpu_context_.get()) {
      gpu_preprocessor_.reset();
      gpu_context_.reset(GST_OBJECT(gst_object_ref(context)));
      gpu_preprocessor_ = engine_.NewCudaPreprocessor(colorimetry_, region_, CudaHandleOf(context));
      if (!gpu_preprocessor_) GST_WARNING("frames are copied from the GPU to be shrunk: no CUDA driver or context");
    }
    if (!gpu_preprocessor_) return false;
    ReadableFrame frame(info_, buffer, static_cast<GstMapFlags>(GST_MAP_READ | kMapCuda));
    if (PixelFormatName(GST_VIDEO_INFO_FORMAT(&frame.get().info)) == nullptr) return false;
    Process(*gpu_preprocessor_, frame.get(), PictureOf(buffer, frame.get().info), rgb);
    return true;
  } catch (const Error &error) {
    GST_WARNING("frames are copied from the GPU to be shrunk: %s", error.what());
    gpu_preprocessor_.reset();
    return false;
  }
}

void FrameReader::Read(GstBuffer *buffer, std::span<uint8_t, kFrameBytes> rgb) {
  if (ReadOnGpu(buffer, rgb)) return;
  if (!ComesWholeToMainMemory(buffer)) {
    throw Error(ErrorKind::kFormat, "",
                std::string("this GStreamer does not bring frames of the format ") + GST_VIDEO_INFO_NAME(&info_) +
                    " and an odd height whole from CUDA memory; put cudadownload and 'video/x-raw' before r3dfeatures");
  }
  ReadableFrame frame(info_, buffer, GST_MAP_READ);
  // The buffer's GstVideoMeta may say another size than the caps: the picture is a part of what was decoded.
  const GstVideoInfo &info = frame.get().info;
  const GstVideoRectangle picture = PictureOf(buffer, info);
  // Of a format whose pixels have no address of their own no part can be read as it is.
  const bool addressable = GST_VIDEO_FORMAT_INFO_PSTRIDE(info.finfo, 0) > 0 || (picture.x == 0 && picture.y == 0);
  if (ReadsDirectly(info) && addressable) {
    Process(*preprocessor_, frame.get(), picture, rgb);
    return;
  }
  if (!converter_ || GST_VIDEO_INFO_WIDTH(&converter_->from) != GST_VIDEO_INFO_WIDTH(&info) ||
      GST_VIDEO_INFO_HEIGHT(&converter_->from) != GST_VIDEO_INFO_HEIGHT(&info) ||
      GST_VIDEO_INFO_FORMAT(&converter_->from) != GST_VIDEO_INFO_FORMAT(&info)) {
    MakeConverter(info);
  }
  ReadableFrame converted(converter_->to, converter_->buffer, GST_MAP_WRITE);
  gst_video_converter_frame(converter_->converter, &frame.get(), &converted.get());
  Process(*preprocessor_, converted.get(), picture, rgb);
}

}  // namespace action

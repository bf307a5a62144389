// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an access unit of H.264 or H.265 says of its picture, as far as its NAL unit headers tell (ITU-T H.264, 7.3.1;
// H.265, 7.3.1.2).
#ifndef GST_ACTION_ACTIONSKIP_CODED_PICTURE_H_
#define GST_ACTION_ACTIONSKIP_CODED_PICTURE_H_

#include <cstdint>
#include <optional>
#include <span>

namespace action {

enum class Codec { kH264, kH265 };

struct CodedPicture {
  bool instantaneous_refresh = false;  // IDR: nothing after it needs anything before it
  bool referenced = true;              // another picture may be predicted from it; of what is not understood: yes
};

// How the NAL units of a stream follow on each other.
struct NalFormat {
  Codec codec = Codec::kH264;
  int length_size = 0;  // bytes of the length before each; 0: start codes
};

// Reads the access units of one stream, in their order.
class CodedPictureReader {
 public:
  explicit CodedPictureReader(const NalFormat &format) : format_(format) {}

  // avcC or hvcC. False: it is none, or not understood.
  static std::optional<NalFormat> FormatOf(Codec codec, std::span<const uint8_t> codec_data);
  // Parameter sets that are in codec_data.
  void ReadCodecData(std::span<const uint8_t> codec_data);

  CodedPicture Read(std::span<const uint8_t> access_unit);

 private:
  void ReadUnit(std::span<const uint8_t> unit, CodedPicture &picture, bool &any, bool &referenced);
  void ReadH265Unit(std::span<const uint8_t> unit, CodedPicture &picture, bool &any, bool &referenced);

  const NalFormat format_;
  // H.265: all parameter sets so far say that there is one temporal layer. Else a picture that its own layer does not
  // refer to may be referred to by a higher one.
  bool one_layer_ = false;
};

}  // namespace action

#endif  // GST_ACTION_ACTIONSKIP_CODED_PICTURE_H_

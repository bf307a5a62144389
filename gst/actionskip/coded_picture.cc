// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionskip/coded_picture.h"

#include <cstddef>

namespace action {
namespace {

using Bytes = std::span<const uint8_t>;

// The NAL units of an access unit. False: it is not made as the format says.
template <typename Function>
bool ForEachUnit(const NalFormat &format, Bytes data, Function &&function) {
  if (format.length_size > 0) {
    const auto size_of_length = static_cast<size_t>(format.length_size);
    while (!data.empty()) {
      if (data.size() < size_of_length) return false;
      size_t length = 0;
      for (const uint8_t byte : data.first(size_of_length))
        length = length << 8 | byte;
      data = data.subspan(size_of_length);
      if (length > data.size()) return false;
      function(data.first(length));
      data = data.subspan(length);
    }
    return true;
  }
  const auto start_code = [&data](size_t from) {
    for (size_t at = from; at + 3 <= data.size(); ++at)
      if (data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1) return at;
    return data.size();
  };
  for (size_t at = start_code(0); at < data.size();) {
    const size_t begin = at + 3, next = start_code(begin);
    function(data.subspan(begin, next - begin));
    at = next;
  }
  return true;
}

// ---- H.264

enum H264Unit { kSlice = 1, kPartitionC = 4, kIdr = 5, kSliceExtension = 20, kDepthSlice = 21 };

// ---- H.265

enum H265Unit { kIdrWithLeading = 19, kIdrAlone = 20, kLastPicture = 31, kSequenceParameters = 33 };
constexpr unsigned kLastReserved = 15;  // up to here, even numbers are pictures that their own layer does not refer to

}  // namespace

std::optional<NalFormat> CodedPictureReader::FormatOf(Codec codec, Bytes codec_data) {
  const size_t at = codec == Codec::kH264 ? 4 : 21;
  if (codec_data.size() <= at || codec_data[0] != 1) return std::nullopt;
  return NalFormat{codec, (codec_data[at] & 3) + 1};
}

void CodedPictureReader::ReadCodecData(Bytes codec_data) {
  // hvcC: behind 22 bytes the number of arrays; each has a type, a number of units, and these with their lengths.
  constexpr size_t kArrays = 22;
  if (format_.codec != Codec::kH265 || codec_data.size() <= kArrays) return;
  size_t at = kArrays + 1;
  const auto number = [&] {
    const size_t value = at + 2 <= codec_data.size() ? codec_data[at] << 8 | codec_data[at + 1] : 0;
    at += 2;
    return value;
  };
  CodedPicture picture;
  bool any = false, referenced = false;
  for (unsigned array = 0; array < codec_data[kArrays]; ++array) {
    ++at;
    for (size_t units = number(); units > 0; --units) {
      const size_t length = number();
      if (at + length > codec_data.size()) return;
      ReadH265Unit(codec_data.subspan(at, length), picture, any, referenced);
      at += length;
    }
  }
}

CodedPicture CodedPictureReader::Read(Bytes access_unit) {
  CodedPicture picture;
  bool any = false, referenced = false;
  const bool whole = ForEachUnit(format_, access_unit, [&](Bytes unit) { ReadUnit(unit, picture, any, referenced); });
  picture.referenced = !whole || !any || referenced;
  return picture;
}

void CodedPictureReader::ReadUnit(Bytes unit, CodedPicture &picture, bool &any, bool &referenced) {
  if (unit.empty()) return;
  if (format_.codec == Codec::kH265) {
    ReadH265Unit(unit, picture, any, referenced);
    return;
  }
  const unsigned type = unit[0] & 0x1f, reference = unit[0] >> 5 & 3;
  if (type == kIdr) picture.instantaneous_refresh = true;
  // Layers of scalable or multiview streams: another matter.
  if (type == kSliceExtension || type == kDepthSlice) referenced = true;
  if ((type >= kSlice && type <= kPartitionC) || type == kIdr) {
    any = true;
    referenced = referenced || reference != 0;
  }
}

void CodedPictureReader::ReadH265Unit(Bytes unit, CodedPicture &picture, bool &any, bool &referenced) {
  if (unit.size() < 3) {
    referenced = true;
    return;
  }
  const unsigned type = unit[0] >> 1 & 0x3f, layer = (unit[0] & 1U) << 5 | unit[1] >> 3, temporal = unit[1] & 7;
  if (type == kSequenceParameters && layer == 0) one_layer_ = (unit[2] >> 1 & 7) == 0;
  if (type > kLastPicture) return;
  any = true;
  if (type == kIdrWithLeading || type == kIdrAlone) picture.instantaneous_refresh = true;
  const bool alone = type <= kLastReserved && type % 2 == 0;
  referenced = referenced || !alone || layer != 0 || temporal != 1 || !one_layer_;
}

}  // namespace action

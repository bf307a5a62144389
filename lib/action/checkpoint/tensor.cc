// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "action/error.h"

static_assert(std::endian::native == std::endian::little,
              "checkpoint files are little endian, and so must be the host");

namespace action {
namespace {

struct DTypeRow {
  size_t size;
  const char *name;
};

const DTypeRow &RowOf(DType dtype) {
  static constexpr DTypeRow kRows[] = {{8, "float64"}, {4, "float32"}, {2, "float16"}, {2, "bfloat16"}, {8, "int64"},
                                       {4, "int32"},   {2, "int16"},   {1, "int8"},    {1, "uint8"},    {1, "bool"}};
  return kRows[static_cast<size_t>(dtype)];
}

float HalfToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int mantissa = half & 0x3ff;
  float magnitude;
  if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    magnitude = mantissa == 0 ? INFINITY : NAN;
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

template <typename T>
T Load(const std::byte *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

float ElementToFloat(DType dtype, const std::byte *from) {
  switch (dtype) {
    case DType::kFloat64:
      return static_cast<float>(Load<double>(from));
    case DType::kFloat32:
      return Load<float>(from);
    case DType::kFloat16:
      return HalfToFloat(Load<uint16_t>(from));
    case DType::kBFloat16:
      return std::bit_cast<float>(static_cast<uint32_t>(Load<uint16_t>(from)) << 16);
    case DType::kInt64:
      return static_cast<float>(Load<int64_t>(from));
    case DType::kInt32:
      return static_cast<float>(Load<int32_t>(from));
    case DType::kInt16:
      return Load<int16_t>(from);
    case DType::kInt8:
      return Load<int8_t>(from);
    case DType::kUInt8:
      return Load<uint8_t>(from);
    case DType::kBool:
      return Load<uint8_t>(from) != 0 ? 1.0f : 0.0f;
  }
  return 0.0f;
}

template <typename T>
std::vector<std::byte> BytesOf(const std::vector<T> &values) {
  const auto view = std::as_bytes(std::span(values));
  return {view.begin(), view.end()};
}

}  // namespace

size_t SizeOf(DType dtype) {
  return RowOf(dtype).size;
}

const char *NameOf(DType dtype) {
  return RowOf(dtype).name;
}

std::string ShapeToString(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

int64_t CheckedNumel(std::span<const int64_t> shape) {
  int64_t product = 1;
  for (const int64_t size : shape) {
    if (size < 0) throw Error("a tensor has the shape " + ShapeToString(shape) + ": a size must not be negative");
    if (__builtin_mul_overflow(product, size, &product)) {
      throw Error("a tensor has the shape " + ShapeToString(shape) + ": more elements than can be counted");
    }
  }
  return product;
}

std::vector<int64_t> ContiguousStride(std::span<const int64_t> shape) {
  std::vector<int64_t> stride(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    // Only a tensor without elements has sizes whose product cannot be counted: any stride will do.
    if (__builtin_mul_overflow(stride[i], std::max<int64_t>(shape[i], 1), &stride[i - 1])) stride[i - 1] = 1;
  }
  return stride;
}

Tensor::Tensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> stride, int64_t offset,
               std::shared_ptr<Storage> storage, int64_t storage_elements)
    : dtype_(dtype),
      shape_(std::move(shape)),
      stride_(std::move(stride)),
      offset_(offset),
      numel_(CheckedNumel(shape_)),
      storage_(std::move(storage)) {
  if (shape_.size() != stride_.size()) {
    throw Error("a tensor of shape " + ShapeToString(shape_) + " has " + std::to_string(stride_.size()) + " strides");
  }
  if (offset_ < 0) throw Error("a tensor has the negative storage offset " + std::to_string(offset_));
  int64_t last = offset_;
  bool overflow = false;
  for (size_t i = 0; i < shape_.size(); ++i) {
    int64_t extent = 0;
    if (stride_[i] < 0) throw Error("a tensor has the negative stride " + std::to_string(stride_[i]));
    overflow = overflow || __builtin_mul_overflow(std::max<int64_t>(shape_[i] - 1, 0), stride_[i], &extent) ||
               __builtin_add_overflow(last, extent, &last);
  }
  if (numel_ > 0 && (overflow || last >= storage_elements)) {
    throw Error("a tensor of shape " + ShapeToString(shape_) + ", stride " + ShapeToString(stride_) + " and offset " +
                std::to_string(offset_) + " reaches outside its storage of " + std::to_string(storage_elements) +
                " elements");
  }
  // A view with stride 0 may have any number of elements in a tiny storage; what it unfolds to is bounded here.
  constexpr int64_t kMaxElements = int64_t{1} << 33;
  if (numel_ > kMaxElements || (numel_ > storage_elements && numel_ > (int64_t{1} << 24))) {
    throw Error("a tensor of shape " + ShapeToString(shape_) +
                " is larger than this reader unfolds from a storage of " + std::to_string(storage_elements) +
                " elements");
  }
}

Tensor Tensor::FromBytes(DType dtype, std::vector<int64_t> shape, std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  const int64_t elements = static_cast<int64_t>(owner->size() / SizeOf(dtype));
  if (CheckedNumel(shape) != elements) {
    throw Error("a tensor of shape " + ShapeToString(shape) + " cannot be made of " + std::to_string(elements) +
                " values");
  }
  auto storage = std::make_shared<Storage>();
  storage->bytes = *owner;
  storage->owner = owner;
  std::vector<int64_t> stride = ContiguousStride(shape);
  return Tensor(dtype, std::move(shape), std::move(stride), 0, std::move(storage), elements);
}

Tensor Tensor::FromFloats(std::vector<int64_t> shape, std::vector<float> values) {
  return FromBytes(DType::kFloat32, std::move(shape), BytesOf(values));
}

Tensor Tensor::FromInts(std::vector<int64_t> shape, std::vector<int64_t> values) {
  return FromBytes(DType::kInt64, std::move(shape), BytesOf(values));
}

bool Tensor::IsContiguous() const {
  const std::vector<int64_t> expected = ContiguousStride(shape_);
  for (size_t i = 0; i < shape_.size(); ++i) {
    if (shape_[i] > 1 && stride_[i] != expected[i]) return false;
  }
  return true;
}

std::vector<std::byte> Tensor::ToBytes() const {
  const size_t size = SizeOf(dtype_);
  std::vector<std::byte> out(static_cast<size_t>(numel_) * size);
  if (numel_ == 0) return out;
  const std::byte *base = storage_->bytes.data();
  if (IsContiguous()) {
    std::memcpy(out.data(), base + static_cast<size_t>(offset_) * size, out.size());
    return out;
  }
  std::vector<int64_t> index(shape_.size(), 0);
  int64_t position = offset_;
  for (std::byte *to = out.data(); to != out.data() + out.size(); to += size) {
    std::memcpy(to, base + static_cast<size_t>(position) * size, size);
    for (size_t d = shape_.size(); d-- > 0;) {
      if (++index[d] < shape_[d]) {
        position += stride_[d];
        break;
      }
      position -= stride_[d] * (shape_[d] - 1);
      index[d] = 0;
    }
  }
  return out;
}

std::vector<float> Tensor::ToFloats() const {
  const std::vector<std::byte> bytes = ToBytes();
  std::vector<float> out(static_cast<size_t>(numel_));
  if (dtype_ == DType::kFloat32) {
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  const size_t size = SizeOf(dtype_);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = ElementToFloat(dtype_, bytes.data() + i * size);
  return out;
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tensors as they lie in a file: a typed storage, and a view on it.
#ifndef ACTION_CHECKPOINT_TENSOR_H_
#define ACTION_CHECKPOINT_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "action/export.h"

namespace action {

enum class DType { kFloat64, kFloat32, kFloat16, kBFloat16, kInt64, kInt32, kInt16, kInt8, kUInt8, kBool };

ACTION_API size_t SizeOf(DType dtype);
// PyTorch's name: "float32", "bool", ...
ACTION_API const char *NameOf(DType dtype);

// Bytes of a file, or of a tensor made here. `owner` keeps them alive.
struct Storage {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
};

// A strided view on a storage, in elements of `dtype`. Always within bounds: the makers below check.
class ACTION_API Tensor {
 public:
  Tensor() = default;

  // Throws Error when a size or stride is negative, the number of elements overflows, or the view leaves the storage,
  // which holds `storage_elements` elements. The storage's bytes may be filled in later.
  Tensor(DType dtype, std::vector<int64_t> shape, std::vector<int64_t> stride, int64_t offset,
         std::shared_ptr<Storage> storage, int64_t storage_elements);

  // A contiguous tensor that owns its values. Throws Error when the shape does not have as many elements.
  static Tensor FromFloats(std::vector<int64_t> shape, std::vector<float> values);
  static Tensor FromInts(std::vector<int64_t> shape, std::vector<int64_t> values);
  static Tensor FromBytes(DType dtype, std::vector<int64_t> shape, std::vector<std::byte> bytes);

  DType dtype() const { return dtype_; }
  const std::vector<int64_t> &shape() const { return shape_; }
  int64_t numel() const { return numel_; }
  bool IsContiguous() const;

  // The elements in row-major order, little endian as in the file.
  std::vector<std::byte> ToBytes() const;
  // The same converted to float32, whatever the dtype.
  std::vector<float> ToFloats() const;

 private:
  DType dtype_ = DType::kFloat32;
  std::vector<int64_t> shape_;
  std::vector<int64_t> stride_;
  int64_t offset_ = 0;
  int64_t numel_ = 1;
  std::shared_ptr<Storage> storage_;
};

// "[64, 3, 3, 7, 7]"
ACTION_API std::string ShapeToString(std::span<const int64_t> shape);

// Product of the sizes; throws Error when one is negative or the product overflows.
ACTION_API int64_t CheckedNumel(std::span<const int64_t> shape);

// Row-major strides for a shape.
std::vector<int64_t> ContiguousStride(std::span<const int64_t> shape);

}  // namespace action

#endif  // ACTION_CHECKPOINT_TENSOR_H_

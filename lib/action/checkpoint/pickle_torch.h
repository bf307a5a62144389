// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the globals of a checkpoint's pickle mean: PyTorch's tensors and storages, OrderedDict; all others stay inert.
// Internal to the pickle reader.
#ifndef ACTION_CHECKPOINT_PICKLE_TORCH_H_
#define ACTION_CHECKPOINT_PICKLE_TORCH_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "action/checkpoint/pickle.h"
#include "action/checkpoint/pickle_objects.h"

namespace action::pickle {

// Every function throws Error on what is malformed, and on what is refused by name.
class TorchGlobals {
 public:
  TorchGlobals(Heap &heap, StorageSource &storages) : heap_(heap), storages_(storages) {}

  // GLOBAL: module.name
  Object *Global(const std::string &module, const std::string &name);
  // REDUCE: callable(*arguments)
  Object *Reduce(Object *callable, const std::vector<Object *> &arguments);
  // NEWOBJ: an instance of a class, never built.
  Object *NewObject(Object *callable) { return heap_.New(OpaqueOf(callable)); }
  // BUILD: sets attributes.
  void Build(Object *target, Object *state);
  // PERSID: ('storage', type, key, location, elements[, view]) with view None or (view key, offset, elements).
  Object *LoadStorage(Object *id);

 private:
  Opaque OpaqueOf(Object *callable) const;
  // (storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata])
  Object *RebuildTensor(const std::vector<Object *> &arguments, Object *dtype_argument, size_t metadata_index);
  void RefuseViews(Object *metadata);
  std::vector<int64_t> Sizes(Object *object) const;

  // Views may repeat a few bytes without end: together they must not unfold to much more than the storages hold.
  void ChargeView(const Tensor &tensor);

  Heap &heap_;
  StorageSource &storages_;
  std::set<std::string> known_storages_;
  uint64_t stored_ = 0;    // bytes of all storages
  uint64_t unfolded_ = 0;  // bytes of all tensors
};

}  // namespace action::pickle

#endif  // ACTION_CHECKPOINT_PICKLE_TORCH_H_

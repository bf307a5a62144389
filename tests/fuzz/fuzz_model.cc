// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No file of a model folder makes its reader crash or hang. The first byte says which file the others are.
#include <array>

#include "action/checkpoint/checkpoint.h"
#include "action/elements.h"
#include "action/engine.h"
#include "action/error.h"
#include "action/head.h"
#include "action/model_bundle.h"
#include "scratch.h"

namespace {

struct File {
  const char *name, *right;
};
constexpr std::array<File, 5> kFiles = {
    {{"stage1/label_map.json", R"({"a": 0, "b": 1})"},
     {"stage2/b/label_map.json", R"({"b_one_va": 0, "b_two_nva": 1})"},
     {"stage2/stage2_registry.json", R"({"a": {"trained": false, "reason": "single_class"}, "b": {"trained": true}})"},
     {"model.json", R"({"format_version": 1, "labels": [], "features": {"weights_hash": "0", "precision": "fp32",
       "sampling": "auto", "colorimetry": "reference", "sample_rate": "8/1", "hop": 16, "roi": "0,0,1,1"}})"},
     {"elements.csv", "label,name\nb_one_va,One\n"}}};

class Model {
 public:
  Model() {
    for (const File &file : kFiles)
      scratch_.Write(file.name, file.right);
    action::StateDict head;
    const auto add = [&head](const char *name, const std::vector<int64_t> &shape) {
      std::vector<float> values(static_cast<size_t>(action::CheckedNumel(shape)));
      head.entries.emplace_back(name, action::Tensor::FromFloats(shape, std::move(values)));
    };
    for (const char *name : {"net.0.weight", "net.0.bias"})
      add(name, {action::kFeatureSize});
    add("net.1.weight", {action::kHeadHidden, action::kFeatureSize});
    add("net.4.weight", {action::kHeadHidden, action::kHeadHidden});
    for (const char *name : {"net.1.bias", "net.4.bias"})
      add(name, {action::kHeadHidden});
    add("net.7.weight", {2, action::kHeadHidden});
    add("net.7.bias", {2});
    for (const char *folder : {"stage1", "stage2/b"})
      action::WriteStateDict(scratch_.At(folder) + "/best.pt", head);
  }

  void Read(const File &file, std::string_view content) const {
    scratch_.Write(file.name, content);
    try {
      const action::ModelBundle model = action::ModelBundle::Open(scratch_.At(""));
      action::LabelTable labels = model.labels();
      action::ApplyElements(action::ReadElements(scratch_.At("elements.csv")), "elements.csv", labels);
      action::ElementsTemplate(labels);
      action::ModelHash(model);
    } catch (const action::Error &) {
    }
    scratch_.Write(file.name, file.right);
  }

 private:
  fuzz::Scratch scratch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Model model;
  if (size == 0) return 0;
  // "0" to "4", so that seeds can be read.
  model.Read(kFiles[static_cast<size_t>(data[0] - '0') % kFiles.size()], fuzz::TextOf(data + 1, size - 1));
  return 0;
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/engine_library.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

#include "action/error.h"
#include "engine_config.h"

namespace action {
namespace {

std::string RealPath(const std::string &path) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(path, failed);
  return failed ? path : real.string();
}

// The first library of this process whose file name begins like one of these, or empty.
std::string LoadedLibrary(std::initializer_list<std::string_view> beginnings) {
  struct Search {
    std::initializer_list<std::string_view> beginnings;
    std::string found;
  } search{beginnings, {}};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) -> int {
        auto *wanted = static_cast<Search *>(data);
        const std::string_view path = info->dlpi_name != nullptr ? info->dlpi_name : "";
        const std::string_view name = path.substr(path.rfind('/') + 1);
        for (const std::string_view beginning : wanted->beginnings) {
          if (!name.starts_with(beginning)) continue;
          wanted->found = path;
          return 1;
        }
        return 0;
      },
      &search);
  return search.found;
}

EngineOrError Open() {
  const std::string loaded = LoadedLibrary({"libtorch_cpu."});
  if (!loaded.empty() && RealPath(loaded) != RealPath(ACTION_TORCH_CPU_PATH)) {
    return {nullptr,
            "this process has already loaded another LibTorch, " + RealPath(loaded) +
                ", than the one gst-action was built with, " + RealPath(ACTION_TORCH_CPU_PATH) +
                ". The two cannot live in one process: do not import that PyTorch here, or build gst-action against it "
                "with -Dtorch-dir="};
  }
  // RTLD_NODELETE beside never calling dlclose: LibTorch does not survive being unloaded.
  void *library = dlopen(ACTION_TORCH_LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char *reason = dlerror();
    return {nullptr, std::string("cannot load ") + ACTION_TORCH_LIBRARY +
                         ", the part of gst-action that uses LibTorch: " + (reason != nullptr ? reason : "?") +
                         ". Check that LibTorch is installed (tools/install-deps.sh), and install gst-action anew"};
  }
  using EntryPoint = decltype(&action_engine);
  const auto entry = reinterpret_cast<EntryPoint>(dlsym(library, "action_engine"));
  try {
    Engine *engine = entry != nullptr ? entry(kEngineInterface) : nullptr;
    if (engine != nullptr) return {engine, ""};
  } catch (const std::exception &e) {
    return {nullptr, e.what()};
  }
  return {nullptr,
          std::string(ACTION_TORCH_LIBRARY) + " is of another version than this plugin. Install gst-action anew"};
}

}  // namespace

EngineOrError FindEngine() {
  static std::mutex mutex;
  static Engine *engine = nullptr;
  const std::lock_guard lock(mutex);
  if (engine != nullptr) return {engine, ""};
  EngineOrError opened = Open();
  engine = opened.engine;
  return opened;
}

Engine &LoadEngine() {
  const EngineOrError found = FindEngine();
  if (found.engine == nullptr) throw Error(found.error);
  return *found.engine;
}

std::string LoadedBlas() {
  const std::string loaded = LoadedLibrary({"libopenblas", "libmkl", "libblis", "libblas.", "libatlas"});
  return loaded.empty() ? loaded : RealPath(loaded);
}

bool IsReferenceBlas(const std::string &path) {
  // Debian keeps it in a folder of its own, .../blas/libblas.so.3; optimised ones are in .../openblas-pthread/ and
  // such.
  const std::filesystem::path file = path;
  return file.filename().string().starts_with("libblas.") && file.parent_path().filename() == "blas";
}

}  // namespace action

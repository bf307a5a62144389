#include "action/engine_library.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
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

// The file of a libtorch_cpu that is loaded already, or empty.
std::string LoadedTorch() {
  std::string found;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *out) -> int {
        const std::string_view path = info->dlpi_name != nullptr ? info->dlpi_name : "";
        const std::string_view name = path.substr(path.rfind('/') + 1);
        if (!name.starts_with("libtorch_cpu.")) return 0;
        *static_cast<std::string *>(out) = path;
        return 1;
      },
      &found);
  return found;
}

Engine *Open() {
  const std::string loaded = LoadedTorch();
  if (!loaded.empty() && RealPath(loaded) != RealPath(ACTION_TORCH_CPU_PATH)) {
    throw Error("this process has already loaded another LibTorch, " + RealPath(loaded) +
                ", than the one gst-action was built with, " + RealPath(ACTION_TORCH_CPU_PATH) +
                ". The two cannot live in one process: do not import that PyTorch here, or build gst-action against it " +
                "with -Dtorch-dir=");
  }
  // RTLD_NODELETE beside never calling dlclose: LibTorch does not survive being unloaded.
  void *library = dlopen(ACTION_TORCH_LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    throw Error(std::string("cannot load ") + ACTION_TORCH_LIBRARY + ", the part of gst-action that uses LibTorch: " +
                dlerror() + ". Check that LibTorch is installed (tools/install-deps.sh) and, after 'meson install', run ldconfig");
  }
  using EntryPoint = decltype(&action_engine);
  const auto entry = reinterpret_cast<EntryPoint>(dlsym(library, "action_engine"));
  Engine *engine = entry != nullptr ? entry(kEngineInterface) : nullptr;
  if (engine == nullptr) {
    throw Error(std::string(ACTION_TORCH_LIBRARY) + " is of another version than this plugin. Install gst-action anew");
  }
  return engine;
}

}  // namespace

Engine &LoadEngine() {
  static std::mutex mutex;
  static Engine *engine = nullptr;
  const std::lock_guard lock(mutex);
  if (engine == nullptr) engine = Open();
  return *engine;
}

}  // namespace action

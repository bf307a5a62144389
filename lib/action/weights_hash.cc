// The identity of weights. Apart from the rest of r3d18_spec, since it needs GLib and the network does not.
#include <glib.h>

#include <algorithm>
#include <memory>

#include "action/r3d18_spec.h"

namespace action {
namespace {

class Sha256 {
 public:
  void Update(std::span<const std::byte> bytes) {
    // GChecksum counts in gssize; files are at most 8 GiB, which fits.
    g_checksum_update(checksum_.get(), reinterpret_cast<const guchar *>(bytes.data()),
                      static_cast<gssize>(bytes.size()));
  }
  void Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }
  std::string Hex() { return g_checksum_get_string(checksum_.get()); }

 private:
  std::unique_ptr<GChecksum, decltype(&g_checksum_free)> checksum_{g_checksum_new(G_CHECKSUM_SHA256), &g_checksum_free};
};

}  // namespace

std::string FileHash(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Hex();
}

std::string WeightsHash(const StateDict &state) {
  std::vector<const std::pair<std::string, Tensor> *> entries;
  for (const auto &entry : state.entries) {
    if (!entry.first.starts_with("fc.") && !entry.first.ends_with(".num_batches_tracked")) entries.push_back(&entry);
  }
  std::ranges::sort(entries, {}, [](const auto *entry) { return entry->first; });
  Sha256 hash;
  for (const auto *entry : entries) {
    hash.Update(entry->first + "\n" + ShapeToString(entry->second.shape()) + "\n");
    const std::vector<float> values = entry->second.ToFloats();
    hash.Update(std::as_bytes(std::span(values)));
  }
  return hash.Hex();
}

}  // namespace action

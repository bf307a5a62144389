// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/secrets.h"

#include <sys/stat.h>

#ifdef HAVE_LIBSECRET
#include <libsecret/secret.h>
#endif

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/input_file.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

std::string FromFile(const std::string &path, const char *what) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0)
    throw ReadError(path, errno, std::string("cannot read the ") + what + " in " + path + ": " + std::strerror(errno));
  if ((facts.st_mode & 077) != 0) {
    throw Error(ErrorKind::kSettings, path,
                std::string("the ") + what + " in " + path + " can be read by others: run chmod 600 " + path);
  }
  const std::string text = ReadText(path, std::string("the ") + what + " in " + path, kMostOfSettings);
  std::string line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) throw Error(ErrorKind::kFormat, path, std::string("there is no ") + what + " in " + path);
  return line;
}

std::string FromEnvironment(const std::string &variable, const char *what) {
  const char *value = std::getenv(variable.c_str());
  if (value == nullptr || *value == '\0')
    throw Error("the environment variable " + variable + " for the " + what + " is not set");
  return value;
}

#ifdef HAVE_LIBSECRET

// Nobody is asked to unlock it: nobody may be there.
std::string FromKeyRing(const std::string &name) {
  using AttributesPtr = std::unique_ptr<GHashTable, Deleter<g_hash_table_unref>>;
  const AttributesPtr attributes(g_hash_table_new(g_str_hash, g_str_equal));
  g_hash_table_insert(attributes.get(), const_cast<char *>("service"), const_cast<char *>("gst-action"));
  g_hash_table_insert(attributes.get(), const_cast<char *>("camera"), const_cast<char *>(name.c_str()));
  const auto fail = [&name](const std::string &why) -> Error {
    return Error("cannot read the password '" + name + "' from the key ring: " + why +
                 ". A service has none: use password-file");
  };
  GError *error = nullptr;
  GList *items = secret_password_searchv_sync(nullptr, attributes.get(), SECRET_SEARCH_LOAD_SECRETS, nullptr, &error);
  if (error != nullptr) {
    const ErrorPtr owner(error);
    throw fail(error->message);
  }
  if (items == nullptr) {
    throw fail("it has none. Put it there with: secret-tool store --label='camera " + name +
               "' service gst-action camera '" + name + "'");
  }
  SecretValue *value = secret_retrievable_retrieve_secret_sync(SECRET_RETRIEVABLE(items->data), nullptr, nullptr);
  g_list_free_full(items, g_object_unref);
  if (value == nullptr) throw fail("it is locked");
  const char *text = secret_value_get_text(value);
  const std::string password = text != nullptr ? text : "";
  secret_value_unref(value);
  if (password.empty()) throw fail("what is there is no text");
  return password;
}

#else

std::string FromKeyRing(const std::string &) {
  throw Error("password-keyring: gst-action was built without libsecret; use password-file or password-env");
}

#endif

}  // namespace

std::string ReadSecret(const SecretPlace &place, const char *what) {
  if (!place.variable.empty()) return FromEnvironment(place.variable, what);
  if (!place.file.empty()) return FromFile(place.file, what);
  return place.keyring.empty() ? "" : FromKeyRing(place.keyring);
}

}  // namespace action

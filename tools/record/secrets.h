// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Passwords and the page's token, which stand in no site.toml.
#ifndef GST_ACTION_RECORD_SECRETS_H_
#define GST_ACTION_RECORD_SECRETS_H_

#include <string>

namespace action {

// Where a secret is kept: the first of these that is not empty.
struct SecretPlace {
  std::string variable;  // of the environment
  std::string file;      // that nobody else may read
  std::string keyring;   // name in the desktop's key ring (libsecret, attributes service=gst-action and camera=NAME)
};

// Empty: it is kept nowhere. what: "password". Throws Error when it is not there, or others can read it.
std::string ReadSecret(const SecretPlace &place, const char *what);

}  // namespace action

#endif  // GST_ACTION_RECORD_SECRETS_H_

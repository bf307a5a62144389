// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the programs have in common that a browser talks to.
#ifndef GST_ACTION_HTTP_H_
#define GST_ACTION_HTTP_H_

#include <libsoup/soup.h>

#include <string>

namespace action {

// Without telling by the time it takes where two words differ.
bool EqualSecrets(const std::string &a, const std::string &b);

// The value of a cookie in a request; empty: there is none.
std::string CookieOf(SoupServerMessage *message, const std::string &name);

// A name of this machine itself; not one that some name server only says to be.
bool IsLoopback(const char *host);

// Nothing of elsewhere: neither pictures nor scripts, nor a page around ours. inline_script: in the page itself.
std::string ContentPolicy(bool inline_script);

// A whole answer, not to be kept by the browser. policy: see ContentPolicy.
void Answer(SoupServerMessage *message, guint status, const char *type, const std::string &text,
            const std::string &policy);

// A file that is built into the program; empty: there is none of this name.
std::string BuiltIn(const std::string &path);

}  // namespace action

#endif  // GST_ACTION_HTTP_H_

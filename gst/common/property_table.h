// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of an element: each is said once, with its texts, its range and the member that holds it.
#ifndef GST_ACTION_COMMON_PROPERTY_TABLE_H_
#define GST_ACTION_COMMON_PROPERTY_TABLE_H_

#include <gst/gst.h>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "action/fraction.h"
#include "common/object_lock.h"

namespace action {

inline constexpr auto kMutableReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
inline constexpr auto kMutablePlaying =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
// Where the element calls gst_object_sync_values.
inline constexpr auto kControllable = static_cast<GParamFlags>(kMutablePlaying | GST_PARAM_CONTROLLABLE);

// A member is named by a pointer to it (&Settings::hop) or a function that returns it
// ([](auto &s) -> auto & { return s.smoothing.window; }). Defaults are those of a Settings{}. Ids count from 1, in the
// order of the calls. Built once, when the class is, and only read afterwards.
template <typename Settings>
class PropertyTable {
 public:
  using Setter = std::function<void(Settings &, const GValue *)>;
  using Getter = std::function<void(const Settings &, GValue *)>;

  // Of any other type; a property without a setter is read-only.
  void Add(GParamSpec *spec, Getter get, Setter set) { properties_.push_back({spec, std::move(get), std::move(set)}); }

  // A null string is the default.
  template <typename Member>
  void Text(const char *name, const char *nick, const char *blurb, Member member, GParamFlags flags) {
    const std::string initial = std::invoke(member, defaults_);
    Add(
        g_param_spec_string(name, nick, blurb, initial.empty() ? nullptr : initial.c_str(), flags),
        [member](const Settings &s, GValue *value) {
          const std::string &text = std::invoke(member, s);
          g_value_set_string(value, text.empty() ? nullptr : text.c_str());
        },
        [member, initial](Settings &s, const GValue *value) {
          const char *text = g_value_get_string(value);
          std::invoke(member, s) = text != nullptr ? text : initial;
        });
  }
  template <typename Member>
  void Boolean(const char *name, const char *nick, const char *blurb, Member member, GParamFlags flags) {
    AddNumber(g_param_spec_boolean(name, nick, blurb, Default<gboolean>(member), flags), member, g_value_get_boolean,
              g_value_set_boolean);
  }
  template <typename Member>
  void Int(const char *name, const char *nick, const char *blurb, gint least, gint most, Member member,
           GParamFlags flags) {
    AddNumber(g_param_spec_int(name, nick, blurb, least, most, Default<gint>(member), flags), member, g_value_get_int,
              g_value_set_int);
  }
  template <typename Member>
  void Uint(const char *name, const char *nick, const char *blurb, guint least, guint most, Member member,
            GParamFlags flags) {
    AddNumber(g_param_spec_uint(name, nick, blurb, least, most, Default<guint>(member), flags), member,
              g_value_get_uint, g_value_set_uint);
  }
  // Of a member that is uint64_t, GstClockTime, or int64_t that is never negative.
  template <typename Member>
  void Uint64(const char *name, const char *nick, const char *blurb, guint64 least, guint64 most, Member member,
              GParamFlags flags) {
    AddNumber(g_param_spec_uint64(name, nick, blurb, least, most, Default<guint64>(member), flags), member,
              g_value_get_uint64, g_value_set_uint64);
  }
  template <typename Member>
  void Double(const char *name, const char *nick, const char *blurb, double least, double most, Member member,
              GParamFlags flags) {
    AddNumber(g_param_spec_double(name, nick, blurb, least, most, Default<gdouble>(member), flags), member,
              g_value_get_double, g_value_set_double);
  }
  template <typename Member>
  void Enum(const char *name, const char *nick, const char *blurb, GType type, Member member, GParamFlags flags) {
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
    AddNumber(g_param_spec_enum(name, nick, blurb, type, Default<gint>(member), flags), member, g_value_get_enum,
              g_value_set_enum);
  }
  template <typename Member>
  void Flags(const char *name, const char *nick, const char *blurb, GType type, Member member, GParamFlags flags) {
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
    AddNumber(g_param_spec_flags(name, nick, blurb, type, Default<guint>(member), flags), member, g_value_get_flags,
              g_value_set_flags);
  }
  // Of a member that is a Fraction, from 1/1000 to 1000.
  template <typename Member>
  void Rate(const char *name, const char *nick, const char *blurb, Member member, GParamFlags flags) {
    const Fraction rate = std::invoke(member, defaults_);
    Add(
        gst_param_spec_fraction(name, nick, blurb, 1, 1000, 1000, 1, static_cast<gint>(rate.numerator),
                                static_cast<gint>(rate.denominator), flags),
        [member](const Settings &s, GValue *value) {
          const Fraction &is = std::invoke(member, s);
          gst_value_set_fraction(value, static_cast<gint>(is.numerator), static_cast<gint>(is.denominator));
        },
        [member](Settings &s, const GValue *value) {
          std::invoke(member, s) = {gst_value_get_fraction_numerator(value), gst_value_get_fraction_denominator(value)};
        });
  }
  // A property of which the element knows the value.
  void Computed(GParamSpec *spec) { Add(spec, nullptr, nullptr); }

  void Install(GObjectClass *object_class) const {
    for (size_t i = 0; i < properties_.size(); ++i)
      g_object_class_install_property(object_class, static_cast<guint>(i + 1), properties_[i].spec);
  }

  // False when there is no such property, or none that a setting holds.
  bool Set(Settings &settings, guint id, const GValue *value) const {
    if (id == 0 || id > properties_.size() || !properties_[id - 1].set) return false;
    properties_[id - 1].set(settings, value);
    return true;
  }
  bool Get(const Settings &settings, guint id, GValue *value) const {
    if (id == 0 || id > properties_.size() || !properties_[id - 1].get) return false;
    properties_[id - 1].get(settings, value);
    return true;
  }

 private:
  template <typename Raw, typename Member>
  Raw Default(Member member) const {
    return static_cast<Raw>(std::invoke(member, defaults_));
  }
  // take, put: GValue's functions for it.
  template <typename Member, typename Raw>
  void AddNumber(GParamSpec *spec, Member member, Raw (*take)(const GValue *), void (*put)(GValue *, Raw)) {
    Add(
        spec, [member, put](const Settings &s, GValue *value) { put(value, static_cast<Raw>(std::invoke(member, s))); },
        [member, take](Settings &s, const GValue *value) {
          auto &place = std::invoke(member, s);
          place = static_cast<std::remove_reference_t<decltype(place)>>(take(value));
        });
  }

  struct Property {
    GParamSpec *spec;  // the class owns it
    Getter get;
    Setter set;
  };
  const Settings defaults_{};
  std::vector<Property> properties_;
};

// GObject's set_property and get_property of an element whose `state` was made by new in its init function
// and has the `settings`, protected by the object lock. PropertiesOf(settings) returns their table.
template <typename Element>
void SetElementProperty(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  auto &settings = reinterpret_cast<Element *>(object)->state->settings;
  bool known = false;
  {
    const ObjectLock lock(object);
    known = PropertiesOf(settings).Set(settings, id, value);
  }
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

template <typename Element>
void GetElementProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  const auto &settings = reinterpret_cast<Element *>(object)->state->settings;
  bool known = false;
  {
    const ObjectLock lock(object);
    known = PropertiesOf(settings).Get(settings, id, value);
  }
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// A copy, at one moment.
template <typename Element>
auto SettingsOf(Element *element) {
  const ObjectLock lock(element);
  return element->state->settings;
}

}  // namespace action

#endif  // GST_ACTION_COMMON_PROPERTY_TABLE_H_

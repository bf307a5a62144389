// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// Elements of the page, and how they are made.

export const $ = id => document.getElementById(id);

// make("td", {className: "n"}, "text", child): children are nodes or text.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// A line above the page that stays until it is answered. actions: [[text, function]].
export function notice(key, text, actions = []) {
  const id = "notice-" + key;
  $(id)?.remove();
  const line = make("div", {id}, make("span", {textContent: text}));
  for (const [word, action] of actions) {
    line.append(make("button", {textContent: word, onclick: () => { line.remove(); action(); }}));
  }
  if (!actions.length) line.append(make("button", {textContent: "Close", onclick: () => line.remove()}));
  $("notices").append(line);
}

export const forget = key => $("notice-" + key)?.remove();

// 83.4 -> "1:23.400"
export function clock(seconds, digits = 3) {
  const whole = Math.max(0, seconds), rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
  return (hours ? hours + ":" + String(minutes).padStart(2, "0") : minutes) + ":" + rest;
}

// Keeps what somebody is writing in.
export const isEdited = root => root.contains(document.activeElement) && /INPUT|SELECT/.test(document.activeElement.tagName);

// Whether this is something else than the last time: what is shown anew loses the keyboard's focus.
const last = new Map();
export function isNew(name, value) {
  const text = JSON.stringify(value);
  if (last.get(name) === text) return false;
  last.set(name, text);
  return true;
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The segments as a table, which says the same as the strip.

import {$, clock, make} from "./dom.js";
import {colourOf, nameOf, select, store, valueOf} from "./store.js";

let seek = () => {};
export const onSeek = function_ => { seek = function_; };

const badge = label => { const value = valueOf(label); return value === "UNKNOWN" ? "" : make("span", {className: "value " + value, textContent: value}); };

export function show() {
  const fragment = document.createDocumentFragment();
  const all = store.open ? [...store.segments, {...store.open, running: true}] : store.segments;
  all.forEach((segment, i) => {
    if (segment === store.open?.kept) return;  // it stands below, as running
    const line = make("tr", {ariaSelected: String(i === store.selected), tabIndex: i === store.selected ? 0 : -1});
    const swatch = make("span", {className: "swatch"});
    swatch.style.background = colourOf(segment.label);
    const how = segment.running ? "running" : segment.test ? "test" : segment.origin === "labelled" ? "" : segment.origin;
    line.append(make("td", {textContent: clock(segment.start, 2)}), make("td", {textContent: segment.running ? "…" : clock(segment.end, 2)}),
                make("td", {className: "n", textContent: segment.running ? "" : (segment.end - segment.start).toFixed(2)}),
                make("td", {}, swatch, nameOf(segment.label)), make("td", {}, badge(segment.label), make("div", {className: "small", textContent: how})));
    if (!segment.running) line.onclick = () => { select(i); seek(segment.start); };
    fragment.append(line);
  });
  const hadFocus = $("segments").contains(document.activeElement), body = $("segments").tBodies[0];
  body.replaceChildren(fragment);
  const chosen = body.rows[store.selected];
  if (chosen && hadFocus) chosen.focus();
  chosen?.scrollIntoView({block: "nearest"});
  for (const id of ["split", "merge", "start-here", "end-here", "delete", "test"]) $(id).disabled = id !== "split" && store.selected < 0;
  $("test").setAttribute("aria-pressed", String(Boolean(store.segments[store.selected]?.test)));
}

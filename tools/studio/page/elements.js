// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The elements of work: used with keys, edited in place.

import {$, isEdited, isNew, make} from "./dom.js";
import {colourOf, nameOf, rows, saveElements, saveSettings, store} from "./store.js";

let use = () => {};
export const onUse = function_ => { use = function_; };

export const labelOfKey = digit => rows()[digit - 1]?.label;
const VALUES = ["VA", "RNVA", "NVA", "UNKNOWN"];

function changed(label, key, value) {
  return saveElements(rows().map(row => row.label === label ? {...row, [key]: value} : row));
}

export function show() {
  const body = $("elements").tBodies[0];
  if (isEdited(body)) return;  // what is being written is not taken away
  const counts = store.project?.counts ?? {};
  if (!isNew("elements", [rows(), counts, store.project?.settings.settings.colours])) return;
  const fragment = document.createDocumentFragment();
  rows().forEach((row, i) => {
    const count = (counts[row.label]?.train ?? 0) + (counts[row.label]?.test ?? 0);
    const name = make("input", {type: "text", value: row.name || nameOf(row.label), title: row.label, ariaLabel: "Name of " + nameOf(row.label)});
    name.onchange = () => changed(row.label, "name", name.value.trim());
    const colour = make("input", {type: "color", value: colourOf(row.label), ariaLabel: "Colour of " + nameOf(row.label)});
    colour.onchange = () => saveSettings(settings => { settings.colours = {...settings.colours, [row.label]: colour.value}; });
    const value = make("select", {ariaLabel: "Value of " + nameOf(row.label)});
    for (const word of VALUES) value.append(make("option", {value: word, textContent: word === "UNKNOWN" ? "none" : word, selected: word === row.value}));
    value.onchange = () => changed(row.label, "value", value.value);
    const turn = make("input", {type: "number", className: "turn", min: 0, step: 1, value: row.order ?? "", ariaLabel: "Turn in the cycle of " + nameOf(row.label)});
    turn.onchange = () => changed(row.label, "order", turn.value === "" ? null : Math.max(0, Math.round(Number(turn.value))));
    const key = make("button", {className: "use", type: "button", textContent: i < 9 ? String(i + 1) : "•", title: "Begin " + nameOf(row.label), onclick: () => use(row.label)});
    key.ariaLabel = "Begin " + nameOf(row.label);
    const gone = make("button", {className: "use", type: "button", textContent: "×", title: count ? `${count} segments have it` : "Remove", disabled: count > 0});
    gone.ariaLabel = "Remove " + nameOf(row.label);
    gone.onclick = () => saveElements(rows().filter(other => other !== row));
    fragment.append(make("tr", {}, make("td", {}, key), make("td", {}, colour), make("td", {}, name), make("td", {}, value), make("td", {}, turn), make("td", {}, gone)));
  });
  body.replaceChildren(fragment);
  search();
}

const matches = row => (row.name + " " + row.label).toLowerCase().includes($("element-search").value.trim().toLowerCase());

function search() {
  [...$("elements").tBodies[0].rows].forEach((line, i) => { line.hidden = !matches(rows()[i] ?? {name: "", label: ""}); });
}

$("element-search").oninput = search;
$("element-search").onkeydown = event => {
  if (event.key === "Escape") { event.target.value = ""; search(); event.target.blur(); }
  if (event.key !== "Enter") return;
  const first = rows().find(matches);
  if (first) use(first.label);
  event.target.value = "";
  search();
  event.target.blur();
};
$("new-element").onsubmit = async event => {
  event.preventDefault();
  const name = $("new-name").value.trim();
  if (!name) return;
  await saveElements([...rows(), {label: "", name, value: $("new-value").value}]);
  if (rows().some(row => row.name === name)) $("new-name").value = "";
};

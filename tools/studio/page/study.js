// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The time study, which is made anew whenever labels or settings change.

import {$, isEdited, isNew, make} from "./dom.js";
import {nameOf, rows, saveSettings, store} from "./store.js";

const form = $("study-form");
let visible = false;

const settings = () => store.project?.settings.settings.study ?? {};
const chosen = () => $("study-video").value;
const address = more => "study?" + new URLSearchParams({...(chosen() ? {video: chosen()} : {}), ...more});

export const setVisible = on => { visible = on; show(); };

function fill(select, options, value) {
  select.replaceChildren(...options.map(([word, text]) => make("option", {value: word, textContent: text, selected: word === value})));
}

export function show() {
  if (!visible || !store.project) return;
  const {videos} = store.project, now = settings();
  if (!isEdited(form) && isNew("study settings", [videos.map(v => v.name), now, rows(), chosen()])) {
    fill($("study-video"), [["", "all videos"], ...videos.map(v => [v.name, v.name])], chosen());
    for (const name of ["takt", "rating", "allowance"]) form.elements[name].value = now[name] ?? "";
    fill($("study-start"), [["", "found by itself"], ...rows().map(row => [row.label, nameOf(row.label)])], now.cycle_start ?? "");
    $("study-foreign").replaceChildren(...rows().map(row => {
      const box = make("input", {type: "checkbox", value: row.label, checked: (now.foreign ?? []).includes(row.label)});
      return make("label", {}, box, " " + nameOf(row.label));
    }));
    const out = Object.entries(now.excluded?.[chosen()] ?? {}).map(([number, reason]) => {
      const back = make("button", {type: "button", textContent: "counts after all"});
      back.onclick = () => saveSettings(s => { delete s.study.excluded[chosen()][number]; });
      return make("li", {}, `cycle ${number}: ${reason} `, back);
    });
    $("study-excluded").replaceChildren(...out);
  }
  form.elements.exclude.disabled = !chosen();
  $("save-html").href = address({format: "html"});
  $("save-xlsx").href = address({format: "xlsx"});
  if (isNew("study", [chosen(), now, store.project.elements.revision, videos.map(v => [v.name, v.revision, v.found])]))
    $("study-frame").src = address({});
}

function apply() {
  return saveSettings(all => {
    const study = all.study ??= {}, number = name => form.elements[name].value === "" ? undefined : Number(form.elements[name].value);
    for (const name of ["takt", "rating", "allowance"]) study[name] = number(name);
    study.cycle_start = $("study-start").value || undefined;
    study.foreign = [...$("study-foreign").querySelectorAll("input:checked")].map(box => box.value);
    const [, cycle, reason] = /^\s*(\d+)\s*=?\s*(.*)$/.exec(form.elements.exclude.value) ?? [];
    if (cycle && chosen()) ((study.excluded ??= {})[chosen()] ??= {})[cycle] = reason || "excluded by hand";
  }).then(() => { form.elements.exclude.value = ""; document.activeElement?.blur(); show(); });
}
form.onsubmit = event => { event.preventDefault(); apply(); };
$("study-video").onchange = event => { event.target.blur(); show(); };

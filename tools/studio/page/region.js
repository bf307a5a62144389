// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The part of the picture that the model looks at: "x,y,width,height" as shares of the picture, empty for all of it.

import {$} from "./dom.js";
import {saveSettings, store} from "./store.js";

const canvas = $("region"), video = $("video"), form = $("region-form");
let from = null, drawn = null;

const current = () => (store.project?.settings.settings.roi || "0,0,1,1").split(",").map(Number);
const rounded = value => Math.round(1000 * value) / 1000;

// Where the picture itself is on the stage.
function place() {
  const stage = $("stage").getBoundingClientRect(), wide = video.videoWidth || 16, tall = video.videoHeight || 9;
  const scale = Math.min(stage.width / wide, stage.height / tall), width = wide * scale, height = tall * scale;
  return {left: (stage.width - width) / 2, top: (stage.height - height) / 2, width, height};
}

export function show() {
  const at = place(), scale = devicePixelRatio || 1, [x, y, w, h] = drawn ?? current();
  Object.assign(canvas.style, {left: at.left + "px", top: at.top + "px", width: at.width + "px", height: at.height + "px"});
  canvas.width = at.width * scale;
  canvas.height = at.height * scale;
  const pen = canvas.getContext("2d");
  if (x === 0 && y === 0 && w === 1 && h === 1) return;
  const [left, top, width, height] = [x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height];
  pen.fillStyle = "rgba(0, 0, 0, .45)";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.clearRect(left, top, width, height);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2 * scale;
  pen.strokeRect(left, top, width, height);
}

function write() {
  const [x, y, w, h] = current().map(value => Math.round(1000 * value) / 10);
  Object.entries({x, y, w, h}).forEach(([name, value]) => { form.elements[name].value = value; });
}

function save([x, y, w, h]) {
  const left = Math.min(Math.max(x, 0), 0.99), top = Math.min(Math.max(y, 0), 0.99);
  const region = [left, top, Math.min(Math.max(w, 0.01), 1 - left), Math.min(Math.max(h, 0.01), 1 - top)].map(rounded);
  const text = region.join(",") === "0,0,1,1" ? "" : region.join(",");
  return saveSettings(settings => { settings.roi = text; }).then(() => { write(); show(); });
}

$("region-button").onclick = () => {
  form.hidden = !form.hidden;
  canvas.classList.toggle("drawing", !form.hidden);
  $("region-button").setAttribute("aria-pressed", String(!form.hidden));
  write();
};
form.onsubmit = event => {
  event.preventDefault();
  save(["x", "y", "w", "h"].map(name => Number(form.elements[name].value) / 100));
};
$("region-whole").onclick = () => save([0, 0, 1, 1]);

const share = event => {
  const at = canvas.getBoundingClientRect();
  return [Math.min(Math.max((event.clientX - at.left) / at.width, 0), 1), Math.min(Math.max((event.clientY - at.top) / at.height, 0), 1)];
};
canvas.addEventListener("pointerdown", event => { from = share(event); canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointermove", event => {
  if (!from) return;
  const to = share(event);
  drawn = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  show();
});
canvas.addEventListener("pointerup", () => {
  const region = drawn;
  from = drawn = null;
  if (region && region[2] > 0.02 && region[3] > 0.02) save(region);
  else show();
});
new ResizeObserver(show).observe($("stage"));
video.addEventListener("loadedmetadata", show);

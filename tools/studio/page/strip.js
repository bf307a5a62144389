// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The strip below the video: movement, labels, and what the model found, over time.

import * as edits from "./edits.js";
import * as player from "./player.js";
import {$, clock} from "./dom.js";
import {change, colourOf, nameOf, select, store, valueOf} from "./store.js";

const canvas = $("strip"), pen = canvas.getContext("2d");
const RULER = 20, GAP = 4, NEAR = 7;  // px
const view = {from: 0, to: 1};
let review = false, drag = null, wanted = false;

export const setReview = on => { review = on; draw(); };

function lanes() {
  const height = canvas.clientHeight - RULER - 2 * GAP, parts = review ? [0.26, 0.37, 0.37] : [0.4, 0.6, 0];
  let y = RULER;
  return parts.map(part => { const lane = {y, h: part * height - GAP}; y += part * height; return lane; });
}
const x = time => (time - view.from) / (view.to - view.from) * canvas.clientWidth;
const time = px => view.from + px / canvas.clientWidth * (view.to - view.from);

export function showAll() {
  Object.assign(view, {from: 0, to: Math.max(player.duration(), 1)});
  draw();
}
export function zoom(factor, middle = player.now()) {
  const whole = Math.max(player.duration(), 1), width = Math.min(Math.max((view.to - view.from) * factor, 1), whole);
  const share = Math.min(Math.max((middle - view.from) / (view.to - view.from), 0), 1);
  place(middle - share * width, width);
}
function place(from, width) {
  const whole = Math.max(player.duration(), 1);
  view.from = Math.min(Math.max(0, from), whole - width);
  view.to = view.from + width;
  draw();
}
// The playhead stays in sight.
export function follow() {
  const width = view.to - view.from, now = player.now();
  if (width < player.duration() - 0.01 && (now < view.from || now > view.to)) place(now - 0.1 * width, width);
  draw();
}

export function draw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => { wanted = false; paint(); });
}

function colours() {
  const style = getComputedStyle(document.documentElement), of = name => style.getPropertyValue(name).trim();
  return {text: of("--text"), soft: of("--soft"), line: of("--line"), strong: of("--strong"), card: of("--card")};
}

// Black or white, whichever is easier to read on it.
function inkOn(colour) {
  const part = i => { const c = parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16) / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2) > 0.18 ? "#000" : "#fff";
}

function paint() {
  const width = canvas.clientWidth, height = canvas.clientHeight, scale = devicePixelRatio || 1;
  if (!width) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.dataset.from = view.from;
  canvas.dataset.to = view.to;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const ink = colours(), [motion, labels, found] = lanes();
  canvas.dataset.labelsY = labels.y + labels.h / 2;
  ruler(ink, width);
  movement(ink, motion, width);
  words(ink, [motion, labels, found]);
  for (const [i, segment] of store.segments.entries()) box(segment, labels, i === store.selected, ink);
  if (store.open) box({...store.open, end: Math.max(player.now(), store.open.start)}, labels, true, ink);
  if (review) for (const segment of store.found) if (segment.state !== "gap") box(segment, found, false, ink);
  const now = x(player.now());
  pen.strokeStyle = ink.text;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(now, 0);
  pen.lineTo(now, height);
  pen.stroke();
}

function words(ink, [motion, labels, found]) {
  pen.font = "11px system-ui, sans-serif";
  for (const [lane, word] of [[motion, "movement"], [labels, "labels"], [found, review ? "found by the model" : ""]]) if (word) {
    pen.fillStyle = ink.card;
    pen.fillRect(0, lane.y, pen.measureText(word).width + 8, 13);
    pen.fillStyle = ink.soft;
    pen.fillText(word, 4, lane.y + 10);
  }
}

function ruler(ink, width) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find(s => s / (view.to - view.from) * width > 70) ?? 7200;
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 1;
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    pen.strokeStyle = ink.line;
    pen.beginPath();
    pen.moveTo(x(t), 0);
    pen.lineTo(x(t), canvas.clientHeight);
    pen.stroke();
    pen.fillStyle = ink.soft;
    pen.fillText(clock(t, step < 1 ? 1 : 0), x(t) + 3, 13);
  }
}

// The mean difference of the frames in each column of pixels. The highest columns, 2 %, are as high as the lane.
function movement(ink, lane, width) {
  if (!store.frames) return;
  const {times, motion} = store.frames;
  const columns = new Float32Array(Math.ceil(width)), counts = new Uint32Array(columns.length);
  let low = 0, high = times.length;
  while (low < high) { const middle = (low + high) >> 1; if (times[middle] < view.from) low = middle + 1; else high = middle; }
  for (let i = low; i < times.length && times[i] <= view.to; ++i) {
    const column = Math.min(Math.floor(x(times[i])), columns.length - 1);
    if (column >= 0) { columns[column] += motion[i]; ++counts[column]; }
  }
  const means = columns.map((sum, c) => counts[c] ? sum / counts[c] : 0), some = means.filter((_, c) => counts[c]).sort();
  const top = Math.max(some[Math.floor(0.98 * (some.length - 1))] ?? 0, 0.5);
  pen.fillStyle = ink.soft;
  const wide = Math.max(1, width / ((view.to - view.from) * (store.facts?.rate || 25)));
  for (let c = 0; c < columns.length; ++c) {
    const tall = Math.min(means[c] / top, 1) * (lane.h - 13);
    if (tall > 0) pen.fillRect(c, lane.y + lane.h - tall, wide, tall);
  }
}

function box(segment, lane, chosen, ink) {
  const left = x(segment.start), right = x(segment.end);
  if (right < 0 || left > canvas.clientWidth) return;
  const wide = Math.max(right - left, 1), colour = colourOf(segment.label);
  pen.save();
  pen.beginPath();
  pen.rect(left, lane.y, wide, lane.h);
  pen.clip();
  pen.fillStyle = ink.card;
  pen.fillRect(left, lane.y, wide, lane.h);
  pen.globalAlpha = segment.confidence !== undefined ? 0.35 + 0.65 * segment.confidence : 1;
  pen.fillStyle = colour;
  pen.fillRect(left, lane.y, wide, lane.h);
  pen.globalAlpha = 1;
  if (segment.test) {  // hatched
    pen.strokeStyle = "rgba(0, 0, 0, .45)";
    pen.lineWidth = 1;
    for (let at = left - lane.h; at < right; at += 7) { pen.beginPath(); pen.moveTo(at, lane.y + lane.h); pen.lineTo(at + lane.h, lane.y); pen.stroke(); }
  }
  if (wide > 26) {
    const begin = Math.max(left, 0) + 5, name = nameOf(segment.label);
    pen.font = "600 12px system-ui, sans-serif";
    pen.fillStyle = segment.confidence !== undefined && segment.confidence < 0.6 ? ink.text : inkOn(colour);
    pen.fillText(name, begin, lane.y + lane.h / 2 + 4);
    pen.font = "10px system-ui, sans-serif";
    if (wide > 60 && lane.h > 36) {
      const value = valueOf(segment.label), sure = segment.confidence !== undefined ? ` ${Math.round(100 * segment.confidence)} %` : "";
      pen.fillText((value === "UNKNOWN" ? "" : value) + sure + (segment.test ? " test" : ""), begin, lane.y + lane.h - 5);
    }
  }
  pen.restore();
  pen.strokeStyle = chosen ? ink.strong : ink.card;
  pen.lineWidth = chosen ? 3 : 1;
  pen.strokeRect(left + 0.5, lane.y + 0.5, Math.max(wide - 1, 0.5), lane.h - 1);
}

// The boundary of a label below the mouse.
function boundaryAt(px, py) {
  const [, labels] = lanes();
  if (py < labels.y || py > labels.y + labels.h) return null;
  let best = null;
  for (const [i, segment] of store.segments.entries()) {
    for (const edge of ["start", "end"]) {
      const distance = Math.abs(x(segment[edge]) - px);
      if (distance <= NEAR && (!best || distance < best.distance)) best = {i, edge, distance};
    }
  }
  return best;
}

const placeOf = event => { const at = canvas.getBoundingClientRect(); return [event.clientX - at.left, event.clientY - at.top]; };

canvas.addEventListener("pointerdown", event => {
  const [px, py] = placeOf(event), edge = boundaryAt(px, py);
  canvas.setPointerCapture(event.pointerId);
  player.stop();
  if (edge) {
    drag = {...edge, segments: store.segments, moved: false};
    select(edge.i);
    return;
  }
  drag = {seek: true};
  const i = edits.indexAt(store.segments, time(px)), [, labels] = lanes();
  if (py >= labels.y && py <= labels.y + labels.h) select(i);
  player.seek(time(px));
});
canvas.addEventListener("pointermove", event => {
  const [px, py] = placeOf(event);
  if (!drag) {
    canvas.style.cursor = boundaryAt(px, py) ? "ew-resize" : "pointer";
    return;
  }
  if (drag.seek) {
    player.seek(time(px));
    return;
  }
  const to = player.snap(time(px)), segments = edits.move(drag.segments, drag.i, drag.edge, to, player.shortest());
  change(segments, {remember: !drag.moved});
  drag.moved = true;
  player.seek(drag.edge === "start" ? segments[drag.i].start : segments[drag.i].end);
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { drag = null; });
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const [px] = placeOf(event), sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (sideways) place(view.from + (event.deltaX || event.deltaY) / canvas.clientWidth * (view.to - view.from), view.to - view.from);
  else zoom(event.deltaY > 0 ? 1.25 : 0.8, time(px));
}, {passive: false});
new ResizeObserver(draw).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

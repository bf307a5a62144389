// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// Plays the video, and knows which frame is shown.

import * as api from "./api.js";
import {$} from "./dom.js";
import {store} from "./store.js";

const LEVELS = [-4, -2, -1, 0.25, 0.5, 1, 2, 4, 8];
const video = $("video");
let shown = 0;        // s, of the frame that is on the screen
let backwards = 0;    // speed, > 0
let before = null;    // time stamp of the last step backwards
const listeners = new Set();
export const onTime = listener => listeners.add(listener);
const tell = () => listeners.forEach(listener => listener());

const first = () => store.facts?.first ?? 0;
export const duration = () => store.facts?.duration || video.duration || 0;
const interval = () => store.facts?.rate > 0 ? 1 / store.facts.rate : 0.04;

// The frame that is shown at a time.
function frameAt(time) {
  const times = store.frames?.times;
  if (!times || !times.length) return Math.max(0, Math.floor(time / interval() + 1e-3));
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= time + 1e-4) low = middle; else high = middle - 1;
  }
  return low;
}
const timeOf = frame => store.frames?.times ? store.frames.times[Math.min(frame, store.frames.times.length - 1)] : frame * interval();
// The time of the frame nearest to this one; the video's end is one too.
export function snap(time) {
  if (time >= duration() - interval() / 4) return duration();
  const frame = frameAt(Math.max(0, time)), here = timeOf(frame), next = Math.min(timeOf(frame + 1), duration());
  return next > here && next - time < time - here ? next : here;
}
export const shortest = interval;

export const now = () => shown;
export const isOpen = () => opened !== "";
export const isPlaying = () => !video.paused || backwards > 0;
export const speed = () => backwards ? -backwards : video.playbackRate;

function update(time) {
  shown = Math.min(Math.max(0, timeOf(frameAt(time))), duration());
  if (video.ended) shown = duration();
  tell();
}

// Before the playhead jumps: (to) => {}.
let beforeJump = () => {};
export const onJump = listener => { beforeJump = listener; };

export function seek(time) {
  beforeJump(time);
  seekTo(time);
}

function seekTo(time) {
  const to = Math.min(Math.max(0, time), duration()), frame = frameAt(to);
  // To the middle of the frame: its very beginning may show the one before.
  const next = store.frames?.times && frame + 1 < store.frames.times.length ? timeOf(frame + 1) : timeOf(frame) + interval();
  video.currentTime = first() + (timeOf(frame) + next) / 2;
  shown = to >= duration() - interval() / 4 ? duration() : timeOf(frame);
  tell();
}

export function stepFrames(count) {
  stop();
  seek(timeOf(Math.max(0, frameAt(shown) + count)));
}

export function play(rate) {
  stop();
  if (rate < 0) {
    beforeJump(-Infinity);
    backwards = -rate;
    before = performance.now();
    requestAnimationFrame(goBack);
  } else {
    video.playbackRate = rate;
    video.play().catch(() => {});
  }
  tell();
}

function goBack(at) {
  if (!backwards) return;
  const to = shown - backwards * Math.min((at - before) / 1000, 0.25);
  if (!video.seeking) {
    before = at;
    seekTo(to);
  }
  if (to <= 0) { stop(); return; }
  requestAnimationFrame(goBack);
}

export function stop() {
  backwards = 0;
  video.pause();
  tell();
}

export const toggle = () => isPlaying() ? stop() : play(Number($("speed").value));

// J and L: one speed down or up.
export function shuttle(direction) {
  if (!isPlaying()) { play(direction > 0 ? 1 : -1); return; }
  const at = LEVELS.indexOf(speed()), to = LEVELS[Math.min(Math.max(at + direction, 0), LEVELS.length - 1)];
  play(to);
  if (to > 0) $("speed").value = String(to);
}

let opened = "";
export function open() {
  const {facts} = store;
  const playable = facts && facts.state !== "failed" && facts.state !== "waiting" && (!facts.converted || facts.state === "ready");
  const address = playable ? api.videoAddress(facts.name) : "";
  $("stage-note").textContent = !facts ? "" : facts.state === "failed" ? facts.error :
    facts.state === "converting" ? `A copy that the browser can play is being made, since ${facts.why}: ${Math.round(100 * facts.progress)} %` :
    facts.state === "waiting" ? "Waits until the other videos have been looked at" :
    facts.state === "reading" ? `Its frames are being counted: ${Math.round(100 * facts.progress)} %` : "";
  if (address === opened) return;
  opened = address;
  stop();
  shown = 0;
  if (address) video.src = address; else video.removeAttribute("src");
  video.load();  // the picture of the one before goes
}

video.addEventListener("timeupdate", () => { if (!video.paused) update(video.currentTime - first()); });
video.addEventListener("ended", () => update(duration()));
video.addEventListener("loadeddata", () => seekTo(0));
video.addEventListener("error", () => {
  if (opened) $("stage-note").textContent = "This browser cannot play the video: " + (video.error?.message || "unknown format");
});
if ("requestVideoFrameCallback" in video) {
  const onFrame = (_, facts) => {
    if (!video.paused) update(facts.mediaTime - first());
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
}
$("speed").onchange = () => { if (isPlaying()) play(Number($("speed").value)); };

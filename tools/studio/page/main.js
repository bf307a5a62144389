// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// Ties the parts of the page together: steps, keys, buttons.

import * as api from "./api.js";
import * as edits from "./edits.js";
import * as elements from "./elements.js";
import * as player from "./player.js";
import * as region from "./region.js";
import * as segments from "./segments.js";
import * as strip from "./strip.js";
import * as study from "./study.js";
import * as train from "./train.js";
import {$, clock, isNew, make, notice} from "./dom.js";
import {canRedo, canUndo, change, onChange, openVideo, redo, refresh, select, store, undo, watch} from "./store.js";

// ---- Steps

const STEPS = {label: "workspace", train: "train", review: "workspace", study: "study"};
let step = "label";

function go(to) {
  step = to;
  for (const name of Object.keys(STEPS)) {
    $("tab-" + name).setAttribute("aria-selected", String(name === to));
    $("tab-" + name).tabIndex = name === to ? 0 : -1;
  }
  for (const part of new Set(Object.values(STEPS))) $(part).hidden = part !== STEPS[to];
  $("review-bar").hidden = to !== "review";
  if (STEPS[to] !== "workspace") player.stop();
  strip.setReview(to === "review");
  study.setVisible(to === "study");
  region.show();
}
for (const name of Object.keys(STEPS)) {
  $("tab-" + name).onclick = () => go(name);
  $("tab-" + name).onkeydown = event => {
    const names = Object.keys(STEPS), by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!by) return;
    const to = names[(names.indexOf(step) + by + names.length) % names.length];
    go(to);
    $("tab-" + to).focus();
  };
}

// ---- Labelling

// A segment of no element begins at the playhead, or where this one already is.
const hint = text => { $("hint").textContent = text; };

function begin(label) {
  if (!player.isOpen()) { hint("There is no picture to label"); return; }
  hint("");
  if (player.speed() < 0 && player.isPlaying()) player.stop();  // segments run forwards
  const now = player.snap(player.now());
  if (!player.isPlaying() && !store.open && store.selected >= 0) {
    change(edits.relabel(store.segments, store.selected, label));
    return;
  }
  end();
  const here = edits.indexAt(store.segments, now);
  if (here >= 0) {
    const cut = edits.split(store.segments, now), i = edits.indexAt(cut, now + edits.TINY);
    change(edits.relabel(cut, i, label));
    return;
  }
  store.open = {label, start: now, origin: "labelled"};
  select(-1);
  grow();
}

// What is running is kept while it runs: whatever happens, a second of it is lost at most.
let grown = 0;
function grow() {
  const running = store.open;
  if (!running) return;
  const next = store.segments.find(s => s.start > running.start + edits.TINY && s.label !== undefined && s !== running.kept);
  const until = Math.min(player.snap(player.now()), next ? next.start : Infinity);
  const closes = next && until >= next.start - edits.TINY;
  if (!closes && performance.now() - grown < 900) return;
  grown = performance.now();
  keep(until);
  if (!closes) return;
  store.open = null;
  hint(`It ends at ${clock(until, 1)}, where the next segment begins`);
}
function keep(until) {
  const running = store.open, without = store.segments.filter(s => s !== running.kept);
  if (until - running.start < player.shortest() / 2) return;
  const kept = {start: running.start, end: until, label: running.label, origin: "labelled"};
  change(edits.put(without, kept), {remember: !running.kept});
  running.kept = kept;
}
function end() {
  if (!store.open) return;
  const {start} = store.open, next = store.segments.find(s => s.start > start + edits.TINY && s !== store.open.kept);
  keep(Math.min(player.snap(player.now()), next ? next.start : Infinity));
  store.open = null;
  segments.show();
  strip.draw();
}

// Frames to and fro are for the end of what is running; whoever jumps further has left it.
player.onJump(to => {
  if (store.open && (Math.abs(to - player.now()) > 1.05 || to < store.open.start)) end();
});

function moveEdge(edge) {
  if (store.selected < 0) return;
  change(edits.move(store.segments, store.selected, edge, player.snap(player.now()), player.shortest()));
}

function neighbour(by) {
  if (!store.segments.length) return;
  const here = store.selected >= 0 ? store.selected + by : store.segments.findIndex(s => s.start >= player.now() - edits.TINY);
  const i = Math.min(Math.max(here < 0 ? store.segments.length - 1 : here, 0), store.segments.length - 1);
  select(i);
  player.stop();
  player.seek(store.segments[i].start);
}

const actions = {
  split: () => change(edits.split(store.segments, player.snap(player.now()))),
  merge: () => {
    const merged = edits.merge(store.segments, store.selected, 1.5 * player.shortest());
    hint(merged === store.segments ? "The next segment does not follow at once" : "");
    change(merged);
  },
  "start-here": () => moveEdge("start"),
  "end-here": () => moveEdge("end"),
  delete: () => { if (store.selected >= 0) change(edits.remove(store.segments, store.selected)); },
  test: () => { const s = store.segments[store.selected]; if (s) change(edits.mark(store.segments, store.selected, !s.test)); },
  undo: () => { store.open = null; undo(); },
  redo,
  play: player.toggle,
  back: () => player.stepFrames(-1),
  forward: () => player.stepFrames(1),
  "zoom-in": () => strip.zoom(0.6),
  "zoom-out": () => strip.zoom(1 / 0.6),
  "zoom-all": strip.showAll,
  doubtful, accept,
  "accept-all": acceptAll,
  find: () => api.find(store.video).then(refresh).catch(error => notice("find", error.message)),
  "help-button": () => $("help").showModal(),
};
for (const [id, action] of Object.entries(actions)) $(id).onclick = action;
elements.onUse(begin);
segments.onSeek(time => { player.stop(); player.seek(time); });

// ---- Review

let last = -1;  // time of the boundary that was shown last
function doubtful() {
  const all = edits.doubtful(store.found, store.segments);
  if (!all.length) {
    $("review-note").textContent = store.found.length ? "Every boundary has been looked at" : "Nothing was found yet";
    return;
  }
  const at = all.findIndex(b => b.time === last), next = all[at < 0 ? 0 : (at + 1) % all.length];
  last = next.time;
  player.stop();
  player.seek(next.time);
  strip.follow();
  $("review-note").textContent = `Boundary at ${clock(next.time, 1)}, sure to ${Math.round(100 * next.confidence)} %; ${all.length} to look at`;
}

const accepted = s => ({start: player.snap(s.start), end: player.snap(s.end), label: s.label, origin: "accepted"});
const usable = s => s.state === "measured" || s.state === "absent";
function accept() {
  const now = player.now(), segment = store.found.find(s => s.start - edits.TINY <= now && now < s.end - edits.TINY);
  if (!segment || !usable(segment)) return;
  change(edits.fill(store.segments, accepted(segment)));
}
function acceptAll() {
  change(store.found.filter(usable).reduce((all, s) => edits.fill(all, accepted(s)), store.segments));
}

// ---- Keys

function onKey(event) {
  const {key} = event, writing = /INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || $("help").open;
  const command = event.ctrlKey || event.metaKey;
  if (STEPS[step] !== "workspace" || writing || event.altKey) return;
  const lower = key.toLowerCase();
  if (command && lower === "z") event.shiftKey ? redo() : actions.undo();
  else if (command && lower === "y") redo();
  else if (command) return;
  else if (/^[1-9]$/.test(key)) { const label = elements.labelOfKey(Number(key)); if (label) begin(label); }
  else if (key === " " && event.target.tagName === "BUTTON") return;  // presses it
  else if (key === " " || lower === "k") player.toggle();
  else if (lower === "j") player.shuttle(-1);
  else if (lower === "l") player.shuttle(1);
  else if (lower === "e") end();
  else if (key === "ArrowLeft" || key === "ArrowRight") {
    if (event.target.getAttribute("role") === "tab") return;
    const by = key === "ArrowLeft" ? -1 : 1;
    if (event.shiftKey) { player.stop(); player.seek(player.now() + by); } else player.stepFrames(by);
  }
  else if (key === "ArrowUp") neighbour(-1);
  else if (key === "ArrowDown") neighbour(1);
  else if (key === "[") moveEdge("start");
  else if (key === "]") moveEdge("end");
  else if (lower === "s") actions.split();
  else if (lower === "m") actions.merge();
  else if (key === "Delete" || key === "Backspace") actions.delete();
  else if (lower === "t") actions.test();
  else if (key === "+" || key === "=") actions["zoom-in"]();
  else if (key === "-") actions["zoom-out"]();
  else if (key === "0") strip.showAll();
  else if (key === "Home") player.seek(0);
  else if (key === "End") player.seek(player.duration());
  else if (key === "/") $("element-search").focus();
  else if (key === "?") $("help").showModal();
  else if (key === "Escape") select(-1);
  else if (lower === "n" && step === "review") doubtful();
  else if (lower === "a" && step === "review") accept();
  else return;
  event.preventDefault();
}
document.addEventListener("keydown", onKey);

// ---- What is shown

function showVideos() {
  const list = store.project.videos.map(video => {
    const how = video.state === "failed" ? "cannot be read" : video.state === "ready" ? clock(video.duration, 0) : `${video.state} ${Math.round(100 * video.progress)} %`;
    const button = make("button", {ariaCurrent: String(video.name === store.video)}, video.name,
                        make("small", {textContent: `${how}, ${video.labelled} labelled${video.found ? ", model has looked" : ""}`}));
    button.onclick = () => openVideo(video.name).then(remember).catch(error => notice("open", error.message));
    return make("li", {}, button);
  });
  const hadFocus = [...$("videos").querySelectorAll("button")].indexOf(document.activeElement);
  $("videos").replaceChildren(...(list.length ? list : [make("li", {textContent: "There is no video in " + store.project.folder})]));
  if (hadFocus >= 0) $("videos").querySelectorAll("button")[hadFocus]?.focus();
}
function remember() {
  localStorage.setItem("video:" + store.project.folder, store.video);
}

function showSaved() {
  $("saved").classList.toggle("bad", !store.reachable);
  $("saved").textContent = !store.reachable ? "The studio does not answer. Your changes are kept in this browser until it does" :
    !store.video ? "" : store.saved ? "All saved" : "Saving …";
  $("undo").disabled = !canUndo();
  $("redo").disabled = !canRedo();
}

let told = new Set();
function once(key, text, actions) {
  if (told.has(key)) return;
  told.add(key);
  notice(key.replace(/[^a-z]/g, "-"), text, actions);
}
function showNotices() {
  if (store.project.foreign)
    once("foreign", "annotations.csv was written by another program. Before your first change it is kept as annotations.csv~; columns of its own are not taken over.");
  for (const video of store.project.videos.filter(v => v.replaced))
    once("replaced " + video.name + video.duration, `${video.name} is another video than the one that was labelled.`, [["The labels fit all the same", () => api.same(video.name).then(refresh)]]);
}

onChange(what => {
  if (what === "video") { hint(""); player.open(); strip.showAll(); $("review-note").textContent = ""; last = -1; }
  if (what === "project") {
    showNotices();
    if (isNew("videos", [store.project.videos, store.video])) showVideos();
    player.open();
    elements.show();
    train.show();
    study.show();
    const {job, model} = store.project, running = job.state === "running";
    $("find").disabled = running || !model;
    $("find").textContent = running && job.kind === "find" ? `Looking … ${Math.round(100 * job.share)} %` : "Find with the model";
    if (job.kind === "find" && job.state === "failed") $("review-note").textContent = job.error;
  }
  if (what === "frames") strip.showAll();
  segments.show();
  showSaved();
  strip.draw();
  region.show();
});
player.onTime(() => {
  $("clock").textContent = clock(player.now());
  $("play").textContent = player.isPlaying() ? `Stop (${player.speed()}x)` : "Play";
  grow();
  strip.follow();
});
window.addEventListener("beforeunload", event => { if (!store.saved && !store.reachable) event.preventDefault(); });

go("label");
watch();

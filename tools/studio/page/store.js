// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the page knows: of the project, and of the video that is open. What is changed is saved at once; until that is
// done it also lies in this browser.

import * as api from "./api.js";
import {forget, notice} from "./dom.js";

const listeners = new Set();
export const onChange = listener => listeners.add(listener);
const tell = what => listeners.forEach(listener => listener(what));

export const store = {
  project: null,    // as /api/state says it
  video: null,      // its name
  facts: null,      // of it
  segments: [],
  found: [],
  frames: null,     // {times, motion}
  selected: -1,
  open: null,       // {label, start}: the segment that is running while the video plays
  saved: true,
  reachable: true,
};

let revision = null, saving = false, held = false;  // held: a conflict waits for its answer
const undone = new Map(), done = new Map();          // by video: lists of segments

// What is not saved yet, in this browser: of each tab by itself, for two of them may have the same video open.
const TAB = sessionStorage.getItem("tab") ?? Math.random().toString(36).slice(2);
sessionStorage.setItem("tab", TAB);
const ABANDONED = 60000;  // ms without a sign of life: its tab is gone
const draftStart = video => "draft:" + store.project.folder + ":" + video + ":";
function keepDraft() {
  try {
    localStorage.setItem(draftStart(store.video) + TAB, JSON.stringify({revision, segments: store.segments, time: Date.now()}));
  } catch { /* the browser keeps nothing: then the studio alone does */ }
}
const keepDraftOf = draft => localStorage.setItem(draftStart(store.video) + TAB, JSON.stringify(draft));
const forgetDraft = (video, tab = TAB) => localStorage.removeItem(draftStart(video) + tab);
setInterval(() => { if (store.project && store.video && !store.saved) keepDraft(); }, 20000);
// This tab's draft, else one whose tab is gone: [tab, draft].
function draftOf(video) {
  const start = draftStart(video), keys = Object.keys(localStorage).filter(key => key.startsWith(start));
  const drafts = keys.map(key => [key.slice(start.length), JSON.parse(localStorage.getItem(key))]);
  return drafts.find(([tab]) => tab === TAB) ?? drafts.find(([, draft]) => Date.now() - draft.time > ABANDONED) ?? null;
}

// Other pages with this video: of this browser or of somebody else's.
const PAGE = Math.random().toString(36).slice(2);
addEventListener("pagehide", () => api.leave(PAGE));
function tellOthers(count) {
  if (count > 0) notice("others", "This video is open elsewhere, too: in another tab, or by somebody else. Nothing gets lost, but you may be asked whose labels count.");
  else forget("others");
}

const stackOf = (stacks, video) => { if (!stacks.has(video)) stacks.set(video, []); return stacks.get(video); };
export const canUndo = () => stackOf(done, store.video).length > 0;
export const canRedo = () => stackOf(undone, store.video).length > 0;

// remember: false for steps of one change, such as a drag, after the first.
export function change(segments, {remember = true} = {}) {
  if (segments === store.segments) return;
  if (remember) {
    stackOf(done, store.video).push(store.segments);
    undone.set(store.video, []);
  }
  const chosen = store.segments[store.selected];
  store.segments = segments;
  if (chosen) {
    const near = segments.findIndex(s => s === chosen || (Math.abs(s.start - chosen.start) < 1e-6 && s.label === chosen.label));
    store.selected = near >= 0 ? near : Math.min(store.selected, segments.length - 1);
  }
  dirty();
}

function step(from, to) {
  if (!from.length) return;
  to.push(store.segments);
  store.segments = from.pop();
  store.selected = Math.min(store.selected, store.segments.length - 1);
  dirty();
}
export const undo = () => step(stackOf(done, store.video), stackOf(undone, store.video));
export const redo = () => step(stackOf(undone, store.video), stackOf(done, store.video));

export function select(i) {
  store.selected = i;
  tell("segments");
}

function dirty() {
  store.saved = false;
  keepDraft();
  tell("segments");
  save();
}

async function save() {
  if (saving || held || store.saved) return;
  saving = true;
  const {video, segments} = store;
  try {
    revision = (await api.putLabels(video, {revision, segments})).revision;
    store.reachable = true;
    forget("unsaved");
    if (store.video === video && store.segments === segments) {
      store.saved = true;
      forgetDraft(video);
      tell("saved");
    }
  } catch (error) {
    if (error instanceof api.Conflict) {
      conflict(error.now);
    } else if (error instanceof api.Unreachable) {
      store.reachable = false;
      setTimeout(save, 1000);
    } else {
      notice("unsaved", "Not saved: " + error.message, [["Try again", save]]);
    }
    tell("saved");
  }
  saving = false;
  if (!store.saved && store.reachable && store.segments !== segments) save();
}

function conflict(now) {
  held = true;
  notice("conflict", "Somebody else has changed the labels of this video meanwhile. Nothing of theirs was overwritten, and yours are still here.", [
    ["Show theirs (Undo brings yours back)", () => {
      const mine = store.segments;
      take(now);
      stackOf(done, store.video).push(mine);
      tell("segments");
    }],
    ["Keep mine, in place of theirs", () => {
      revision = now.revision;
      held = false;
      save();
    }],
  ]);
}

function take(now) {
  held = false;
  revision = now.revision;
  store.segments = now.segments;
  store.selected = Math.min(store.selected, now.segments.length - 1);
  store.saved = true;
  forgetDraft(store.video);
  // What was before does not know what the others did: undo would take theirs away.
  done.set(store.video, []);
  undone.set(store.video, []);
  tell("segments");
}

// Changes the labels of any video.
export async function changeIn(video, edit) {
  if (video === store.video) { change(edit(store.segments)); return; }
  const {revision: now, segments} = await api.labels(video);
  await api.putLabels(video, {revision: now, segments: edit(segments)});
}

// Not before what was changed in the other video is saved.
export async function openVideo(video) {
  while (store.video && !store.saved && !held) await new Promise(resolve => setTimeout(resolve, 100));
  Object.assign(store, {video, facts: factsOf(video), segments: [], found: [], frames: null, selected: -1, open: null, saved: true});
  forget("conflict");
  held = false;
  tell("video");
  api.first(video).catch(() => {});
  const now = await api.labels(video);
  if (store.video !== video) return;
  takeWithDraft(now);
  await Promise.all([loadFrames(), loadFound()]);
}

// With what this browser still has of edits that never arrived.
function takeWithDraft(now) {
  const [tab, draft] = draftOf(store.video) ?? [];
  revision = now.revision;
  store.segments = now.segments;
  if (draft) {
    forgetDraft(store.video, tab);
    if (JSON.stringify(draft.segments) !== JSON.stringify(now.segments)) {
      if (draft.revision === now.revision) {
        store.segments = draft.segments;
        dirty();
        return;
      }
      keepDraftOf(draft);
      notice("draft", "This browser has labels of this video that were never saved, and the file has others since.", [
        ["Use mine, in place of the file's", () => { forgetDraft(store.video); change(draft.segments); }], ["Forget mine", () => forgetDraft(store.video)]]);
    }
  }
  tell("segments");
}

async function loadFrames() {
  const video = store.video;
  const frames = await api.frames(video);
  if (store.video !== video || !frames) return;
  store.frames = frames;
  tell("frames");
}

async function loadFound() {
  const video = store.video;
  const {segments, stand_in} = await api.found(video);
  if (store.video !== video) return;
  store.found = segments;
  store.standIn = stand_in;
  tell("found");
}

const factsOf = video => store.project?.videos.find(v => v.name === video) ?? null;

// Asks again and again how things are.
export async function watch() {
  for (;;) {
    try {
      await refresh();
      if (!store.reachable) { store.reachable = true; save(); tell("saved"); }
    } catch (error) {
      if (error instanceof api.Unreachable) {
        store.reachable = false;
        tell("saved");
      } else {
        notice("state", error.message);
      }
    }
    await new Promise(resolve => setTimeout(resolve, document.hidden ? 5000 : 1000));
  }
}

export async function refresh() {
  const before = store.facts;
  const project = await api.state(PAGE, store.video);
  store.project = project;
  tellOthers(project.others);
  store.facts = factsOf(store.video);
  tell("project");
  if (!store.video) {
    const last = localStorage.getItem("video:" + project.folder);
    const name = project.videos.some(v => v.name === last) ? last : project.videos[0]?.name;
    if (name) await openVideo(name);
    return;
  }
  const facts = store.facts;
  if (!facts) return;
  if (facts.state === "ready" && !store.frames) await loadFrames();
  if (before && facts.found !== before.found) await loadFound();
  if (facts.revision !== revision && store.saved && !saving && !held) {
    const now = await api.labels(store.video);
    if (store.saved && !saving && now.revision !== revision) {
      take(now);
      notice("changed", "Somebody else has changed the labels of this video; these are the new ones. Undo begins anew.");
    }
  }
}

export async function saveElements(rows) {
  const {elements} = store.project;
  try {
    store.project.elements = await api.putElements({revision: elements.revision, rows});
    forget("elements");
  } catch (error) {
    if (error instanceof api.Conflict) store.project.elements = error.now;
    notice("elements", error instanceof api.Conflict ? "Somebody else has changed the elements meanwhile; make your change once more." : error.message);
  }
  tell("project");
}

// change: gets the settings, and changes them.
export async function saveSettings(changeThem) {
  for (let tries = 0; tries < 3; ++tries) {
    const {revision: now, settings} = store.project.settings, changed = structuredClone(settings);
    changeThem(changed);
    try {
      store.project.settings = await api.putSettings({revision: now, settings: changed});
      tell("project");
      return;
    } catch (error) {
      if (!(error instanceof api.Conflict)) {
        notice("settings", error.message);
        return;
      }
      store.project.settings = error.now;
    }
  }
}

const PALETTE = ["#2f7ed8", "#e07b00", "#2e9e4f", "#c2388f", "#7a5cd0", "#b8860b", "#00968f", "#d13b3b", "#5b7c1e", "#8c5a3c", "#4b6a88", "#9d3fa8"];

export const rows = () => store.project?.elements.rows ?? [];
export const elementOf = label => rows().find(row => row.label === label) ?? null;
export const nameOf = label => elementOf(label)?.name || label.replace(/_(va|rnva|nva)$/, "").replaceAll("_", " ");
export function valueOf(label) {
  const element = elementOf(label), ending = /_(va|rnva|nva)$/.exec(label);
  return element && element.value !== "UNKNOWN" ? element.value : ending ? ending[1].toUpperCase() : "UNKNOWN";
}
export function colourOf(label) {
  const set = store.project?.settings.settings.colours?.[label];
  if (set) return set;
  const i = rows().findIndex(row => row.label === label);
  if (i >= 0) return PALETTE[i % PALETTE.length];
  let hash = 0;
  for (const letter of label) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  return PALETTE[hash % PALETTE.length];
}

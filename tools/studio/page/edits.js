// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// Changes of labels, as functions from one list of segments to the next. Segments are {start, end, label, origin, test},
// in order of time, and do not overlap; times are seconds from the video's first frame.

export const TINY = 0.0005;

// Whoever changes what the model found has corrected it.
const touched = segment => segment.origin === "accepted" ? {...segment, origin: "corrected"} : segment;
const sorted = segments => [...segments].sort((a, b) => a.start - b.start);

export const indexAt = (segments, time) => segments.findIndex(s => s.start - TINY <= time && time < s.end - TINY);

// Without what lies from start to end.
export function cleared(segments, start, end) {
  const left = [];
  for (const segment of segments) {
    if (segment.end <= start + TINY || segment.start >= end - TINY) {
      left.push(segment);
      continue;
    }
    if (segment.start < start - TINY) left.push({...touched(segment), end: start});
    if (segment.end > end + TINY) left.push({...touched(segment), start: end});
  }
  return left;
}

// With this one instead of what was there.
export const put = (segments, segment) => sorted([...cleared(segments, segment.start, segment.end), segment]);

// With this one where nothing is yet.
export function fill(segments, segment) {
  let free = [segment];
  for (const other of segments) free = free.flatMap(part => cleared([part], other.start, other.end));
  return sorted([...segments, ...free.map(part => ({...part, origin: segment.origin}))]);
}

export function split(segments, time) {
  const i = indexAt(segments, time);
  if (i < 0 || time - segments[i].start < TINY) return segments;
  const segment = segments[i];
  return [...segments.slice(0, i), {...segment, end: time}, {...segment, start: time}, ...segments.slice(i + 1)];
}

// Takes in the next one, which must follow at once. slack: what may lie between them, s.
export function merge(segments, i, slack) {
  if (i < 0 || i + 1 >= segments.length || segments[i + 1].start - segments[i].end > slack) return segments;
  return [...segments.slice(0, i), {...touched(segments[i]), end: segments[i + 1].end}, ...segments.slice(i + 2)];
}

export const remove = (segments, i) => segments.filter((_, k) => k !== i);

export const relabel = (segments, i, label) =>
  segments.map((s, k) => k === i && s.label !== label ? {...touched(s), label} : s);

export const mark = (segments, i, test) => segments.map((s, k) => k === i ? {...s, test} : s);

// Moves the start or the end of a segment; one that touches it moves along. shortest: what must remain of both.
export function move(segments, i, edge, time, shortest) {
  const all = segments.map(s => ({...s})), segment = all[i], before = all[i - 1], after = all[i + 1];
  if (edge === "start") {
    const joined = before && Math.abs(before.end - segment.start) < TINY;
    const lowest = joined ? before.start + shortest : before ? before.end : 0;
    const to = Math.min(Math.max(time, lowest), segment.end - shortest);
    if (joined) Object.assign(before, touched(before), {end: to});
    Object.assign(segment, touched(segment), {start: to});
  } else {
    const joined = after && Math.abs(after.start - segment.end) < TINY;
    const highest = joined ? after.end - shortest : after ? after.start : Infinity;
    const to = Math.max(Math.min(time, highest), segment.start + shortest);
    if (joined) Object.assign(after, touched(after), {start: to});
    Object.assign(segment, touched(segment), {end: to});
  }
  return all;
}

// The boundaries of what a model found that nobody has looked at, the most doubtful first: [{time, confidence}]. How
// sure it is of a boundary is how sure it is of the less sure of its two sides.
export function doubtful(found, labels) {
  const boundaries = [];
  for (let i = 0; i + 1 < found.length; ++i) {
    const [a, b] = [found[i], found[i + 1]];
    if (a.state === "gap" || b.state === "gap") continue;
    const looked = time => indexAt(labels, time) >= 0;
    if (looked(a.end - 2 * TINY) && looked(b.start + 2 * TINY)) continue;
    boundaries.push({time: b.start, confidence: Math.min(a.confidence, b.confidence)});
  }
  return boundaries.sort((a, b) => a.confidence - b.confidence);
}

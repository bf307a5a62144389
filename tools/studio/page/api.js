// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the page asks the studio for.

export class Conflict extends Error {
  constructor(now) { super("somebody else has changed it"); this.now = now; }
}
// The studio does not answer: it ended, or the network did.
export class Unreachable extends Error {}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {...options, headers: {"X-Studio": "1", ...(options.body ? {"Content-Type": "application/json"} : {})}});
  } catch (error) {
    throw new Unreachable("The studio does not answer");
  }
  if (answer.status === 409) {
    const now = await answer.json();
    if (now.error) throw new Error(now.error);
    throw new Conflict(now);
  }
  if (!answer.ok) {
    const text = await answer.text();
    let told = text;
    try { told = JSON.parse(text).error ?? text; } catch { /* plain text */ }
    throw new Error(told);
  }
  return answer;
}

const of = video => "video=" + encodeURIComponent(video);
const json = async (path, options) => (await ask(path, options)).json();
const put = (path, body) => json(path, {method: "PUT", body: JSON.stringify(body)});
const post = path => json(path, {method: "POST"});

// page: what this page calls itself.
export const state = (page, video) => json(`api/state?page=${page}&` + of(video ?? ""));
// The page is being closed: nobody waits for an answer.
export const leave = page => fetch("api/leave?page=" + page, {method: "POST", keepalive: true, headers: {"X-Studio": "1"}}).catch(() => {});
export const labels = video => json("api/labels?" + of(video));
export const putLabels = (video, body) => put("api/labels?" + of(video), body);
export const putElements = body => put("api/elements", body);
export const putSettings = body => put("api/settings", body);
export const found = video => json("api/found?" + of(video));
export const train = () => post("api/train");
export const find = video => post("api/find?" + of(video));
export const cancel = () => post("api/cancel");
export const use = model => post("api/use?model=" + encodeURIComponent(model));
export const same = video => post("api/same?" + of(video));
export const first = video => post("api/first?" + of(video));
export const videoAddress = video => "video/" + encodeURIComponent(video);

// {times: Float64Array, motion: Float32Array}, or null as long as they are not known.
export async function frames(video) {
  let bytes;
  try {
    bytes = await (await ask("api/frames?" + of(video))).arrayBuffer();
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    return null;
  }
  const count = bytes.byteLength / 12;
  return {times: new Float64Array(bytes, 0, count), motion: new Float32Array(bytes, 8 * count, count)};
}

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// Training: whether there is enough, the test set, how far it is, what came of it.

import * as api from "./api.js";
import {$, isNew, make, notice} from "./dom.js";
import {changeIn, nameOf, refresh, rows, store} from "./store.js";

const FEWEST = 3;        // segments of an element to train with
const TEST_SHARE = 0.25; // of the labelled time
const percent = share => (100 * share).toFixed(1) + " %";
const WORDS = ["no", "one", "two", "three"];

// Elements that have too few segments: [[label, how many more]].
function wanting() {
  const counts = store.project.counts;
  const labels = new Set([...rows().map(row => row.label), ...Object.keys(counts)]);
  return [...labels].map(label => [label, FEWEST - (counts[label]?.train ?? 0)]).filter(([, more]) => more > 0);
}

function showReady() {
  const {counts} = store.project, list = make("ul");
  const all = new Set([...rows().map(row => row.label), ...Object.keys(counts)]);
  for (const label of all) {
    const train = counts[label]?.train ?? 0, test = counts[label]?.test ?? 0, more = FEWEST - train;
    list.append(make("li", {}, `${nameOf(label)}: ${train} to train with${test ? `, ${test} in the test set` : ""} `,
                     make("span", {className: more > 0 ? "want" : "enough", textContent: more > 0 ? `${WORDS[more]} more` : "enough"})));
  }
  const few = wanting(), trained = [...all].filter(label => (counts[label]?.train ?? 0) > 0).length;
  const words = !all.size ? "There are no elements yet. Name them, and label a few cycles." :
    trained < 2 ? "A model tells elements apart: label two at least." :
    few.length ? "Better first label " + few.map(([label, more]) => `${WORDS[more]} more of “${nameOf(label)}”`).join(", ") + ". With fewer, an element is hardly learnt, and how well cannot be measured." :
    "There is enough to begin with. More cycles, of other people and other days, make it better.";
  if (isNew("ready", [words, counts, rows()])) $("ready").replaceChildren(make("p", {textContent: words}), list);
  $("train-button").disabled = trained < 2 || store.project.job.state === "running";
}

function showTestSet() {
  const counts = store.project.counts, test = Object.values(counts).reduce((sum, count) => sum + count.test, 0);
  const words = test ? `${test} ${test === 1 ? "segment is" : "segments are"} kept from training. Every new model is measured on ${test === 1 ? "it" : "them"}, and compared with the one in use.` :
    "There is none. Without one, nobody can say whether a new model is better than the one before. It should stay as it is once it is there.";
  const button = make("button", {textContent: "Keep the last quarter for it", disabled: test > 0});
  button.onclick = freeze;
  if (!isNew("test set", test)) return;
  $("test-set").replaceChildren(make("p", {textContent: words}), button,
                                make("p", {className: "small", textContent: "Single segments: select them on the first page, and press T."}));
}

// From the end of the video with most labels, as long as enough of each element is left to train with.
async function freeze() {
  const video = [...store.project.videos].sort((a, b) => b.labelled - a.labelled)[0];
  const {segments} = await api.labels(video.name), left = {};
  for (const [label, count] of Object.entries(store.project.counts)) left[label] = count.train;
  const whole = segments.reduce((sum, s) => sum + s.end - s.start, 0);
  let kept = 0, first = segments.length;
  while (first > 0 && kept < TEST_SHARE * whole && left[segments[first - 1].label] > FEWEST) {
    --first;
    --left[segments[first].label];
    kept += segments[first].end - segments[first].start;
  }
  if (first === segments.length) {
    notice("freeze", `Too little is labelled for a test set: each of its elements should stay ${FEWEST} times to train with. Label another cycle first.`);
    return;
  }
  try {
    const from = segments[first].start;
    await changeIn(video.name, all => all.map(s => s.start >= from ? {...s, test: true} : s));
  } catch (error) {
    notice("freeze", error.message);
  }
  await refresh();
}

const VERDICTS = {
  "first": "It is used from now on.",
  "not-worse": "It is not worse than the one before on the test set, and is used from now on.",
  "worse": "It is worse than the one before on the test set, which stays in use.",
  "unknown": "There is no test set, so nobody knows whether it is better. The one before stays in use.",
};

function figures(result) {
  if (!result) return "";
  const parts = [];
  if (result.held_out !== null && result.held_out !== undefined) parts.push(`${percent(result.held_out)} of clips that were held out are right`);
  if (result.test) parts.push(`${percent(result.test.accuracy)} of ${result.test.seconds.toFixed(0)} s of the test set are right`);
  if (result.previous) parts.push(`the one before: ${percent(result.previous.accuracy)}`);
  return parts.join("; ");
}

function showJob() {
  const {job} = store.project, running = job.state === "running";
  $("cancel-button").disabled = !running;
  $("job-doing").textContent = running ? [job.doing, job.lines.findLast(line => line.trim())].filter(Boolean).join(": ") : "";
  $("job-progress").value = running ? job.share : job.state === "done" ? 1 : 0;
  $("job-lines").textContent = job.lines.join("\n");
  const trained = job.kind === "train" && job.state === "done" ? job.result : null;
  $("job-result").textContent = job.state === "failed" ? "It failed: " + job.error : job.state === "cancelled" ? "Cancelled. What was computed is kept; the next time goes on from there." :
    trained ? `${trained.model} is trained: ${figures(trained) || "too little to measure"}. ${VERDICTS[trained.verdict]}` : "";
}

function showModels() {
  const {models, model} = store.project;
  if (!isNew("models", [models, model])) return;
  const lines = models.map(({name, result}) => {
    const used = model?.name === name, line = make("p", {}, make("b", {textContent: name}), used ? " (in use)" : "", " ", figures(result), " ");
    const report = make("button", {textContent: "Report"});
    report.onclick = () => { Object.assign($("model-report"), {hidden: false, src: "report/" + name.replace("models/", "")}); };
    line.append(report);
    if (!used) {
      const use = make("button", {textContent: result?.verdict === "worse" || result?.verdict === "unknown" ? "Use it all the same" : "Use it"});
      use.onclick = async () => { await api.use(name).catch(error => notice("use", error.message)); await refresh(); };
      line.append(" ", use);
    }
    return line;
  });
  if (model && !model.name.startsWith("models/")) lines.unshift(make("p", {}, make("b", {textContent: model.path}), " (in use)"));
  if (model?.error) lines.unshift(make("p", {className: "want", textContent: model.error}));
  if (model?.stand_in) lines.unshift(make("p", {className: "want", textContent: "stand-in backbone: not a measurement"}));
  $("models").replaceChildren(...(lines.length ? lines : [make("p", {textContent: "None yet."})]));
}

export function show() {
  if (!store.project) return;
  showReady();
  showTestSet();
  showJob();
  showModels();
}

$("train-button").onclick = async () => {
  await api.train().catch(error => notice("train", error.message));
  await refresh();
};
$("cancel-button").onclick = () => api.cancel().catch(error => notice("train", error.message));

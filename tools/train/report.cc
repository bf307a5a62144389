// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "action/labels.h"
#include "action/r3d18_spec.h"
#include "common/html.h"
#include "train/curves.h"
#include "train/reliability.h"

namespace action {
namespace {

std::string Percent(const RightOfAll &share) {
  if (share.of == 0) return "not measurable";
  return Format("%.1f %% (%zu of %zu)", 100 * share.value(), share.right, share.of);
}

double BestLoss(const TrainedHead &head) {
  return head.epochs[static_cast<size_t>(head.best_epoch) - 1].loss;
}

// RightOfAll of the family's own clips that its head names right.
RightOfAll TrainingShareOf(const std::string &family, const TrainingRecord &record) {
  RightOfAll share;
  for (size_t i = 0; i < record.clips.size(); ++i) {
    if (CoarseLabel(record.clips[i].label) != family) continue;
    ++share.of;
    share.right += record.training_predictions[i].fine_of_family == record.clips[i].label ? 1 : 0;
  }
  return share;
}

std::string StatusOf(const TrainedFamily &family, const TrainingRecord &record) {
  if (!family.head) {
    return family.plan.skipped == "single_class" ? "Skipped (single class)" : "Skipped (too few clips)";
  }
  const RightOfAll share = TrainingShareOf(family.plan.name, record);
  return share.right == share.of ? "Converged"
                                 : Format("Not converged (%.0f %% right in training)", 100 * share.value());
}

// How the sources of the held-out clips were known.
std::string SourcesText(const TrainingRecord &record) {
  std::set<std::string> sources;
  for (const LabelledClip &clip : record.clips)
    sources.insert(clip.source);
  const std::string count = std::to_string(sources.size());
  if (record.sources_are_blocks) {
    return count +
           " blocks of one recording: the same person, camera and light are on both sides, so these figures "
           "flatter; expect less of another recording";
  }
  if (!record.group_by.empty()) return count + " sources by --group-by " + record.group_by;
  if (record.sources_are_videos) return count + " videos";
  return "clips assumed independent; if several show the same person or come from one video, say so with --group-by, "
         "or "
         "these figures flatter";
}

bool Measured(const TrainingRecord &record) {
  return record.cross_validation && record.cross_validation->choice.run > 0;
}

// "8 folds", "3 of 10 folds".
std::string FoldsText(const CrossValidation &cross) {
  const FoldChoice &choice = cross.choice;
  return (choice.run < choice.folds ? std::to_string(choice.run) + " of " : "") + std::to_string(choice.folds) +
         " folds";
}

// Why not all folds were run; empty: they were.
std::string PartText(const CrossValidation &cross) {
  if (cross.choice.run == cross.choice.folds) return {};
  const auto measured = std::ranges::count_if(cross.predictions, [](const Prediction &p) { return !p.coarse.empty(); });
  return "Only " + FoldsText(cross) +
         " were run, so that measuring takes no longer than --budget: " + std::to_string(measured) + " of " +
         std::to_string(cross.predictions.size()) + " clips are measured. --cross-validate all measures every clip";
}

std::string Joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string CalibrationText(const TwoStageModel &model, const TrainingRecord &record) {
  if (!record.calibration) {
    return "Confidence is not calibrated (temperature 1): too few steps of clips that were held out";
  }
  std::string text = "Confidence is calibrated on " + std::to_string(record.calibration->steps) + " steps of " +
                     std::to_string(record.calibration->clips) + " held-out clips (" + record.calibration->from +
                     "): temperature " + Format("%.2f", record.calibration->stage1);
  for (const auto &[family, temperature] : record.calibration->families)
    text += ", " + family + Format(" %.2f", temperature);
  std::string others;
  for (const TrainedFamily &family : model.families) {
    if (!family.head || record.calibration->families.contains(family.plan.name)) continue;
    others += (others.empty() ? "" : ", ") + family.plan.name;
  }
  if (!others.empty()) {
    text += "; 1 for " + others + Format(", of which fewer than %zu clips were held out", kFewestHeldOutClips);
  }
  if (record.cross_validation && !record.cross_validation->judged.empty()) {
    text += Format(". It is off by %.1f %% in the mean (uncalibrated: %.1f %%)",
                   100 * ExpectedCalibrationError(record.cross_validation->judged),
                   100 * ExpectedCalibrationError(record.cross_validation->judged_uncalibrated));
  }
  return text;
}

size_t TrainedCount(const TwoStageModel &model) {
  return static_cast<size_t>(std::ranges::count_if(model.families, [](const auto &f) { return f.head.has_value(); }));
}

// ---- HTML

struct Row {
  std::vector<std::string> cells;  // HTML
  const char *style = "";
};

std::string Table(const std::vector<std::string> &head, const std::vector<Row> &rows) {
  std::string html = "<table><tr>";
  for (const std::string &cell : head)
    html += "<th>" + cell + "</th>";
  html += "</tr>\n";
  for (const Row &row : rows) {
    html += std::string("<tr class='") + row.style + "'>";
    for (const std::string &cell : row.cells)
      html += "<td>" + cell + "</td>";
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

// pairs: true and given label.
std::string ConfusionMatrix(const std::vector<std::pair<std::string, std::string>> &pairs) {
  std::set<std::string> labels;
  std::map<std::pair<std::string, std::string>, size_t> counts;
  std::map<std::string, size_t> of_true;
  for (const auto &[truth, given] : pairs) {
    labels.insert({truth, given});
    ++counts[{truth, given}];
    ++of_true[truth];
  }
  std::string html = "<table class='matrix'><tr><th>is \\ was called</th>";
  for (const std::string &label : labels)
    html += "<th class='turned'><span>" + HtmlEscaped(label) + "</span></th>";
  html += "</tr>\n";
  for (const std::string &truth : labels) {
    html += "<tr><th>" + HtmlEscaped(truth) + "</th>";
    for (const std::string &given : labels) {
      const auto found = counts.find({truth, given});
      if (found == counts.end()) {
        html += "<td></td>";
        continue;
      }
      const double share = static_cast<double>(found->second) / static_cast<double>(of_true[truth]);
      const char *colour = truth == given ? "60,150,80" : "200,70,50";
      html += Format("<td style='background:rgba(%s,%.2f)'>%zu</td>", colour, 0.15 + 0.75 * share, found->second);
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

// The matrices of predictions, coarse and fine.
std::string Matrices(const std::vector<LabelledClip> &clips, const std::vector<Prediction> &predictions,
                     const std::vector<CountedStages> &counts = {}) {
  std::vector<std::pair<std::string, std::string>> coarse, fine;
  for (size_t i = 0; i < clips.size(); ++i) {
    const CountedStages counted = counts.empty() ? CountedStages{} : counts[i];
    if (counted.coarse) coarse.emplace_back(CoarseLabel(clips[i].label), predictions[i].coarse);
    if (counted.fine) fine.emplace_back(clips[i].label, predictions[i].fine);
  }
  return "<h3>Coarse</h3>\n" + ConfusionMatrix(coarse) + "<h3>Fine, by way of the predicted family</h3>\n" +
         ConfusionMatrix(fine);
}

// counts: as in Count; clips that are not counted come last and say so.
std::string ClipTable(const std::vector<LabelledClip> &clips, const std::vector<Prediction> &predictions,
                      const std::vector<CountedStages> &counts = {}) {
  std::vector<std::pair<int, Row>> rows;
  for (size_t i = 0; i < clips.size(); ++i) {
    if (predictions[i].coarse.empty()) continue;  // of a fold that was not run
    const bool coarse_right = predictions[i].coarse == CoarseLabel(clips[i].label);
    const bool right = predictions[i].fine == clips[i].label;
    Row row{{HtmlEscaped(clips[i].name), HtmlEscaped(clips[i].label), HtmlEscaped(predictions[i].coarse),
             HtmlEscaped(predictions[i].fine),
             right          ? "right"
             : coarse_right ? "wrong in the family"
                            : "wrong family"},
            right ? "" : "wrong"};
    const bool counted = counts.empty() || counts[i].fine;
    if (!counted) row = {{row.cells[0], row.cells[1], row.cells[2], row.cells[3], "not measurable"}, ""};
    rows.emplace_back(!counted ? 3 : right ? 2 : coarse_right ? 1 : 0, std::move(row));
  }
  std::ranges::stable_sort(rows, {}, [](const auto &row) { return row.first; });
  std::vector<Row> sorted;
  for (auto &[rank, row] : rows)
    sorted.push_back(std::move(row));
  return Table({"clip", "is", "coarse", "fine", ""}, sorted);
}

std::string FamilyTable(const TwoStageModel &model, const TrainingRecord &record) {
  std::vector<Row> rows;
  for (const TrainedFamily &family : model.families) {
    rows.push_back({{HtmlEscaped(family.plan.name), std::to_string(family.plan.clips),
                     std::to_string(family.plan.labels.size()), family.head ? "yes" : "no",
                     family.head ? Format("%.4f", BestLoss(*family.head)) : "-", StatusOf(family, record)}});
  }
  return Table({"Family", "Clips", "Fine classes", "Trained", "Best loss", "Status"}, rows);
}

std::string TableOfLabels(const TwoStageModel &model, const TrainingRecord &record) {
  std::map<std::string, size_t> clips_of;
  for (const LabelledClip &clip : record.clips)
    ++clips_of[clip.label];
  std::vector<Row> rows;
  for (const TrainedFamily &family : model.families) {
    for (const std::string &label : family.plan.labels) {
      rows.push_back({{HtmlEscaped(label), HtmlEscaped(family.plan.name), NameOf(CategoryOf(label)),
                       std::to_string(clips_of[label])}});
    }
  }
  return Table({"Fine action", "Family", "Value category", "Clips"}, rows);
}

std::string BulletList(const std::vector<std::string> &lines) {
  std::string html = "<ul>\n";
  for (const std::string &line : lines)
    html += "<li>" + HtmlEscaped(line) + "</li>\n";
  return html + "</ul>\n";
}

std::string FigureTable(const TrainingRecord &record) {
  std::vector<Row> rows;
  const auto add = [&rows](const std::string &what, const Figures &figures, const char *style) {
    rows.push_back({{what, Percent(figures.coarse), Percent(figures.fine), Percent(figures.two_stage)}, style});
  };
  if (Measured(record)) {
    add("<b>Held out</b> (" + FoldsText(*record.cross_validation) + ", no clip of a source in training)",
        record.cross_validation->figures, "main");
  }
  if (record.validation)
    add("<b>Validation</b> (" + HtmlEscaped(record.validation_from) + ")", *record.validation, "main");
  add("Training (the very clips that were trained with; says nothing about new ones)", record.training, "");
  return Table({"Clip accuracy", "Coarse", "Fine, family known", "Both stages"}, rows);
}

constexpr const char *kStyle =
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:1060px;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.6em}h2{margin-top:1.8em;border-bottom:1px solid #ccc}table{border-collapse:collapse;margin:.6em 0}"
    "th,td{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:bottom}th{background:#f3f3f3}"
    "tr.main td{background:#eef5ee}tr.wrong td{background:#fbeeee}"
    ".note{background:#fff6dd;border:1px solid #e3cd8b;padding:.5em .8em;margin:.6em 0}"
    ".matrix td{text-align:center;min-width:1.6em}.turned span{writing-mode:vertical-rl;transform:rotate(180deg)}"
    "svg{max-width:100%;height:auto}";

}  // namespace

std::string SummaryText(const TwoStageModel &model, const TrainingRecord &record) {
  std::string text;
  const auto add = [&text](const std::string &what, const Figures &figures) {
    text += what + "\n  coarse:              " + Percent(figures.coarse) +
            "\n  fine, family known:  " + Percent(figures.fine) +
            "\n  both stages:         " + Percent(figures.two_stage) + "\n";
  };
  if (Measured(record)) {
    const CrossValidation &cross = *record.cross_validation;
    add("Accuracy on clips that were held out (" + FoldsText(cross) + ", " + SourcesText(record) + "):", cross.figures);
    if (const std::string part = PartText(cross); !part.empty()) text += "  " + part + "\n";
    if (!cross.not_measurable_coarse.empty() || !cross.not_measurable_fine.empty()) {
      text += "  Left out, since labels of fewer than 3 clips or of one source are not measurable:\n";
      if (!cross.not_measurable_coarse.empty()) text += "    coarse: " + Joined(cross.not_measurable_coarse) + "\n";
      if (!cross.not_measurable_fine.empty()) text += "    fine: " + Joined(cross.not_measurable_fine) + "\n";
    }
    if (model.coarse_labels.size() == 1)
      text += "  There is one coarse action only: 'coarse' can be nothing but right\n";
  } else if (record.cross_validation) {
    text += "Held-out accuracy: not measurable, there is only one source, of too few clips to hold blocks of it out\n";
  }
  text += CalibrationText(model, record) + "\n";
  if (record.validation) add("Accuracy on " + record.validation_from + ":", *record.validation);
  add("Accuracy on the clips that were trained with:", record.training);

  size_t width = 6;
  for (const TrainedFamily &family : model.families)
    width = std::max(width, family.plan.name.size());
  const auto row = [&](const std::string &family, const std::string &clips, const std::string &classes,
                       const std::string &trained, const std::string &loss, const std::string &status) {
    text += Format("%-*s  %5s  %12s  %7s  %9s  %s\n", static_cast<int>(width), family.c_str(), clips.c_str(),
                   classes.c_str(), trained.c_str(), loss.c_str(), status.c_str());
  };
  text += "\nStage 1: " + std::to_string(model.coarse_labels.size()) + " coarse actions, " +
          std::to_string(record.clips.size()) + " clips, best loss " + Format("%.4f", BestLoss(model.stage1)) + "\n\n";
  row("Family", "Clips", "Fine classes", "Trained", "Best loss", "Status");
  for (const TrainedFamily &family : model.families) {
    row(family.plan.name, std::to_string(family.plan.clips), std::to_string(family.plan.labels.size()),
        family.head ? "yes" : "no", family.head ? Format("%.4f", BestLoss(*family.head)) : "-",
        StatusOf(family, record));
  }
  text += "\nFamilies trained: " + std::to_string(TrainedCount(model)) + " of " +
          std::to_string(model.families.size()) + "\n";
  return text;
}

std::string ReportHtml(const TwoStageModel &model, const TrainingRecord &record) {
  std::string html =
      "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Training report</title><style>";
  html += kStyle;
  html += "</style></head><body>\n<h1>Two-stage action recognition: training report</h1>\n";
  html += "<p>" + HtmlEscaped(record.created) + ", " + std::to_string(record.clips.size()) + " clips of " +
          HtmlEscaped(record.dataset) + ", " + std::to_string(model.coarse_labels.size()) + " coarse actions.</p>\n";
  if (record.backbone.stand_in) {
    html += std::string("<div class='note'><b>") + kStandInNotice +
            "</b>. The features come from weights that were never trained. Accuracy with the published weights is "
            "another.</div>\n";
  }
  html += FigureTable(record);
  html += "<p>A family with a single fine action is always right once the family is. Chance for the coarse label is " +
          Format("%.0f %%", 100.0 / static_cast<double>(model.coarse_labels.size())) + ".</p>\n";
  if (record.validation) {
    html += "<p>The best epoch was chosen by the validation clips, so that their figures flatter a little.</p>\n";
  }
  if (Measured(record)) {
    const CrossValidation &cross = *record.cross_validation;
    html += "<p>Held-out clips: " + HtmlEscaped(SourcesText(record)) + ".</p>\n";
    if (const std::string part = PartText(cross); !part.empty())
      html += "<div class='note'>" + HtmlEscaped(part) + ".</div>\n";
    if (!cross.not_measurable_fine.empty() || !cross.not_measurable_coarse.empty()) {
      html +=
          "<div class='note'>Not measurable (fewer than 3 clips, or one source), and left out of the held-out "
          "figures. Coarse: " +
          HtmlEscaped(cross.not_measurable_coarse.empty() ? "none" : Joined(cross.not_measurable_coarse)) +
          ". Fine: " + HtmlEscaped(cross.not_measurable_fine.empty() ? "none" : Joined(cross.not_measurable_fine)) +
          ".</div>\n";
    }
  } else if (record.cross_validation) {
    html +=
        "<div class='note'>Held-out accuracy is not measurable: there is only one source, of too few clips to hold "
        "blocks of it out.</div>\n";
  }
  for (const std::string &warning : record.warnings)
    html += "<div class='note'>" + HtmlEscaped(warning) + "</div>\n";

  html += "<h2>Families</h2>\n" + FamilyTable(model, record);
  html += "<p>Families trained: " + std::to_string(TrainedCount(model)) + " of " +
          std::to_string(model.families.size()) + ". Stage 1: best loss " + Format("%.4f", BestLoss(model.stage1)) +
          ".</p>\n";
  html += "<h2>Labels</h2>\n" + TableOfLabels(model, record);
  html += "<h2>Loss and accuracy while training</h2>\n" +
          ImageOf(CurvesOf(model), "Loss and accuracy of each classifier by epoch");
  html += "<h2>Confidence</h2>\n<p>" + HtmlEscaped(CalibrationText(model, record)) + ".</p>\n";
  if (record.cross_validation && !record.cross_validation->judged.empty()) {
    html +=
        ImageOf(ReliabilityOf(record.cross_validation->judged, record.cross_validation->judged_uncalibrated),
                "Reliability diagram: share of steps that were right by confidence") +
        "<p>How often held-out steps were right by how sure the model was of their fine action: blue as calibrated, "
        "grey with temperature 1, dashed as it should be. Larger dots stand for more steps.</p>\n";
  }
  if (Measured(record)) {
    const std::vector<Prediction> &held_out = record.cross_validation->predictions;
    html +=
        "<h2>Confusion of held-out clips</h2>\n" + Matrices(record.clips, held_out, record.cross_validation->counts);
    html += "<h2>Held-out clips, wrong ones first</h2>\n" +
            ClipTable(record.clips, held_out, record.cross_validation->counts);
  }
  if (record.validation) {
    html +=
        "<h2>Confusion of validation clips</h2>\n" + Matrices(record.validation_clips, record.validation_predictions);
    html += "<h2>Validation clips, wrong ones first</h2>\n" +
            ClipTable(record.validation_clips, record.validation_predictions);
  }
  html += "<h2>Training clips, wrong ones first</h2>\n" + ClipTable(record.clips, record.training_predictions);
  if (!record.skipped.empty()) {
    html += "<h2>Clips that were not used</h2>\n";
    std::vector<Row> rows;
    for (const SkippedClip &clip : record.skipped)
      rows.push_back({{HtmlEscaped(clip.name), HtmlEscaped(clip.reason)}});
    html += Table({"clip", "why"}, rows);
  }
  if (!record.identical.empty())
    html += "<h2>Clips with the same bytes, kept together</h2>\n" + BulletList(record.identical);

  const TwoStageOptions &o = record.options;
  html +=
      "<h2>How</h2>\n" +
      Table({"", ""},
            {{{"features",
               (record.features.backbone.empty() ? std::string("R3D-18") : HtmlEscaped(record.features.backbone)) +
                   " " + HtmlEscaped(record.features.weights_hash.substr(0, 12)) + ", " +
                   NameOf(record.features.precision) + ", " + record.features.sample_rate.ToString() +
                   " samples a second, " + NameOf(record.features.mode) + ", hop " +
                   std::to_string(record.features.hop) + ", region " + HtmlEscaped(record.features.roi.ToString())}},
             {{"heads",
               Format("%d + %d epochs, fixed T %d, batch %d, AdamW %g, weight decay %g, drop-out %g, seed %llu",
                      o.stage1_epochs, o.stage2_epochs, o.head.fixed_steps, o.head.batch_size, o.head.learning_rate,
                      o.head.weight_decay, o.head.dropout, static_cast<unsigned long long>(o.seed))}},
             {{"machine", HtmlEscaped(record.processor) + ", LibTorch " + HtmlEscaped(record.torch_version) + ", " +
                              HtmlEscaped(record.blas)}},
             {{"backbone", std::to_string(record.extraction.from_cache) + " clips from the cache, " +
                               std::to_string(record.extraction.computed) + " computed"}}});
  return html + "</body></html>\n";
}

}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/options.h"

#include <gst/gst.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string_view>

#include "action/error.h"
#include "action/processors.h"
#include "action/text.h"
#include "action/training/dataset.h"
#include "common/command_line.h"
#include "common/quantities.h"

namespace action {
namespace {

void AtLeast(const char *option, double value, double least) {
  if (value >= least) return;
  char text[100];
  std::snprintf(text, sizeof(text), " is %g; it must be at least %g", value, least);
  throw Error(option + std::string(text));
}

// "30s", "2min", "1.5h": seconds.
double ParseBudget(std::string text) {
  const std::string given = text;
  if (text.ends_with("min")) text.resize(text.size() - 2);
  try {
    const auto seconds = static_cast<double>(ParseDuration(text)) / 1e9;
    if (seconds > 0) return seconds;
  } catch (const Error &) {  // told below
  }
  throw Error("--budget '" + given + "' is not understood; it is a time such as 30s, 2min or 1h");
}

void ReadCrossValidation(const std::string &how, const std::string &budget, TrainOptions &options) {
  constexpr double kBudget = 120;  // s
  constexpr size_t kMost = 1000;
  if (!budget.empty() && how != "auto") throw Error("--budget is for --cross-validate auto");
  if (how == "auto") {
    options.budget_seconds = budget.empty() ? kBudget : ParseBudget(budget);
    return;
  }
  if (how == "all") return;
  options.folds = 0;
  if (how == "none") return;
  const auto [end, error] = std::from_chars(how.data(), how.data() + how.size(), options.folds);
  if (error != std::errc() || end != how.data() + how.size() || options.folds < 2 || options.folds > kMost) {
    throw Error("--cross-validate '" + how +
                "' is not understood; it is auto, all, none, or a number of folds from 2 on");
  }
}

constexpr const char *kSummary =
    "Trains a coarse classifier and one fine classifier for each action family on clips, and measures on clips held "
    "out\n"
    "how good they are. DATASET is a folder of clips named after what they show (mount_wheel_va_001.mp4), or of one "
    "folder\n"
    "of clips for each action, or both; it may be left out where --annotations names videos. MODEL is the folder that "
    "the elements and the Python system read.";

}  // namespace

std::optional<int> TrainOptions::Parse(int argc, char **argv) {
  g_autofree char *output_text = nullptr;
  g_autofree char *annotations_text = nullptr;
  g_autofree char *cache_text = nullptr;
  g_autofree char *backbone_text = nullptr;
  g_autofree char *shard_text = nullptr;
  g_autofree char *group_by_text = nullptr;
  g_autofree char *cross_validate_text = nullptr;
  g_autofree char *budget_text = nullptr;
  g_autofree char *validation_text = nullptr;
  g_autofree char *rule_text = nullptr;
  gboolean no_background = FALSE, overwrite = FALSE, only_show = FALSE, only_features = FALSE, be_strict = FALSE;
  gboolean balance = FALSE, be_quiet = FALSE;
  gint threads = 0;
  gint64 seed = 0;
  double split = 0;
  const std::vector<GOptionEntry> main_entries = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output_text, "The model folder to make (required)", "MODEL"},
      {"force", 0, 0, G_OPTION_ARG_NONE, &overwrite, "Replace MODEL if it is there", nullptr},
      {"annotations", 0, 0, G_OPTION_ARG_FILENAME, &annotations_text,
       "Train on parts of long videos, too: a CSV file of video,start,end,label (seconds or h:mm:ss; -: standard "
       "input), or a folder of videos with timelines (.json) beside them",
       "FILE"},
      {"label-rule", 0, 0, G_OPTION_ARG_STRING, &rule_text,
       "How the label is read in a clip's file name: standard: up to the value category (mount_wheel_va of "
       "mount_wheel_va_p01); or as the Python system's notebook, scripts or deployment read it "
       "(docs/python-system.md)",
       "RULE"},
      {"no-background", 0, 0, G_OPTION_ARG_NONE, &no_background,
       "With --annotations: do not make a class 'background' of what no row covers", nullptr},
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &only_show, "Show the actions and families, and do nothing", nullptr},
      {"strict", 0, 0, G_OPTION_ARG_NONE, &be_strict, "Stop when a clip cannot be used", nullptr},
      {"cache", 0, 0, G_OPTION_ARG_FILENAME, &cache_text, "Folder for the features (default MODEL.cache)", "DIR"},
      {"backbone", 0, 0, G_OPTION_ARG_STRING, &backbone_text,
       "Train with the features of another network, which another program has put into --cache; NAME is what their "
       ".json files call it. Nothing is computed, no weights are needed",
       "NAME"},
      {"features-only", 0, 0, G_OPTION_ARG_NONE, &only_features, "Fill the cache and stop", nullptr},
      {"shard", 0, 0, G_OPTION_ARG_STRING, &shard_text,
       "Only every Nth clip, beginning with the Ith: one of N programs that fill one cache. Implies --features-only",
       "I/N"},
      {"jobs", 'j', 0, G_OPTION_ARG_INT, &threads,
       "Clips or classifiers at once (default: the processors there are to use)", "N"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &be_quiet, "Print only warnings, errors and the result", nullptr},
  };
  const GOptionEntry training_entries[] = {
      {"stage1-epochs", 0, 0, G_OPTION_ARG_INT, &training.stage1_epochs, "Of the coarse classifier (default 40)", "N"},
      {"stage2-epochs", 0, 0, G_OPTION_ARG_INT, &training.stage2_epochs, "Of each fine classifier (default 50)", "N"},
      {"fixed-t", 0, 0, G_OPTION_ARG_INT, &training.head.fixed_steps,
       "Steps to which every clip is padded or cut (default 64)", "N"},
      {"batch-size", 0, 0, G_OPTION_ARG_INT, &training.head.batch_size, "Clips a batch (default 4)", "N"},
      {"learning-rate", 0, 0, G_OPTION_ARG_DOUBLE, &training.head.learning_rate, "Of AdamW (default 0.001)", "X"},
      {"weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &training.head.weight_decay, "Of AdamW (default 0.0001)", "X"},
      {"dropout", 0, 0, G_OPTION_ARG_DOUBLE, &training.head.dropout, "Default 0.2", "X"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Equal seeds give equal models (default 0)", "N"},
      {"class-weights", 0, 0, G_OPTION_ARG_NONE, &balance, "Let every class count the same, however many clips it has",
       nullptr},
      {"early-stop", 0, 0, G_OPTION_ARG_INT, &training.head.early_stop,
       "End a classifier's training after N epochs without improvement (default: never)", "N"},
      {"group-by", 0, 0, G_OPTION_ARG_STRING, &group_by_text,
       "Which source a clip is from: the first group of this pattern in its file name without ending, such as "
       "'_(p[0-9]+)_'. Clips of "
       "one source are held out together",
       "REGEX"},
      {"cross-validate", 0, 0, G_OPTION_ARG_STRING, &cross_validate_text,
       "Measure on held-out clips: auto: ten folds, as many of them as fit the budget, two at least (default); all: "
       "ten folds; a number: so many; none: only train, as the reference does",
       "HOW"},
      {"budget", 0, 0, G_OPTION_ARG_STRING, &budget_text,
       "With --cross-validate auto: about how long measuring may take on two processors, such as 30s, 2min, 1h "
       "(default 2min). The clock is not asked, so that every machine measures the same",
       "TIME"},
      {"validation", 0, 0, G_OPTION_ARG_FILENAME, &validation_text,
       "A dataset to choose the best epoch by, and to measure on", "DIR"},
      {"validation-split", 0, 0, G_OPTION_ARG_DOUBLE, &split,
       "The same with a share of every label's clips, which are then not trained with", "F"},
      {},
  };
  CommandLine line("gst-action-train", "[DATASET] - trains a two-stage action model", kSummary);
  line.Add(main_entries);
  features.AddTo(line.context());
  GOptionGroup *group = g_option_group_new(
      "training", "Training and measuring:", "Show options for training and measuring", nullptr, nullptr);
  g_option_group_add_entries(group, training_entries);
  g_option_context_add_group(line.context(), group);
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return end;
  const std::vector<std::string> &datasets = line.operands();
  try {
    const size_t given = datasets.size();
    if (given > 1) throw Error("more than one dataset is given; put their clips into one folder (links will do)");
    if (given == 0 && annotations_text == nullptr) throw Error("no dataset given");
    if (given == 1) dataset = datasets[0];
    annotations = OrEmpty(annotations_text);
    output = OrEmpty(output_text);
    while (output.size() > 1 && output.back() == '/')
      output.pop_back();
    cache = OrEmpty(cache_text);
    background = no_background == FALSE;
    const std::string rule_name = rule_text != nullptr ? rule_text : NameOf(LabelRule::kStandard);
    const auto rule =
        Named(rule_name, {LabelRule::kStandard, LabelRule::kNotebook, LabelRule::kScripts, LabelRule::kDeployment});
    if (!rule)
      throw Error("--label-rule '" + rule_name + "' is unknown; it is standard, notebook, scripts or deployment");
    label_rule = *rule;
    force = overwrite != FALSE;
    dry_run = only_show != FALSE;
    strict = be_strict != FALSE;
    quiet = be_quiet != FALSE;
    if (shard_text != nullptr) shard = ParseShard(shard_text);
    features_only = only_features != FALSE || shard.has_value();
    if (shard && !features.names_precision()) {
      throw Error(
          "--shard needs --precision: machines may choose differently, and their features would not fit together");
    }
    if (output.empty() && !dry_run && !(features_only && !cache.empty())) {
      throw Error(features_only ? "no cache given: use --cache DIR, or -o MODEL for MODEL.cache"
                                : "no model folder given: use -o MODEL");
    }
    backbone = OrEmpty(backbone_text);
    if (!backbone.empty()) {
      if (cache.empty()) throw Error("--backbone needs --cache, the folder with the features");
      if (features_only) throw Error("--features-only computes features, and with --backbone they are made elsewhere");
      if (const std::string option = features.Given(); !option.empty())
        throw Error(option + " says how features are computed, and with --backbone they are made elsewhere");
    }
    if (cache.empty()) cache = output + ".cache";
    if (threads < 0) throw Error("--jobs must be at least 1");
    jobs = threads > 0 ? static_cast<size_t>(threads) : static_cast<size_t>(UsableProcessors());

    group_by = OrEmpty(group_by_text);
    if (!group_by.empty()) CheckGroupPattern(group_by);
    ReadCrossValidation(cross_validate_text != nullptr ? cross_validate_text : "auto", OrEmpty(budget_text), *this);
    validation = OrEmpty(validation_text);
    if (split != 0) {
      if (!(split > 0 && split < 1)) throw Error("--validation-split must be more than 0 and less than 1");
      if (!validation.empty()) throw Error("give either --validation or --validation-split, not both");
      validation_split = split;
    }
    AtLeast("--stage1-epochs", training.stage1_epochs, 1);
    AtLeast("--stage2-epochs", training.stage2_epochs, 1);
    AtLeast("--fixed-t", training.head.fixed_steps, 1);
    AtLeast("--batch-size", training.head.batch_size, 1);
    AtLeast("--early-stop", training.head.early_stop, 0);
    AtLeast("--seed", static_cast<double>(seed), 0);
    AtLeast("--weight-decay", training.head.weight_decay, 0);
    AtLeast("--dropout", training.head.dropout, 0);
    if (training.head.dropout >= 1) throw Error("--dropout must be less than 1");
    if (!(training.head.learning_rate > 0)) throw Error("--learning-rate must be more than 0");
    training.seed = static_cast<uint64_t>(seed);
    training.balance_classes = balance != FALSE;
    training.threads = jobs;
    features.Config();  // tells mistakes
    features.Request();
  } catch (const Error &e) {
    throw UsageError(e.what());
  }
  return std::nullopt;
}

}  // namespace action

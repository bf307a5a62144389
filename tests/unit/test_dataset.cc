// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Labels, datasets, annotations, and how they are divided.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "action/error.h"
#include "action/head.h"
#include "action/io/atomic_folder.h"
#include "action/labels.h"
#include "action/model_bundle.h"
#include "action/training/annotations.h"
#include "action/training/dataset.h"
#include "action/training/folds.h"

namespace action {
namespace {

namespace fs = std::filesystem;

TEST(Labels, AreNormalised) {
  EXPECT_EQ(NormaliseLabel("Hand Tight  nipple--to pipe (VA)"), "hand_tight_nipple_to_pipe_va");
  EXPECT_EQ(NormaliseLabel("__a__b__"), "a_b");
  EXPECT_EQ(NormaliseLabel(""), "unknown");
  EXPECT_EQ(NormaliseLabel("***"), "unknown");
  EXPECT_EQ(NormaliseLabel("caf\xc3\xa9 1"), "caf_1") << "letters outside a-z are none";
  EXPECT_EQ(NormaliseLabel("\xe2\x84\xaa\xc4\xb0x"), "ki_x") << "Python's lower() makes ASCII letters of these two";
  EXPECT_EQ(NormaliseLabel("\xff\xfe a"), "a") << "not UTF-8";
}

TEST(Labels, LoseTheClipNumberOfAFile) {
  const auto label = [](const std::string &stem, LabelRule rule = LabelRule::kStandard) {
    return ReadClipName(stem, rule).label;
  };
  EXPECT_EQ(label("hand_tight_nipple_to_pipe_va_001"), "hand_tight_nipple_to_pipe_va");
  EXPECT_EQ(label("Read-Drawing-RNVA-12"), "read_drawing_rnva");
  EXPECT_EQ(label("mount_wheel_2_va"), "mount_wheel_2_va") << "a number inside stays";
  EXPECT_EQ(label("mount_001_002"), "mount_001") << "one number goes";
  EXPECT_EQ(label("mount_001a"), "mount_001a");
  EXPECT_EQ(label("001"), "001") << "there would be nothing left";
  EXPECT_EQ(label("va_001"), "va") << "nothing stands before the value";
  EXPECT_EQ(label("nova_rnvas_003"), "nova_rnvas") << "whole words are values";
  // Behind the value stands an id, whatever it is; copies are the same action.
  for (const char *stem : {"mount_wheel_va_p01", "mount_wheel_va_001 (1)", "mount_wheel_va (2)", "Mount Wheel VA 7b",
                           "mount_wheel_va_p01_003", "mount_wheel_va - Copy", "mount_wheel_va_002 - Copy (3)",
                           "MOUNT-WHEEL-VA-LEFT", "mount_wheel_va_"}) {
    EXPECT_EQ(label(stem), "mount_wheel_va") << stem;
  }
  EXPECT_EQ(label("mount_wheel (1)"), "mount_wheel");
  EXPECT_EQ(label("(1)"), "1");
  EXPECT_EQ(label("mount_wheel_va_nva_001"), "mount_wheel_va_nva") << "the last value counts";
  EXPECT_EQ(label("check_va_meter_rnva_001"), "check_va_meter_rnva");
  EXPECT_EQ(ReadClipName("mount_wheel_va_001").id, "");
  EXPECT_EQ(ReadClipName("mount_wheel_va_p01_3").id, "p01_3");
  EXPECT_EQ(ReadClipName("mount_wheel_va_001 (1)").id, "001 (1)");
}

// What the Python system's functions give of such names, read in its sources and run by hand.
TEST(Labels, OfEachGenerationOfThePythonSystem) {
  struct Case {
    const char *stem, *notebook, *scripts, *deployment;
    ValueCategory value;
  };
  const std::vector<Case> cases = {
      {"mount_wheel_va_001", "mount_wheel_va_001", "mount_wheel_va", "mount_wheel", ValueCategory::kVa},
      {"mount_wheel_va_p01", "mount_wheel_va_p01", "mount_wheel_va_p01", "mount_wheel", ValueCategory::kVa},
      {"mount_wheel_va", "mount_wheel_va", "mount_wheel_va", "mount_wheel", ValueCategory::kUnknown},
      {"mount_wheel_001", "mount_wheel_001", "mount_wheel", "mount_wheel", ValueCategory::kUnknown},
      {"mount_va_nva_001", "mount_va_nva_001", "mount_va_nva", "mount_va", ValueCategory::kNva},
      {"mount_001", "mount_001", "mount", "unknown", ValueCategory::kUnknown},
      {"turn_va_001 (1)", "turn_va_001_1", "turn_va_001_1", "turn", ValueCategory::kVa},
  };
  for (const Case &c : cases) {
    EXPECT_EQ(ReadClipName(c.stem, LabelRule::kNotebook).label, c.notebook);
    EXPECT_EQ(ReadClipName(c.stem, LabelRule::kScripts).label, c.scripts);
    const ClipName deployment = ReadClipName(c.stem, LabelRule::kDeployment);
    EXPECT_EQ(deployment.label, c.deployment);
    EXPECT_EQ(deployment.value.value_or(ValueCategory::kUnknown), c.value) << c.stem;
  }
}

TEST(Labels, WordsOfAnyScriptAreCutAtTheValueToo) {
  const ClipName name = ReadClipName("\xe6\x8b\xa7\xe7\xb4\xa7_va_p01");
  EXPECT_EQ(name.text, "\xe6\x8b\xa7\xe7\xb4\xa7_va");
  EXPECT_EQ(name.label, SafeLabel(name.text));
  EXPECT_TRUE(name.foreign);
}

TEST(Labels, TellFamilyAndValue) {
  EXPECT_EQ(CoarseLabel("hand_tight_va"), "hand");
  EXPECT_EQ(CoarseLabel("again"), "again");
  EXPECT_EQ(CategoryOf("a_va"), ValueCategory::kVa);
  EXPECT_EQ(CategoryOf("a_rnva"), ValueCategory::kRnva);
  EXPECT_EQ(CategoryOf("a_nva"), ValueCategory::kNva);
  EXPECT_EQ(CategoryOf("nova"), ValueCategory::kUnknown);
  EXPECT_EQ(CategoryOf("va"), ValueCategory::kUnknown);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("dataset-" + std::to_string(getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  std::string Make(const std::string &name, const std::string &content = "x") {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path.string();
  }
  std::map<std::string, std::string> Labels(const Dataset &dataset) {
    std::map<std::string, std::string> labels;
    for (const Clip &clip : dataset.clips)
      labels[fs::relative(clip.path, root_).string()] = clip.label;
    return labels;
  }
  fs::path root_;
};

std::vector<Annotation> Read(const std::string &path) {
  std::vector<std::string> warnings;
  return ReadAnnotations(path, warnings);
}

TEST_F(Folder, BothLayoutsAtOnce) {
  Make("hand_tight_va_001.mp4");
  Make("hand_tight_va_002.MP4");
  Make("Read Drawing RNVA/take 5.avi");
  Make("Read Drawing RNVA/deeper/x_va_001.mkv");
  Make("notes.txt");
  Make(".hidden_va_001.mp4");
  Make(".cache/x_va_001.mp4");
  const Dataset dataset = ScanDataset(root_.string());
  const std::map<std::string, std::string> expected = {{"hand_tight_va_001.mp4", "hand_tight_va"},
                                                       {"hand_tight_va_002.MP4", "hand_tight_va"},
                                                       {"Read Drawing RNVA/take 5.avi", "read_drawing_rnva"},
                                                       {"Read Drawing RNVA/deeper/x_va_001.mkv", "deeper"}};
  EXPECT_EQ(Labels(dataset), expected);
  EXPECT_TRUE(dataset.warnings.empty());
  EXPECT_TRUE(std::ranges::is_sorted(dataset.clips, {}, &Clip::path));
}

TEST_F(Folder, WhatIsTakenForAnIdIsTold) {
  for (const char *name : {"mount_wheel_va_p01.mp4", "mount_wheel_va_p02.mp4", "turn_screw_va_001 (1).mp4",
                           "turn_screw_va_001.mp4", "turn_screw_va_002.mp4"})
    Make(name);
  const Dataset dataset = ScanDataset(root_.string());
  std::set<std::string> labels;
  for (const Clip &clip : dataset.clips)
    labels.insert(clip.label);
  EXPECT_EQ(labels, (std::set<std::string>{"mount_wheel_va", "turn_screw_va"}));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  for (const char *part : {"mount_wheel_va of mount_wheel_va_p01.mp4 and 1 more",
                           "turn_screw_va of turn_screw_va_001 (1).mp4", "--label-rule"})
    EXPECT_NE(dataset.warnings[0].find(part), std::string::npos) << dataset.warnings[0];
  EXPECT_EQ(dataset.warnings[0].find("turn_screw_va_002"), std::string::npos) << "a plain number needs no word";
  EXPECT_TRUE(dataset.values.empty());
}

TEST_F(Folder, ByTheDeploymentRuleNamesSayTheValue) {
  for (const char *name : {"mount_wheel_va_001.mp4", "mount_wheel_va_002.mp4", "mount_wheel_nva_003.mp4",
                           "walk_around_nva_001.mp4", "look_up_004.mp4", "look_up_005.mp4"})
    Make(name);
  const Dataset dataset = ScanDataset(root_.string(), LabelRule::kDeployment);
  EXPECT_EQ(dataset.values, (std::map<std::string, ValueCategory>{{"look_up", ValueCategory::kUnknown},
                                                                  {"mount_wheel", ValueCategory::kVa},
                                                                  {"walk_around", ValueCategory::kNva}}));
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_NE(dataset.warnings[0].find("clips of mount_wheel do not agree on its value category: 2 VA, 1 NVA"),
            std::string::npos)
      << dataset.warnings[0];
}

TEST_F(Folder, ValuesForLabelsThatSayNone) {
  for (const char *name : {"mount_wheel_va_001.mp4", "mount_screw_va_p01.mp4", "turn_screw_va_001.mp4",
                           "turn_nut_rnva_001.mp4", "Read Drawing NVA/3.mp4", "hold_001.mp4"})
    Make(name);
  const std::map<std::string, ValueCategory> expected = {
      {"mount", ValueCategory::kVa},     {"mount_wheel", ValueCategory::kVa},   {"mount_screw", ValueCategory::kVa},
      {"read", ValueCategory::kNva},     {"read_drawing", ValueCategory::kNva}, {"turn_screw", ValueCategory::kVa},
      {"turn_nut", ValueCategory::kRnva}};
  std::vector<std::string> warnings;
  EXPECT_EQ(ValuesOf(ScanDataset(root_.string()), warnings), expected);
  EXPECT_TRUE(warnings.empty());
  Make("turn_nut_va_002.mp4");
  Make("turn_nut_rnva_003.mp4");
  EXPECT_EQ(ValuesOf(ScanDataset(root_.string()), warnings).at("turn_nut"), ValueCategory::kRnva);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("clips of turn_nut do not agree"), std::string::npos) << warnings[0];
}

TEST_F(Folder, NamesWithoutAnActionAreTold) {
  for (const char *name : {"va.mp4", "_va_001.mp4", "turn_va_001.mp4", "turn_va_002.mp4"})
    Make(name);
  const auto told = [this](LabelRule rule) {
    for (const std::string &warning : ScanDataset(root_.string(), rule).warnings) {
      if (warning.find("do not say what is done") != std::string::npos) return warning;
    }
    return std::string();
  };
  EXPECT_NE(told(LabelRule::kStandard).find(": _va_001.mp4, va.mp4."), std::string::npos) << told(LabelRule::kStandard);
  EXPECT_NE(told(LabelRule::kDeployment).find("va.mp4"), std::string::npos) << told(LabelRule::kDeployment);
}

TEST_F(Folder, NoVideoIsLeftOutSilently) {
  for (const char *ending : {"h264", "dav", "asf", "dv", "y4m", "m2v", "MPG", "265"})
    Make(std::string("turn_screw_va_001.") + ending);
  Make("turn_screw_va_002.svi");
  Make("turn_screw_va_003.SVI");
  Make("turn_screw_va_004");
  Make("notes.txt");
  const Dataset dataset = ScanDataset(root_.string());
  EXPECT_EQ(dataset.clips.size(), 8u);
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_NE(dataset.warnings[0].find("1 without an ending, 2 *.svi. Give"), std::string::npos) << dataset.warnings[0];
}

TEST_F(Folder, NamesThatBecomeOneLabelAreNamed) {
  Make("Hand Tight/a.mp4");
  Make("hand_tight/b.mp4");
  Make("!!!/c.mp4");
  const Dataset dataset = ScanDataset(root_.string());
  ASSERT_EQ(dataset.warnings.size(), 2u);
  EXPECT_NE(dataset.warnings[0].find("hand_tight: 'Hand Tight', 'hand_tight'"), std::string::npos);
  EXPECT_NE(dataset.warnings[1].find("'!!!'"), std::string::npos);
  EXPECT_THROW(ScanDataset((root_ / "nothing").string()), Error);
}

TEST_F(Folder, LinksAndWhatCannotBeRead) {
  Make("a/x.mp4");
  fs::create_directory_symlink(root_, root_ / "a" / "up");
  fs::create_symlink(root_ / "nowhere", root_ / "idle_va_007.mp4");
  const Dataset dataset = ScanDataset(root_.string());
  EXPECT_EQ(Labels(dataset), (std::map<std::string, std::string>{{"a/x.mp4", "a"}, {"idle_va_007.mp4", "idle_va"}}))
      << "no clip comes twice; a link that leads nowhere is told of later";
}

TEST_F(Folder, SourcesComeFromThePattern) {
  Make("a_va_p1_001.mp4");
  Make("a_va_p2_001.mp4");
  Dataset dataset = ScanDataset(root_.string());
  EXPECT_NE(dataset.clips[0].source, dataset.clips[1].source) << "every clip its own";
  GroupBy(dataset, "_(p[0-9])_");
  EXPECT_EQ(dataset.clips[0].source, "p1");
  EXPECT_EQ(dataset.clips[1].source, "p2");
  EXPECT_THROW(GroupBy(dataset, "("), Error);
  try {
    GroupBy(dataset, "p1");
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("a_va_p2_001.mp4"), std::string::npos) << e.what();
  }
}

TEST_F(Folder, IdenticalClipsShareASource) {
  Make("a_va_001.mp4", "same");
  Make("a_va_002.mp4", "other");
  Make("b_va_001.mp4", "same");
  Make("b_va_002.mp4", "same size!");
  Dataset dataset = ScanDataset(root_.string());
  const std::vector<std::string> groups = JoinIdenticalClips(dataset);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_NE(groups[0].find("a_va_001.mp4 = "), std::string::npos);
  EXPECT_EQ(dataset.clips[0].source, dataset.clips[2].source);
  EXPECT_NE(dataset.clips[0].source, dataset.clips[1].source);
}

TEST_F(Folder, AnnotationsBecomeClipsAndBackground) {
  const std::string video = Make("long one.mp4");
  const std::string csv = Make("rows.csv",
                               "label,start,end,video\r\n"
                               "Mount Wheel VA,2,5.5,long one.mp4\r\n"
                               "\r\n"
                               "\"turn, screw nva\",5.5,9,\"long one.mp4\"\n"
                               "mount_wheel_va,9.4,12,long one.mp4");
  const std::vector<Annotation> rows = Read(csv);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].label, "turn, screw nva");
  const Dataset dataset = DatasetOf(rows, true, [](const std::string &) { return 20.0; });
  std::vector<std::string> got;
  for (const Clip &clip : dataset.clips) {
    EXPECT_EQ(clip.path, video);
    EXPECT_EQ(clip.source, video);
    got.push_back(clip.label + clip.Name().substr(video.size()));
  }
  EXPECT_EQ(got, (std::vector<std::string>{"background 0.000-2.000 s", "mount_wheel_va 2.000-5.500 s",
                                           "turn_screw_nva 5.500-9.000 s", "mount_wheel_va 9.400-12.000 s",
                                           "background 12.000-20.000 s"}))
      << "0.4 s between two rows are no background";
  EXPECT_EQ(DatasetOf(rows, false, [](const std::string &) { return 20.0; }).clips.size(), 3u);
  const Dataset shorter = DatasetOf(rows, true, [](const std::string &) { return 9.2; });
  ASSERT_EQ(shorter.warnings.size(), 2u);
  EXPECT_NE(shorter.warnings[0].find("'Mount Wheel VA', 'mount_wheel_va'"), std::string::npos);
  EXPECT_NE(shorter.warnings[1].find("left out"), std::string::npos) << "the last row begins after the end";
  const Dataset unknown = DatasetOf(rows, true, [](const std::string &) { return std::nullopt; });
  EXPECT_EQ(unknown.clips.size(), 4u) << "nothing is said of what comes after the last row";
}

TEST_F(Folder, AnnotationsOfASpreadsheet) {
  Make("v.mp4");
  const std::vector<std::string> tables = {
      "video;start;end;label\r\nv.mp4;0:30;62,5;a\r\n;;;\r\nv.mp4;00:01:02.5;01:00:00;b\r\n",
      "\xef\xbb\xbfvideo\tstart\tend\tlabel\rv.mp4\t30\t1:02.5\ta\rv.mp4\t1:02,5\t3600\tb",
      "video,start,end,label,,\nv.mp4,0:30,\"62,5\",a,,\n,,,,,\n   \nv.mp4,62.5,60:00,b,,\n"};
  for (const std::string &table : tables) {
    const auto rows = Read(Make("rows.csv", table));
    ASSERT_EQ(rows.size(), 2u) << table;
    EXPECT_EQ(rows[0].start, 30) << table;
    EXPECT_EQ(rows[0].end, 62.5) << table;
    EXPECT_EQ(rows[1].start, 62.5) << table;
    EXPECT_EQ(rows[1].end, 3600) << table;
    EXPECT_EQ(rows[1].label, "b") << table;
  }
}

TEST(ParseSeconds, ReadsWhatPeopleWrite) {
  for (const auto &[text, seconds] : std::vector<std::pair<std::string, double>>{{"12.5", 12.5},
                                                                                 {"12,5", 12.5},
                                                                                 {" 0:30 ", 30},
                                                                                 {"00:00:30.5", 30.5},
                                                                                 {"90:00", 5400},
                                                                                 {"1:00:00", 3600},
                                                                                 {"0", 0}}) {
    EXPECT_EQ(ParseSeconds(text), seconds) << text;
  }
  for (const char *text : {"", ":", "1:", ":30", "1:60", "1:75", "1.5:00", "1:2:3:4", "-1", "1e3", "nan", "inf", "1 s"})
    EXPECT_EQ(ParseSeconds(text), std::nullopt) << text;
}

// Time that no action was seen in teaches nothing: no class of its name, and no background.
TEST_F(Folder, RowsThatAreNotMeasuredAreNotTrained) {
  const std::string video = Make("a.mp4");
  Make("a.json",
       R"([{"start":0,"end":4,"fine_action":"turn_va"},{"start":4,"end":9,"fine_action":"gap","state":"gap"},)"
       R"({"start":9,"end":14,"fine_action":"unknown","state":"unknown"},)"
       R"({"start":14,"end":19,"fine_action":"absent","state":"absent"},)"
       R"({"start":25,"end":30,"fine_action":"absent"},)"
       R"({"start":30,"end":34,"fine_action":"turn_va","value_category":"NVA"}])");
  std::vector<std::string> warnings, got;
  const Dataset dataset =
      DatasetOf(ReadAnnotations(root_.string(), warnings), true, [](const std::string &) { return 34.0; });
  for (const Clip &clip : dataset.clips)
    got.push_back(clip.label + clip.Name().substr(video.size()));
  EXPECT_EQ(got, (std::vector<std::string>{"turn_va 0.000-4.000 s", "background 19.000-25.000 s",
                                           "absent 25.000-30.000 s", "turn_va 30.000-34.000 s"}));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("entry 6, has the value category NVA, but its label is turn_va"), std::string::npos);
}

TEST_F(Folder, AnnotationsNameTheLineThatIsWrong) {
  Make("v.mp4");
  const auto said = [this](const std::string &rows) -> std::string {
    try {
      Read(Make("bad.csv", rows));
      return "";
    } catch (const Error &e) {
      return e.what();
    }
  };
  EXPECT_NE(said("v.mp4,0,1,a\nv.mp4,x,1,a").find("line 2: the start is 'x'"), std::string::npos);
  EXPECT_NE(said("v.mp4,2,1,a").find("is not after"), std::string::npos);
  EXPECT_NE(said("v.mp4,0,1").find("3 fields"), std::string::npos);
  EXPECT_NE(said("w.mp4,0,1,a").find("w.mp4 does not exist"), std::string::npos);
  EXPECT_NE(said("v.mp4,0,1,\"a").find("never closed"), std::string::npos);
  EXPECT_NE(said("").find("empty"), std::string::npos);
  EXPECT_NE(said("v.mp4,nan,1,a").find("'nan'"), std::string::npos);
  EXPECT_NE(said("v.mp4,0:61,1,a").find("'0:61'"), std::string::npos);
  EXPECT_NE(said("v.mp4,-1,1,a").find("'-1'"), std::string::npos);
  EXPECT_NE(said("v.mp4,0,1,Pr\xfc"
                 "fen")
                .find("line 1: its letters are not in UTF-8"),
            std::string::npos);
  EXPECT_NE(said("\xff\xfev\\0.").find("CSV UTF-8"), std::string::npos);
  EXPECT_NE(said("v.mp4,0,1,***").find("'***'"), std::string::npos);
  EXPECT_NE(
      said("video,start,end,label\nv.mp4,0,12,5,turn_va").find("line 2: there are 5 fields, and the heading has 4"),
      std::string::npos);
  EXPECT_NE(said("v.mp4,0,1,a,b").find("there should be 4"), std::string::npos);
  EXPECT_EQ(said("video,start,end,label\nv.mp4,0,1,a_va,,"), "") << "as spreadsheets fill up";
  const std::string heading = "video,start,end,label,value_category,state\n";
  EXPECT_NE(said(heading + "v.mp4,0,1,a_va,XX,").find("the value category is 'XX'"), std::string::npos);
  EXPECT_NE(said(heading + "v.mp4,0,1,a_va,VA,asleep").find("the state is 'asleep'"), std::string::npos);
}

TEST_F(Folder, TablesMayHaveTheColumnsOfATimeline) {
  Make("v.mp4");
  std::vector<std::string> warnings;
  const auto rows = ReadAnnotations(Make("rows.csv",
                                         "video,start,end,label,value_category,state\nv.mp4,0,4,a_va,NVA,\n"
                                         "v.mp4,4,8,b_va,VA,gap\nv.mp4,8,12,c_va\nv.mp4,12,16,d_nva,NVA,measured\n"),
                                    warnings);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_FALSE(rows[1].trained);
  EXPECT_EQ(std::ranges::count_if(rows, &Annotation::trained), 3);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("line 2 has the value category NVA, but its label is a_va. What is trained is the label"),
            std::string::npos)
      << warnings[0];
}

TEST_F(Folder, NothingIsTrainedOfWhatComesAfterAnInterruption) {
  Make("v.mp4");
  const std::string rows =
      R"({"start": 0, "end": 4, "fine_action": "a_va"}, {"start": 6, "end": 9, "fine_action": "b_va")";
  const auto dataset_of = [this](const std::string &timeline) {
    Make("v.json", timeline);
    std::vector<std::string> warnings;
    const auto annotations = ReadAnnotations(root_.string(), warnings);
    Dataset dataset = DatasetOf(annotations, true, [](const std::string &) { return 100.0; });
    dataset.warnings.insert(dataset.warnings.end(), warnings.begin(), warnings.end());
    return dataset;
  };
  EXPECT_EQ(dataset_of("[" + rows + "}]").clips.size(), 4u) << "background between and behind";
  const Dataset interrupted = dataset_of("[" + rows + R"(, "complete": false}])");
  EXPECT_EQ(interrupted.clips.size(), 3u);
  ASSERT_EQ(interrupted.warnings.size(), 1u);
  EXPECT_NE(interrupted.warnings[0].find("interrupted: nothing that comes after its last row is trained"),
            std::string::npos);
}

TEST_F(Folder, OverlapsOfOtherLabelsAreNamed) {
  Make("v.mp4");
  const auto rows = Read(Make("rows.csv", "v.mp4,0,5,a\nv.mp4,4,6,b\nv.mp4,6,7,b\nv.mp4,6.5,8,b"));
  const Dataset dataset = DatasetOf(rows, true, [](const std::string &) { return 8.0; });
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_NE(dataset.warnings[0].find("line 2: overlaps"), std::string::npos);
}

TEST_F(Folder, TimelinesBesideVideos) {
  Make("a.mp4");
  Make("a.json",
       R"([{"start": 0.0, "end": 2.5, "fine_action": "turn_va"}, {"start": 2.5, "end": 4, "fine_action": "x"}])");
  Make("b.mp4");
  const std::vector<Annotation> rows = Read(root_.string());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].label, "turn_va");
  EXPECT_EQ(rows[1].start, 2.5);
  // The Python system's notebook writes tables, too.
  Make("c.mp4");
  Make("c.csv", "start_s,end_s,label\n0.0,2.0,turn_va\n2.0,5.5,look_nva\n7.0,8.0,turn_va\n");
  Make("d.mp4");
  Make("d.csv", "temperature,pressure\n20,1013\n");
  const std::vector<Annotation> more = Read(root_.string());
  ASSERT_EQ(more.size(), 5u);
  EXPECT_EQ(more[3].label, "look_nva");
  EXPECT_EQ(more[3].end, 5.5);
  EXPECT_EQ(more[4].start, 7.0) << "a stretch that no row covers is no row";
  Make("b.json", R"([{"start": 0.0}])");
  EXPECT_THROW(Read(root_.string()), Error);
}

TEST(SafeLabel, OfAnyScriptIsAnIdThatStaysDifferent) {
  const auto label = [](const std::string &name) { return SafeLabel(name); };
  for (const char *name : {"Mount Wheel_VA", "a--b", "x", "***", "unknown", "caf\xff"})
    EXPECT_EQ(label(name), NormaliseLabel(name)) << "ASCII, and what is no UTF-8, as Python does";
  EXPECT_EQ(label("Schraube fest dr\xc3\xbc"
                  "cken_va"),
            "schraube_fest_dr_cken_va")
      << "accents too";
  const std::string tighten = label("\xe6\x8b\xa7\xe7\xb4\xa7_va"), loosen = label("\xe6\x9d\xbe\xe5\xbc\x80_va");
  EXPECT_TRUE(std::regex_match(tighten, std::regex("x[0-9a-f]{6}_va"))) << tighten;
  EXPECT_NE(tighten, loosen);
  EXPECT_EQ(CategoryOf(tighten), ValueCategory::kVa);
  EXPECT_EQ(tighten, label("\xe6\x8b\xa7\xe7\xb4\xa7_va")) << "the same every time";
  // The first word is the family, whatever follows.
  EXPECT_EQ(CoarseLabel(label("\xe6\x8b\xa7\xe7\xb4\xa7_left_va")), CoarseLabel(tighten));
  EXPECT_EQ(label(label("\xe6\x8b\xa7\xe7\xb4\xa7 va")), tighten);
  const std::string wrench = label("\xf0\x9f\x94\xa7_nva");  // an emoji
  EXPECT_TRUE(std::regex_match(wrench, std::regex("x[0-9a-f]{6}_nva"))) << wrench;
}

TEST_F(Folder, LabelsOfAnyScriptKeepTheirNamesForPeople) {
  Make("\xe6\x8b\xa7\xe7\xb4\xa7_va_001.mp4");
  Make("\xe6\x9d\xbe\xe5\xbc\x80_va/1.mp4");
  Make("turn_va_001.mp4");
  const Dataset dataset = ScanDataset(root_.string());
  ASSERT_EQ(dataset.names.size(), 2u);
  for (const auto &[label, name] : dataset.names)
    EXPECT_EQ(SafeLabel(name), label);
  EXPECT_EQ(std::ranges::count_if(dataset.clips, [](const Clip &c) { return c.label == "turn_va"; }), 1);
}

TEST_F(Folder, RecordingsWithoutALabelAreTold) {
  Make("hall-3.mp4");
  Make("shift-b.mp4");
  Make("anna.mp4");
  const Dataset dataset = ScanDataset(root_.string());
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_NE(dataset.warnings[0].find("these look unlabelled: 3 clips"), std::string::npos) << dataset.warnings[0];
  for (const char *name :
       {"turn_va_001.mp4", "turn_va_002.mp4", "a_nva_001.mp4", "b_nva_001.mp4", "c_nva_001.mp4", "d_nva_1.mp4"})
    Make(name);
  EXPECT_TRUE(ScanDataset(root_.string()).warnings.empty()) << "most are labelled";
}

TEST_F(Folder, NamesOfRecordingsAreTold) {
  for (const char *name : {"IMG_0001.mp4", "IMG_0002.mp4", "VID_20240101_1200.mp4", "monday/cam1.mp4", "turn_va_1.mp4"})
    Make(name);
  const Dataset dataset = ScanDataset(root_.string());
  ASSERT_EQ(dataset.warnings.size(), 1u) << dataset.warnings[0];
  EXPECT_NE(dataset.warnings[0].find("these look unlabelled: clips are called 'img', 'monday', 'vid"),
            std::string::npos)
      << dataset.warnings[0];
}

TEST_F(Folder, GroupsAreReadFromTheNameWithoutItsEnding) {
  Make("turn_va_p1.mp4");
  Make("turn_va_p2.mp4");
  Dataset dataset = ScanDataset(root_.string());
  GroupBy(dataset, "_(p[0-9]+)$");
  EXPECT_EQ(dataset.clips[0].source, "p1");
  EXPECT_EQ(dataset.clips[1].source, "p2");
}

TEST(CrossValidation, OneRecordingIsHeldOutInBlocksOfTime) {
  std::vector<std::string> sources(12, "shift.mp4");
  ASSERT_TRUE(SplitIntoBlocks(sources));
  EXPECT_TRUE(std::ranges::is_sorted(sources)) << "blocks follow on each other";
  const std::vector<int> folds = FoldOfEach(sources);
  EXPECT_EQ(std::set<int>(folds.begin(), folds.end()).size(), 5u);
  for (const int fold : folds)
    EXPECT_GE(std::ranges::count(folds, fold), 2);
  sources.assign(5, "shift.mp4");
  EXPECT_FALSE(SplitIntoBlocks(sources)) << "too few";
  EXPECT_EQ(sources[0], "shift.mp4");
  sources = {"a", "a", "a", "a", "a", "a", "b"};
  EXPECT_FALSE(SplitIntoBlocks(sources));
}

TEST(CrossValidation, HoldsEverySourceOutOnce) {
  EXPECT_TRUE(FoldOfEach({"a", "a"}).empty());
  EXPECT_EQ(FoldOfEach({"b", "a", "b", "c"}), (std::vector<int>{1, 0, 1, 2})) << "up to 10: leave one out";
  std::vector<std::string> many;
  for (int i = 0; i < 25; ++i)
    many.push_back("source" + std::to_string(100 + i));
  const std::vector<int> folds = FoldOfEach(many);
  EXPECT_EQ(folds[0], 0);
  EXPECT_EQ(folds[9], 9);
  EXPECT_EQ(folds[10], 0) << "neighbours, often of one label, go to different folds";
  EXPECT_EQ(std::set<int>(folds.begin(), folds.end()).size(), 10u);
}

TEST(CrossValidation, SplitsEveryLabel) {
  std::vector<std::string> labels(20, "a"), sources;
  labels.insert(labels.end(), 5, "b");
  labels.push_back("c");
  for (size_t i = 0; i < labels.size(); ++i)
    sources.push_back("s" + std::to_string(i));
  const std::vector<bool> held_out = SplitOff(labels, sources, 0.2, 1);
  EXPECT_EQ(std::count(held_out.begin(), held_out.begin() + 20, true), 4);
  EXPECT_EQ(std::count(held_out.begin() + 20, held_out.begin() + 25, true), 1);
  EXPECT_FALSE(held_out[25]) << "the only clip of its label is trained with";
  EXPECT_EQ(held_out, SplitOff(labels, sources, 0.2, 1));
  EXPECT_NE(held_out, SplitOff(labels, sources, 0.2, 2));
  sources[1] = sources[2] = sources[0];
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<bool> together = SplitOff(labels, sources, 0.3, seed);
    EXPECT_TRUE(together[0] == together[1] && together[1] == together[2]) << "copies of one clip";
  }
}

TEST(CrossValidation, SplitsWholePeople) {
  std::vector<std::string> labels, sources;
  for (int person = 0; person < 5; ++person) {
    for (const char *label : {"a", "b", "c", "d"}) {
      labels.emplace_back(label);
      sources.push_back("p" + std::to_string(person));
    }
  }
  const std::vector<bool> held_out = SplitOff(labels, sources, 0.4, 3);
  EXPECT_EQ(std::count(held_out.begin(), held_out.end(), true), 8) << "two of five";
  for (size_t i = 0; i < labels.size(); ++i)
    EXPECT_EQ(held_out[i], held_out[i / 4 * 4]);
}

TEST(Head, MajorityAndArgmaxPreferTheSmallestId) {
  EXPECT_EQ(Majority(std::vector<int>{2, 1, 1, 2}), 1);
  EXPECT_EQ(Majority(std::vector<int>{}), -1);
  EXPECT_EQ(Argmax(std::vector<float>{1, 3, 3}), 1);
  const std::vector<TrainingClip> clips = {{{}, 0}, {{}, 0}, {{}, 0}, {{}, 2}};
  EXPECT_EQ(BalancedClassWeights(clips, 3), (std::vector<double>{4.0 / 9, 0, 4.0 / 3}));
}

TEST_F(Folder, AtomicFolderIsCompleteOrAbsent) {
  const std::string target = (root_ / "model").string();
  const auto no = [](const std::string &) { return false; };
  const auto yes = [](const std::string &) { return true; };
  {
    const AtomicFolder folder(target, no);
    std::ofstream(folder.path() + "/half") << "x";
    EXPECT_THROW(AtomicFolder(target, no), Error) << "another one is at work";
  }
  EXPECT_TRUE(fs::is_empty(root_)) << "nothing is left of what was not committed";
  {
    // Killed: what it has made stays, and its lock does not.
    const AtomicFolder killed(target, no);
    fs::copy(killed.path(), root_ / "left", fs::copy_options::recursive);
  }
  fs::rename(root_ / "left", target + ".partial");
  std::ofstream(target + ".partial/of a killed run") << "x";
  {
    AtomicFolder folder(target + "/", no);
    std::ofstream(folder.path() + "/one") << "1";
    folder.Commit();
  }
  EXPECT_TRUE(fs::exists(target + "/one"));
  EXPECT_FALSE(fs::exists(target + "/of a killed run"));
  EXPECT_THROW(AtomicFolder(target, no), Error);
  {
    AtomicFolder folder(target, yes);
    std::ofstream(folder.path() + "/two") << "2";
    EXPECT_EQ(folder.Commit(), "") << "the old one is gone";
  }
  EXPECT_TRUE(fs::exists(target + "/two"));
  EXPECT_FALSE(fs::exists(target + "/one"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(target), fs::directory_iterator()), 1) << "no lock is left";
}

TEST_F(Folder, AtomicFolderTouchesNothingOfOthers) {
  const std::string target = (root_ / "model").string(), partial = target + ".partial";
  const auto no = [](const std::string &) { return false; };
  const auto refused = [&] {
    try {
      const AtomicFolder folder(target, no);
      return false;
    } catch (const Error &e) {
      return std::string(e.what()).find(partial) != std::string::npos;
    }
  };
  // Somebody's own, with and without a lock file of theirs.
  Make("model.partial/thesis.doc");
  EXPECT_TRUE(refused());
  Make("model.partial/.lock", "");
  EXPECT_TRUE(refused());
  Make("model.partial/.lock", "process 17");
  EXPECT_TRUE(refused());
  EXPECT_TRUE(fs::exists(partial + "/thesis.doc"));
  // A link to somebody's, or in the lock's place.
  fs::rename(partial, root_ / "theirs");
  Make("theirs/.lock", "");
  fs::create_directory_symlink(root_ / "theirs", partial);
  EXPECT_TRUE(refused());
  fs::remove(partial);
  fs::create_directory(partial);
  fs::create_symlink(root_ / "theirs" / "thesis.doc", partial + "/.lock");
  EXPECT_TRUE(refused());
  EXPECT_TRUE(fs::exists(root_ / "theirs" / "thesis.doc"));
  EXPECT_EQ(fs::file_size(root_ / "theirs" / "thesis.doc"), 1u);
  fs::remove_all(partial);
  std::ofstream(partial) << "a file";
  EXPECT_TRUE(refused());
  fs::remove(partial);
  // An empty one, or one that was killed before its mark was written.
  fs::create_directory(partial);
  { const AtomicFolder folder(target, no); }
  Make("model.partial/.lock", "");
  { const AtomicFolder folder(target, no); }
  EXPECT_FALSE(fs::exists(partial));
}

TEST_F(Folder, WhatComesIntoAFolderMeanwhileIsKept) {
  const std::string target = (root_ / "model").string();
  Make("model/old");
  const auto only_old = [](const std::string &folder) {
    if (std::distance(fs::directory_iterator(folder), fs::directory_iterator()) > 1) throw Error("there is more");
    return true;
  };
  AtomicFolder folder(target, only_old);
  std::ofstream(folder.path() + "/new") << "1";
  Make("model/notes.txt");
  EXPECT_EQ(folder.Commit(), target + "~");
  EXPECT_TRUE(fs::exists(target + "/new"));
  EXPECT_TRUE(fs::exists(target + "~/notes.txt"));
  EXPECT_TRUE(fs::exists(target + "~/old"));
}

TEST_F(Folder, OnlyWhatIsAModelMayBeReplaced) {
  const auto make = [this] {
    fs::remove_all(root_ / "model");
    for (const char *file : {"stage1/best.pt", "stage1/last.pt", "stage1/label_map.json", "stage1/label_to_id.json",
                             "stage2/stage2_registry.json", "stage2/mount/best.pt", "stage2/mount/label_map.json",
                             "model.json", "training.json", "report.html", "curves.png", "elements.csv",
                             "feat_cache/vid_0123456789abcdef0123456789abcdef__fps8__len16.pt",
                             "feat_cache/vid_0123456789abcdef0123456789abcdef__fps8__len16__hop4.json"})
      Make(std::string("model/") + file);
    return (root_ / "model").string();
  };
  EXPECT_EQ(WhyNotReplace(make()), "");
  for (const char *file : {"stage1/notes.txt", "stage2/notes.txt", "stage2/mount/photo.jpg",
                           "stage2/mount/more/best.pt", "feat_cache/thesis.pt", "feat_cache/vid_mine.pt",
                           "feat_cache/vid_0123456789abcdef__fps8.pt", "best.pt", ".hidden", "stage1/best.pt/x"}) {
    const std::string model = make();
    if (std::string(file) == "stage1/best.pt/x") fs::remove(root_ / "model/stage1/best.pt");
    Make(std::string("model/") + file);
    EXPECT_NE(WhyNotReplace(model), "") << file;
  }
  // A link is somebody's, wherever it leads.
  const std::string model = make();
  fs::rename(root_ / "model/stage2", root_ / "theirs");
  fs::create_directory_symlink(root_ / "theirs", root_ / "model/stage2");
  EXPECT_NE(WhyNotReplace(model), "");
  fs::create_directory_symlink(make(), root_ / "linked");
  EXPECT_NE(WhyNotReplace((root_ / "linked").string()), "");
  EXPECT_NE(WhyNotReplace((root_ / "nothing").string()), "");
}

}  // namespace
}  // namespace action

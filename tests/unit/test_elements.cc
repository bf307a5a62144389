// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/elements.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "action/error.h"

namespace action {
namespace {

class Elements : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "elementsXXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = (folder_ / "elements.csv").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<ElementRow> Read(const std::string &text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadElements(path_);
  }
  std::string ErrorOf(const std::string &text) {
    try {
      auto rows = Read(text);
      LabelTable labels = Labels();
      ApplyElements(rows, path_, labels);
    } catch (const Error &e) {
      return e.what();
    }
    return "no error";
  }
  static LabelTable Labels() {
    return {{"apply", "wait"},
            {{"apply_greace_to_o_ring_va", "apply", ValueCategory::kVa, {}},
             {"apply_tape_rnva", "apply", ValueCategory::kRnva, {}},
             {"waiting", "wait", ValueCategory::kUnknown, {}}}};
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(Elements, SayWhatTheFactorySays) {
  // As a spreadsheet writes it: byte order mark, CRLF, quotes, columns in its own order, one of them missing.
  const auto rows = Read(
      "\xef\xbb\xbforder,Label,name,value,optional,standard_seconds,min_seconds\r\n"
      "2,Apply Greace to O-Ring VA,\"Apply grease, to O-ring\",rnva,yes,4.5,1\r\n"
      "\r\n"
      ",apply_tape_rnva,Band \xe8\xb2\xbc\xe3\x82\x8b,,,,\r\n");
  LabelTable labels = Labels();
  ApplyElements(rows, path_, labels);
  const FineLabel &grease = labels.fine[0];
  EXPECT_EQ(grease.label, "apply_greace_to_o_ring_va") << "the trained label stays";
  EXPECT_EQ(grease.element.name, "Apply grease, to O-ring");
  EXPECT_EQ(grease.category, ValueCategory::kRnva);
  EXPECT_EQ(grease.element.order, 2);
  EXPECT_TRUE(grease.element.optional);
  EXPECT_EQ(grease.element.standard_seconds, 4.5);
  EXPECT_EQ(grease.element.min_seconds, 1);
  EXPECT_EQ(labels.fine[1].category, ValueCategory::kRnva) << "what the file leaves out the suffix says";
  EXPECT_EQ(labels.fine[1].element.name, "Band \xe8\xb2\xbc\xe3\x82\x8b");
  EXPECT_FALSE(labels.fine[1].element.order);
  EXPECT_EQ(labels.fine[2], Labels().fine[2]) << "a label without a row is what it was";
}

TEST_F(Elements, OfASpreadsheetWithSemicolonsAndDecimalCommas) {
  const auto rows = Read("label;name;min_seconds;;\r\nturn_nut_va;\"Mutter; fest\";1,25;;\r\n;;;;\r\n");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].element.name, "Mutter; fest");
  EXPECT_EQ(rows[0].element.min_seconds, 1.25);
}

TEST_F(Elements, WhatIsWrongIsSaidWithItsLine) {
  const auto expect = [this](const std::string &text, const std::string &words) {
    const std::string said = ErrorOf(text);
    EXPECT_NE(said.find(words), std::string::npos) << text << "\n" << said;
    EXPECT_NE(said.find(path_), std::string::npos) << said;
  };
  expect("", "are empty");
  expect("name,value\n", "line 1: no column 'label'");
  expect("label,min_second\n", "line 1: unknown column 'min_second'; expected some of label, name");
  expect("label,label\n", "line 1: the column label is there twice");
  expect("label\nwaiting\nwatching\n",
         "line 3: the model has no label 'watching'. It knows apply_greace_to_o_ring_va, ");
  expect("label\nwaiting\n\nwaiting\n", "line 4: the label 'waiting' is in line 2 already");
  expect("label,value\nwaiting,WASTE\n", "line 2: value is 'WASTE'; expected VA, RNVA, NVA or UNKNOWN");
  expect("label,order\nwaiting,1.5\n", "line 2: order is '1.5'; expected a whole number");
  expect("label,order\nwaiting,-1\n", "line 2: order is '-1'");
  expect("label,optional\nwaiting,perhaps\n", "line 2: optional is 'perhaps'; expected yes or no");
  expect("label,standard_seconds\nwaiting,0\n", "line 2: standard_seconds is '0'");
  expect("label,min_seconds\nwaiting,2 s\n", "line 2: min_seconds is '2 s'; expected a number of seconds");
  expect("label,min_seconds\nwaiting,nan\n", "min_seconds is 'nan'");
  expect("label,min_seconds\nwaiting,2,5\n", "line 2: it has 3 fields, the first line names 2 columns");
  expect("label,name\n,Nobody\n", "line 2: the label is missing");
  expect(
      "label,name\nwaiting,Pr\xfc"
      "fen\n",
      "line 2: its letters are not in UTF-8. Save the file as \"CSV UTF-8\"");
  expect("label,name\nwaiting,\"two\nlines\"\n", "line 2: name holds a line break");
  expect("label,name\nwaiting,\"open\n", "a quote is opened and never closed");
  std::filesystem::remove(path_);
  EXPECT_THROW(ReadElements(path_), Error);
  try {
    ReadElements(folder_.string());
    FAIL() << "a folder";
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find(folder_.string() + ": it is a folder"), std::string::npos) << e.what();
  }
}

TEST_F(Elements, TheTemplateIsRightAsItIs) {
  const std::string text = ElementsTemplate(Labels());
  EXPECT_NE(text.find("apply_tape_rnva,Apply tape,RNVA,apply,,no,,"), std::string::npos) << text;
  EXPECT_NE(text.find("waiting,Waiting,NVA,wait"), std::string::npos) << text;
  LabelTable labels = Labels();
  ApplyElements(Read(text), path_, labels);
  EXPECT_EQ(labels.fine[0].element.name, "Apply greace to o ring");
  // Two families with a label of one name.
  labels.fine.push_back(labels.fine[0]);
  EXPECT_EQ(Read(ElementsTemplate(labels)).size(), 3u);
}

TEST(Meaning, OfNames) {
  EXPECT_EQ(MeaningOf("waiting", "waiting"), Meaning::kWaiting);
  EXPECT_EQ(MeaningOf("idle_nva", "idle"), Meaning::kWaiting);
  EXPECT_EQ(MeaningOf("absent", "absent"), Meaning::kAbsent);
  EXPECT_EQ(MeaningOf("background", "background"), Meaning::kUnmeasured);
  EXPECT_EQ(MeaningOf("wait_idle_nva", "wait"), Meaning::kWork) << "the whole name, not a part of it";
}

TEST_F(Elements, AModelThatNamesNoValuesIsToldAndAskedFor) {
  LabelTable labels;
  labels.coarse = {"mount", "waiting"};
  labels.fine = {{"mount_wheel", "mount"}, {"mount_screw", "mount"}, {"waiting", "waiting"}};
  EXPECT_EQ(WithoutCategory(labels), (std::vector<std::string>{"mount_wheel", "mount_screw"}));
  const std::string notice = NoValuesNotice(labels, "some/model");
  EXPECT_NE(notice.find("gst-action-elements some/model"), std::string::npos) << notice;
  const std::string table = ElementsTemplate(labels);
  EXPECT_NE(table.find("mount_wheel,Mount wheel,,mount,"), std::string::npos) << "left to be filled in: " << table;
  EXPECT_NE(table.find("waiting,Waiting,NVA,"), std::string::npos) << table;
  labels.fine[0].category = ValueCategory::kVa;
  EXPECT_TRUE(NoValuesNotice(labels, "some/model").empty()) << "one is enough: who names values has named this so";
}

}  // namespace
}  // namespace action

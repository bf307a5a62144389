// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/input_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/crc32.h"
#include "action/io/json_text.h"
#include "helpers/error_of.h"

namespace action {
namespace {

namespace fs = std::filesystem;

void ExpectSaid(const std::string &said, const std::string &words) {
  EXPECT_NE(said.find(words), std::string::npos) << "expected '" << words << "' in '" << said << "'";
}

class InputFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("input-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = (folder_ / "file").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Refused(uint64_t most = 100) const {
    return ErrorOf([&] { ReadText(path_, "the file " + path_, most); });
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(InputFile, OnlyRegularFilesOfBoundedSizeAreRead) {
  ExpectSaid(Refused(), "cannot read the file " + path_ + ": No such file");
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  ExpectSaid(Refused(), "it is not a regular file");  // nobody writes to it, and nobody waits
  fs::remove(path_);
  fs::create_directory(path_);
  ExpectSaid(Refused(), "it is a folder");
  fs::remove(path_);
  std::ofstream(path_) << std::string(1 << 20, 'x');
  EXPECT_EQ(ReadText(path_, "", 1 << 20).size(), size_t{1} << 20);
  EXPECT_EQ(ReadBytes(path_, "", 1 << 20).size(), size_t{1} << 20);
  ExpectSaid(Refused((1 << 20) - 1), "more than 0 MiB");
  ExpectSaid(ErrorOf([] { ReadText("/dev/zero", "it", 100); }), "it is not a regular file");
  // A file of /proc has no size, and something in it.
  EXPECT_FALSE(ReadText("/proc/self/status", "", 1 << 20).empty());
  ExpectSaid(ErrorOf([] { ReadText("/proc/self/status", "it", 10); }), "more than");
}

TEST_F(InputFile, APipeThatIsOpenIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "words", 5), 5);
  close(ends[1]);
  EXPECT_EQ(ReadText("/dev/fd/" + std::to_string(ends[0]), "", 5), "words");
  close(ends[0]);
}

TEST(CheckText, SaysTheLine) {
  EXPECT_EQ(ErrorOf([] {
              CheckText(
                  "\xef\xbb\xbf"
                  "one\nzwei \xc3\xbc\n",
                  "it");
            }),
            "");
  ExpectSaid(ErrorOf([] { CheckText("one\ntw\xfc\n", "it"); }), "it line 2: its letters are not in UTF-8");
  ExpectSaid(ErrorOf([] { CheckText("tw\xfc\n", "it", 7, "Do so"); }),
             "it line 7: its letters are not in UTF-8. Do so");
  ExpectSaid(ErrorOf([] { CheckText(std::string_view("a\n\0", 3), "it"); }), "it line 2: it holds a NUL");
  ExpectSaid(ErrorOf([] {
               CheckText(std::string_view("\xff\xfe"
                                          "a\0",
                                          4),
                         "it");
             }),
             "UTF-16");
}

TEST(ParseJson, IsBoundedAndSaysTheLine) {
  const auto said = [](const std::string &text) { return ErrorOf([&] { ParseJson(text, "it"); }); };
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(said(nested(64)), "");
  EXPECT_EQ(said("[\"" + nested(100) + "\\\"" + nested(100) + "\"]"), "") << "brackets in a text are letters";
  ExpectSaid(said("\n" + nested(65)), "at line 2 it is nested more than 64 deep");
  ExpectSaid(said(nested(1'000'000)), "nested");
  ExpectSaid(said("{\"a\": 1,\n \"b\": 1e999}"), "the number 1e999 at line 2 is too large");
  ExpectSaid(said("{\"a\": 1,\n \"b\": }"), "it is not JSON at line 2, column 7");
  ExpectSaid(said("[1,\n2"), "it is not JSON at line 2");
  ExpectSaid(said("[\n\"\xff\"]"), "it line 2: its letters are not in UTF-8");
  ExpectSaid(said(" \n"), "it is empty");
  EXPECT_EQ(ParseJson("\xef\xbb\xbf[1]", "it"), nlohmann::json({1})) << "a byte order mark";
  ExpectSaid(ErrorOf([] { ParseJson("[\n}", "it", 10); }), "line 11");
}

TEST(ParseOrderedJson, KeepsTheOrderOfFewKeys) {
  std::string text = "{";
  for (int i = 10'000; i > 0; --i)
    text += "\"" + std::to_string(i) + "\":[{\"a\":1}],";
  text.back() = '}';
  EXPECT_EQ(ParseOrderedJson(text, "it").begin().key(), "10000");
  text.back() = ',';
  ExpectSaid(ErrorOf([&] { ParseOrderedJson(text + "\"0\":1}", "it"); }), "an object has more than 10000 keys");
  EXPECT_EQ(ParseJson(text + "\"0\":1}", "it").size(), 10'001u);
}

TEST(Crc32, IsThatOfZipArchives) {
  const std::string text = "123456789";  // the check value of every table of checksums
  EXPECT_EQ(Crc32(std::as_bytes(std::span(text))), 0xcbf43926u);
}

TEST_F(InputFile, WhatIsNotCommittedIsNeverSeen) {
  std::ofstream(path_) << "old";
  {
    AtomicFile file(path_);
    file.Write("new");
    // A file system without nameless files has one more.
    EXPECT_LE(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
  }
  EXPECT_EQ(ReadText(path_, "", 100), "old");
  AtomicFile file(path_);
  file.Write("new");
  file.Commit();
  EXPECT_EQ(ReadText(path_, "", 100), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  // The umask decides who may read it, as of any new file.
  struct stat facts {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(facts.st_mode & 0777, 0666 & ~mask);
  ExpectSaid(ErrorOf([&] { AtomicFile(folder_.string()); }), "cannot write " + folder_.string() + ": it is a folder");
  ExpectSaid(ErrorOf([&] { AtomicFile(path_ + std::string(300, 'x')); }), "File name too long");
  ExpectSaid(ErrorOf([&] { AtomicFile(folder_.string() + "/none/file"); }), "No such file");
}

}  // namespace
}  // namespace action

// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/processors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace action {
namespace {

// The files that the kernel shows of control groups, under a folder of the test's own.
class Processors : public testing::Test {
 protected:
  Processors() {
    root_ = std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
  }
  void Write(const std::string &file, const std::string &text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  int Usable() const { return UsableProcessors(root_); }

  std::filesystem::path root_;
  // What the machine has for this process; the tests run on one with one CPU too.
  const int all_ = static_cast<int>(std::thread::hardware_concurrency());
};

TEST_F(Processors, AllWithoutControlGroups) {
  EXPECT_EQ(Usable(), all_);
}

TEST_F(Processors, QuotaOfTheOwnGroupCountsPartsWhole) {
  Write("proc/self/cgroup", "0::/work/job\n");
  Write("sys/fs/cgroup/work/job/cpu.max", "50000 100000\n");
  EXPECT_EQ(Usable(), 1) << "half a processor";
  Write("sys/fs/cgroup/work/job/cpu.max", "110000 100000\n");
  EXPECT_EQ(Usable(), std::min(2, all_)) << "1.1 processors";
  Write("sys/fs/cgroup/work/job/cpu.max", "99900000 100000\n");
  EXPECT_EQ(Usable(), all_) << "more than there are";
  Write("sys/fs/cgroup/work/job/cpu.max", "max 100000\n");
  EXPECT_EQ(Usable(), all_);
}

TEST_F(Processors, GroupsAboveLimitToo) {
  Write("proc/self/cgroup", "0::/pod/container\n");
  Write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/pod/cpu.max", "100000 100000\n");
  EXPECT_EQ(Usable(), 1);
}

TEST_F(Processors, ContainerSeesItsOwnGroupAsTheRoot) {
  Write("proc/self/cgroup", "0::/system.slice/docker-0123.scope\n");
  Write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(Usable(), 1);
}

TEST_F(Processors, VersionOne) {
  Write("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/job\n");
  Write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "50000\n");
  Write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(Usable(), all_);
  Write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(Usable(), 1);
}

TEST_F(Processors, NonsenseLimitsNothing) {
  Write("proc/self/cgroup", "\nnonsense\n0:\n0::\n0::/a/../../b\n");
  for (const char *text : {"", "-5 100000", "100000", "100000 0", "many few", "0 0"}) {
    Write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(Usable(), all_) << text;
  }
}

}  // namespace
}  // namespace action

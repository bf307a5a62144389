// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Queues and worker, with a network of the test's own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "action/error.h"
#include "actiontorch/feature_service.h"

namespace action {
namespace {

// A network that waits until it is let through, and returns the first pixel.
class Gate {
 public:
  BatchNetwork Network(int max_batch, int best_batch) {
    const auto run = [this](std::span<const Chunk> chunks, std::span<Features> features) {
      std::unique_lock lock(mutex_);
      ++inside_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      --inside_;
      batches_.push_back(static_cast<int>(chunks.size()));
      for (size_t i = 0; i < chunks.size(); ++i) {
        order_.push_back(chunks[i].pixels[0]);
        features[i][0] = chunks[i].pixels[0];
      }
    };
    return {run, max_batch, best_batch};
  }
  void Set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  void WaitForOneInside() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_ > 0; });
  }
  std::vector<int> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  // Chunks in each pass.
  std::vector<int> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
  std::vector<int> order_;
  std::vector<int> batches_;
};

Chunk ChunkOf(int number) {
  Chunk chunk;
  chunk.pixels = {static_cast<uint8_t>(number)};
  return chunk;
}

class FeatureServiceTest : public testing::Test {
 protected:
  void TearDown() override { gate_.Set(true); }
  std::shared_ptr<FeatureService> Start(int max_batch = 1, int best_batch = 1) {
    return StartFeatureService({}, [=, this] { return gate_.Network(max_batch, best_batch); });
  }
  static void Submit(FeatureStream &stream, std::initializer_list<int> numbers) {
    for (const int number : numbers) {
      Chunk chunk = ChunkOf(number);
      ASSERT_TRUE(stream.TrySubmit(chunk));
    }
  }
  static std::vector<float> TakeAll(FeatureStream &stream) {
    std::vector<float> values;
    while (stream.outstanding() > 0 && stream.WaitForResult()) {
      while (auto result = stream.Take())
        values.push_back(result->features ? (*result->features)[0] : -1.0f);
    }
    return values;
  }
  Gate gate_;
};

TEST_F(FeatureServiceTest, ResultsComeInOrder) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 100});
  gate_.Set(true);
  std::vector<float> expected;
  for (int i = 0; i < 50; ++i) {
    Chunk chunk = ChunkOf(i);
    ASSERT_TRUE(stream->TrySubmit(chunk));
    expected.push_back(static_cast<float>(i));
  }
  EXPECT_EQ(TakeAll(*stream), expected);
}

TEST_F(FeatureServiceTest, AFullQueueRefuses) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 2});
  Chunk first = ChunkOf(0);
  ASSERT_TRUE(stream->TrySubmit(first));
  gate_.WaitForOneInside();  // taken out of the queue
  for (int i = 1; i <= 2; ++i) {
    Chunk chunk = ChunkOf(i);
    ASSERT_TRUE(stream->TrySubmit(chunk));
  }
  Chunk third = ChunkOf(3);
  EXPECT_FALSE(stream->TrySubmit(third));
  EXPECT_EQ(third.pixels.size(), 1u) << "the chunk stays with the caller";
  gate_.Set(true);
  ASSERT_TRUE(stream->WaitForResultOrRoom());
  EXPECT_EQ(TakeAll(*stream), (std::vector<float>{0, 1, 2}));
}

TEST_F(FeatureServiceTest, TheOldestWaitingIsDropped) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 2});
  Chunk first = ChunkOf(0);
  stream->SubmitDroppingOldest(first);
  gate_.WaitForOneInside();
  for (int i = 1; i <= 4; ++i) {
    Chunk chunk = ChunkOf(i);
    stream->SubmitDroppingOldest(chunk);
  }
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stream), (std::vector<float>{0, -1, -1, 3, 4})) << "dropped ones keep their place";
}

TEST_F(FeatureServiceTest, StreamsTakeTurns) {
  auto service = Start();
  auto a = service->OpenStream({.max_pending = 10});
  auto b = service->OpenStream({.max_pending = 10});
  Chunk head = ChunkOf(99);
  a->TrySubmit(head);
  gate_.WaitForOneInside();
  for (int i = 0; i < 3; ++i) {
    Chunk chunk = ChunkOf(i);
    a->TrySubmit(chunk);
  }
  for (int i = 10; i < 13; ++i) {
    Chunk chunk = ChunkOf(i);
    b->TrySubmit(chunk);
  }
  gate_.Set(true);
  TakeAll(*a);
  TakeAll(*b);
  EXPECT_EQ(gate_.order(), (std::vector<int>{99, 10, 0, 11, 1, 12, 2}));
}

TEST_F(FeatureServiceTest, APassTakesWhatWaitsAndNeverWaitsForMore) {
  auto service = Start(8, 4);
  auto a = service->OpenStream({.max_pending = 10});
  auto b = service->OpenStream({.max_pending = 10});
  Submit(*a, {99});
  gate_.WaitForOneInside();
  Submit(*a, {0, 1, 2, 3});
  Submit(*b, {10, 11});
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*a), (std::vector<float>{99, 0, 1, 2, 3}));
  EXPECT_EQ(TakeAll(*b), (std::vector<float>{10, 11}));
  EXPECT_EQ(gate_.batches(), (std::vector<int>{1, 4, 2}));
  EXPECT_EQ(gate_.order(), (std::vector<int>{99, 10, 0, 11, 1, 2, 3})) << "in turn, within a pass too";
}

TEST_F(FeatureServiceTest, NoPassIsLargerThanAStreamInItWants) {
  auto service = Start(8, 4);
  auto wide = service->OpenStream({.max_pending = 10, .batch_size = 100});
  auto narrow = service->OpenStream({.max_pending = 10, .batch_size = 2});
  Submit(*wide, {99});
  gate_.WaitForOneInside();
  Submit(*wide, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  Submit(*narrow, {10});
  gate_.Set(true);
  TakeAll(*wide);
  TakeAll(*narrow);
  EXPECT_EQ(gate_.batches(), (std::vector<int>{1, 2, 8, 1})) << "two with the narrow stream, then the network's most";
}

TEST_F(FeatureServiceTest, AStreamThatGoesAwayInABatchHarmsNobody) {
  auto service = Start(4, 4);
  auto stays = service->OpenStream({.max_pending = 4});
  auto goes = service->OpenStream({.max_pending = 4});
  Submit(*stays, {99});
  gate_.WaitForOneInside();
  Submit(*goes, {1});
  Submit(*stays, {2});
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stays), (std::vector<float>{99, 2}));
  gate_.Set(false);
  Submit(*goes, {3});
  Submit(*stays, {4});
  gate_.WaitForOneInside();
  goes.reset();
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stays), (std::vector<float>{4}));
}

TEST_F(FeatureServiceTest, StatisticsCountWhatBecameOfChunks) {
  auto service = Start(4, 4);
  auto a = service->OpenStream({.max_pending = 2});
  auto b = service->OpenStream({.max_pending = 2});
  EXPECT_EQ(a->stats().network_streams, 2);
  Submit(*a, {0});
  gate_.WaitForOneInside();
  for (int i = 1; i <= 3; ++i) {
    Chunk chunk = ChunkOf(i);
    a->SubmitDroppingOldest(chunk);
  }
  Submit(*b, {10});
  EXPECT_EQ(a->stats().dropped, 1u) << "at once";
  gate_.Set(true);
  TakeAll(*a);
  TakeAll(*b);
  b.reset();
  const StreamStats stats = a->stats();
  EXPECT_EQ(stats.chunks, 3u);
  EXPECT_EQ(stats.batches, 2u);
  EXPECT_EQ(stats.dropped, 1u);
  EXPECT_EQ(stats.network_chunks, 4u) << "of streams that have ended, too";
  EXPECT_EQ(stats.network_batches, 2u);
  EXPECT_EQ(stats.network_streams, 1);
  EXPECT_GT(stats.wait.count(), 0);
  EXPECT_GT(stats.compute.count(), 0);
  EXPECT_LE(stats.compute, stats.network_compute);
}

TEST_F(FeatureServiceTest, InterruptEndsWaitsUntilResume) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 1});
  Chunk chunk = ChunkOf(0);
  stream->TrySubmit(chunk);
  auto waiting = std::async(std::launch::async, [&] { return stream->WaitForResult(); });
  gate_.WaitForOneInside();
  stream->Interrupt();
  EXPECT_FALSE(waiting.get());
  EXPECT_FALSE(stream->WaitForResult()) << "present and future waits";
  stream->Resume();
  gate_.Set(true);
  EXPECT_TRUE(stream->WaitForResult());
}

TEST_F(FeatureServiceTest, DiscardForgetsWhatIsUnderWay) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 4});
  for (int i = 0; i < 3; ++i) {
    Chunk chunk = ChunkOf(i);
    stream->TrySubmit(chunk);
  }
  gate_.WaitForOneInside();
  stream->Discard();
  EXPECT_EQ(stream->outstanding(), 0u);
  Chunk next = ChunkOf(7);
  stream->TrySubmit(next);
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stream), (std::vector<float>{7}));
}

TEST_F(FeatureServiceTest, AStreamThatGoesAwayHarmsNobody) {
  auto service = Start();
  auto stays = service->OpenStream({.max_pending = 4});
  auto goes = service->OpenStream({.max_pending = 4});
  Chunk gone = ChunkOf(1);
  goes->TrySubmit(gone);
  gate_.WaitForOneInside();
  Chunk kept = ChunkOf(2);
  stays->TrySubmit(kept);
  goes.reset();
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stays), (std::vector<float>{2}));
}

// The first pass ends only when the second has.
TEST(FeatureService, PassesOverlapWhereTheNetworkHasThreads) {
  std::promise<void> second_ended;
  auto second = second_ended.get_future();
  std::atomic<bool> overlapped{false};
  const auto run = [&](std::span<const Chunk> chunks, std::span<Features> features) {
    features[0][0] = chunks[0].pixels[0];
    if (chunks[0].pixels[0] == 1) {
      overlapped = second.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    } else {
      second_ended.set_value();
    }
  };
  auto service = StartFeatureService({}, [&] { return BatchNetwork{run, 1, 1, 2}; });
  auto stream = service->OpenStream({.max_pending = 2});
  for (const int number : {1, 2}) {
    Chunk chunk = ChunkOf(number);
    ASSERT_TRUE(stream->TrySubmit(chunk));
  }
  for (const float number : {1.0f, 2.0f}) {
    ASSERT_TRUE(stream->WaitForResult());
    EXPECT_EQ((*stream->Take()->features)[0], number) << "in order all the same";
  }
  EXPECT_TRUE(overlapped);
  const StreamStats stats = stream->stats();
  EXPECT_EQ(stats.network_batches, 2u);
  EXPECT_LT(stats.network_compute, stats.compute) << "what overlaps counts once";
}

TEST_F(FeatureServiceTest, AStreamOutlivesItsService) {
  auto service = Start();
  auto stream = service->OpenStream({.max_pending = 4});
  service.reset();
  gate_.Set(true);
  Chunk chunk = ChunkOf(5);
  stream->TrySubmit(chunk);
  EXPECT_EQ(TakeAll(*stream), (std::vector<float>{5}));
}

// Chunks with context go through the network one by one, each with what is kept of its stream.
TEST(FeatureService, ChunksWithContext) {
  struct Counter : KeptFrames {
    int seen = 0;
  };
  const auto plain = [](std::span<const Chunk> chunks, std::span<Features> features) {
    for (size_t i = 0; i < chunks.size(); ++i)
      features[i][0] = -static_cast<float>(chunks[i].pixels[0]);
  };
  const auto continual = [](const Chunk &chunk, std::unique_ptr<KeptFrames> &kept, Features &features) {
    if (!kept) kept = std::make_unique<Counter>();
    auto &counter = static_cast<Counter &>(*kept);
    features[0] = static_cast<float>(chunk.pixels[0] + 10 * ++counter.seen);
  };
  auto service = StartFeatureService({}, [&] { return BatchNetwork{plain, 8, 8, 1, continual}; });
  auto first = service->OpenStream({.max_pending = 100}), second = service->OpenStream({.max_pending = 100});
  std::vector<float> expected[2];
  for (int i = 0; i < 20; ++i) {
    for (FeatureStream *stream : {first.get(), second.get()}) {
      Chunk chunk = ChunkOf(i);
      const bool alone = i % 5 == 0;
      chunk.after = alone ? 0 : 3;
      ASSERT_TRUE(stream->TrySubmit(chunk));
      const int before = i - i / 5;  // with context, of this stream
      expected[stream == second.get()].push_back(static_cast<float>(alone ? -i : i + 10 * before));
    }
  }
  const auto take_all = [](FeatureStream &stream) {
    std::vector<float> values;
    while (stream.outstanding() > 0 && stream.WaitForResult()) {
      while (auto result = stream.Take())
        values.push_back((*result->features)[0]);
    }
    return values;
  };
  EXPECT_EQ(take_all(*first), expected[0]);
  EXPECT_EQ(take_all(*second), expected[1]);
}

TEST(FeatureService, ErrorsComeWithTheResult) {
  auto service = StartFeatureService(
      {}, [] { return BatchNetwork{[](auto, auto) { throw std::runtime_error("out of memory on the device"); }}; });
  auto stream = service->OpenStream({.max_pending = 4});
  Chunk chunk = ChunkOf(0);
  stream->TrySubmit(chunk);
  ASSERT_TRUE(stream->WaitForResult());
  EXPECT_EQ(stream->Take()->error, "out of memory on the device");
}

TEST(FeatureService, AFactoryThatFailsIsRethrown) {
  EXPECT_THROW(StartFeatureService({}, []() -> BatchNetwork { throw Error("no such weights"); }), Error);
}

// A forked child has the locks and not the worker. It is told so, at once, whatever it tries.
TEST(FeatureService, RefusesToWorkInAForkedChild) {
  auto service = StartFeatureService({}, [] { return BatchNetwork{[](auto, auto) {}}; });
  auto stream = service->OpenStream({.max_pending = 4});
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that hangs is ended by a signal, and fails the test
    int refusals = 0;
    const auto expect = [&refusals](auto &&call) {
      try {
        call();
      } catch (const Error &e) {
        refusals += std::string(e.what()).find("spawn") != std::string::npos ? 1 : 0;
      }
    };
    Chunk chunk = ChunkOf(0);
    expect([&] { stream->TrySubmit(chunk); });
    expect([&] { stream->SubmitDroppingOldest(chunk); });
    expect([&] { stream->WaitForResult(); });
    expect([&] { service->OpenStream({.max_pending = 1}); });
    expect([&] { StartFeatureService({}, [] { return BatchNetwork(); }); });
    stream->Interrupt();
    stream->Discard();
    stream.reset();
    service.reset();
    _exit(refusals == 5 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  Chunk chunk = ChunkOf(1);
  EXPECT_TRUE(stream->TrySubmit(chunk)) << "the parent goes on";
  EXPECT_TRUE(stream->WaitForResult());
}

}  // namespace
}  // namespace action

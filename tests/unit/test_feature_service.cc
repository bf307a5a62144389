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
  ChunkFunction Function() {
    return [this](const Chunk &chunk) {
      std::unique_lock lock(mutex_);
      ++inside_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      --inside_;
      order_.push_back(chunk.pixels[0]);
      Features features{};
      features[0] = chunk.pixels[0];
      return features;
    };
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

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
  std::vector<int> order_;
};

Chunk ChunkOf(int number) {
  Chunk chunk;
  chunk.pixels = {static_cast<uint8_t>(number)};
  return chunk;
}

class FeatureServiceTest : public testing::Test {
 protected:
  void TearDown() override { gate_.Set(true); }
  std::shared_ptr<FeatureService> Start() {
    return StartFeatureService({}, [this] { return gate_.Function(); });
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
  auto stream = service->OpenStream(100);
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
  auto stream = service->OpenStream(2);
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
  auto stream = service->OpenStream(2);
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
  auto a = service->OpenStream(10);
  auto b = service->OpenStream(10);
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

TEST_F(FeatureServiceTest, InterruptEndsWaitsUntilResume) {
  auto service = Start();
  auto stream = service->OpenStream(1);
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
  auto stream = service->OpenStream(4);
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
  auto stays = service->OpenStream(4);
  auto goes = service->OpenStream(4);
  Chunk gone = ChunkOf(1);
  goes->TrySubmit(gone);
  gate_.WaitForOneInside();
  Chunk kept = ChunkOf(2);
  stays->TrySubmit(kept);
  goes.reset();
  gate_.Set(true);
  EXPECT_EQ(TakeAll(*stays), (std::vector<float>{2}));
}

TEST_F(FeatureServiceTest, AStreamOutlivesItsService) {
  auto service = Start();
  auto stream = service->OpenStream(4);
  service.reset();
  gate_.Set(true);
  Chunk chunk = ChunkOf(5);
  stream->TrySubmit(chunk);
  EXPECT_EQ(TakeAll(*stream), (std::vector<float>{5}));
}

TEST(FeatureService, ErrorsComeWithTheResult) {
  auto service = StartFeatureService({}, [] {
    return ChunkFunction([](const Chunk &) -> Features { throw std::runtime_error("out of memory on the device"); });
  });
  auto stream = service->OpenStream(4);
  Chunk chunk = ChunkOf(0);
  stream->TrySubmit(chunk);
  ASSERT_TRUE(stream->WaitForResult());
  EXPECT_EQ(stream->Take()->error, "out of memory on the device");
}

TEST(FeatureService, AFactoryThatFailsIsRethrown) {
  EXPECT_THROW(StartFeatureService({}, []() -> ChunkFunction { throw Error("no such weights"); }), Error);
}

// A forked child has the locks and not the worker. It is told so, at once, whatever it tries.
TEST(FeatureService, RefusesToWorkInAForkedChild) {
  auto service = StartFeatureService({}, [] { return ChunkFunction([](const Chunk &) { return Features{}; }); });
  auto stream = service->OpenStream(4);
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
    expect([&] { service->OpenStream(1); });
    expect([&] { StartFeatureService({}, [] { return ChunkFunction(); }); });
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

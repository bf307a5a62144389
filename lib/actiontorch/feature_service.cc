// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/feature_service.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <future>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "action/error.h"

namespace action {
namespace {

// Set in the child of a fork: the worker thread is not there any more, and its locks may be held for ever.
// What they wait on is not destroyed there either: destroying a condition variable waits for its waiters, for ever.
std::atomic<bool> forked{false};

void RefuseInForkedChild() {
  if (forked) {
    throw Error("the feature network was started before this process was forked, and does not live on in the child. " +
                std::string("Start the child afresh instead (Python: multiprocessing.set_start_method('spawn'))"));
  }
}

constexpr const char *kNoNumbers =
    "the network answered with features that are not numbers. Its weights are damaged, or too large for the precision: "
    "try precision=fp32, and gst-action-weights verify FILE";

bool AreNumbers(const Features &features) {
  return std::ranges::all_of(features, [](float value) { return std::isfinite(value); });
}

class Worker;

// Workers that must not compute when the process ends. Never destroyed, since exit handlers use it.
class WorkerList {
 public:
  static WorkerList &Get() {
    static auto *list = new WorkerList;
    return *list;
  }
  void Add(Worker *worker);
  void Remove(Worker *worker);

 private:
  static void StopAll();
  std::mutex mutex_;  // taken before a worker's own
  std::list<Worker *> workers_;
  bool registered_ = false;
};

using Clock = std::chrono::steady_clock;

struct Slot {
  enum class State { kWaiting, kRunning, kDone };
  FeatureResult result;
  State state = State::kWaiting;
  Chunk chunk;  // until it is run
  Clock::time_point submitted = Clock::now();
};

// What a stream and the worker share. Everything is protected by the worker's mutex.
struct Queue {
  explicit Queue(const StreamOptions &options)
      : max_pending(static_cast<size_t>(std::max(options.max_pending, 1))),
        batch_size(static_cast<size_t>(std::max(options.batch_size, 0))) {}
  const size_t max_pending;
  const size_t batch_size;  // 0: no wish
  std::deque<Slot> slots;   // in order of submission, until taken
  size_t waiting = 0;
  uint64_t next_tag = 0;
  bool interrupted = false;
  bool closed = false;
  StreamStats stats;  // of the stream alone
  std::condition_variable changed;
  std::unique_ptr<KeptFrames> kept;  // the worker's, no lock needed
};

class Worker {
 public:
  explicit Worker(const NetworkFactory &factory) {
    std::promise<void> made_here;
    std::future<void> made = made_here.get_future();
    thread_ = std::thread([this, &factory, ready = std::move(made_here)]() mutable {
      pthread_setname_np(pthread_self(), "action-service");  // OpenMP's threads, begun by it, are called so too
      BatchNetwork network;
      try {
        network = factory();
      } catch (...) {
        ready.set_exception(std::current_exception());
        return;
      }
      std::vector<std::thread> others;
      try {
        for (int i = 1; i < network.threads; ++i)
          others.emplace_back([this, &network] { Run(network); });
      } catch (const std::system_error &) {
        // No more threads to be had: those that there are do the work.
      }
      ready.set_value();
      Run(network);
      for (std::thread &other : others)
        other.join();
    });
    try {
      made.get();
    } catch (...) {
      thread_.join();
      throw;
    }
    // After the first pass: handlers run in reverse order, so this one ends the worker before LibTorch's own statics
    // go.
    WorkerList::Get().Add(this);
  }

  ~Worker() {
    WorkerList::Get().Remove(this);
    Stop();
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      work_.notify_all();
      for (const auto &queue : queues_)
        queue->changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  std::mutex &mutex() { return mutex_; }
  bool stopping() const { return stopping_; }
  void NotifyWork() { work_.notify_one(); }

  void AddQueue(const std::shared_ptr<Queue> &queue) {
    const std::lock_guard lock(mutex_);
    queues_.push_back(queue);
  }

  StreamStats StatsOf(const Queue &queue) {
    const std::lock_guard lock(mutex_);
    StreamStats stats = queue.stats;
    stats.network_chunks = totals_.network_chunks;
    stats.network_batches = totals_.network_batches;
    stats.network_compute = totals_.network_compute;
    stats.network_streams = static_cast<int>(queues_.size());
    return stats;
  }

  void RemoveQueue(const std::shared_ptr<Queue> &queue) {
    const std::lock_guard lock(mutex_);
    queues_.remove(queue);
  }

 private:
  // A chunk on its way through the network.
  struct Place {
    std::shared_ptr<Queue> queue;
    uint64_t tag;
    bool first;  // of its queue in this pass
  };

  bool HasWork() const {
    return std::ranges::any_of(queues_, [](const auto &queue) { return queue->waiting > 0; });
  }

  // Takes what waits, a chunk of each queue in turn; a queue that was served moves to the back. No wish of a queue that
  // takes part is exceeded. A chunk with context is alone.
  void TakeBatch(const BatchNetwork &network, std::vector<Place> &places, std::vector<Chunk> &chunks) {
    const auto best = static_cast<size_t>(std::max(network.best_batch, 1));
    const auto wish = [best](const Queue &queue) { return queue.batch_size > 0 ? queue.batch_size : best; };
    auto limit = static_cast<size_t>(std::max(network.max_batch, 1));
    const Clock::time_point now = Clock::now();
    while (places.size() < limit) {
      const auto found = std::ranges::find_if(
          queues_, [&](const auto &queue) { return queue->waiting > 0 && places.size() < wish(*queue); });
      if (found == queues_.end()) return;
      const auto slot = std::ranges::find((*found)->slots, Slot::State::kWaiting, &Slot::state);
      if (slot->chunk.has_context()) {
        if (!places.empty()) return;
        limit = 1;
      }
      queues_.splice(queues_.end(), queues_, found);
      Queue &queue = *queues_.back();
      limit = std::min(limit, wish(queue));
      slot->state = Slot::State::kRunning;
      --queue.waiting;
      queue.stats.wait += now - slot->submitted;
      queue.changed.notify_all();
      const bool first =
          std::ranges::none_of(places, [&queue](const Place &place) { return place.queue.get() == &queue; });
      places.push_back({queues_.back(), slot->result.tag, first});
      chunks.push_back(std::move(slot->chunk));
    }
  }

  void Run(const BatchNetwork &network) {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || HasWork(); });
      if (stopping_) return;
      std::vector<Place> places;
      std::vector<Chunk> chunks;
      TakeBatch(network, places, chunks);

      const Clock::time_point start = Clock::now();
      if (running_++ == 0) busy_since_ = start;
      lock.unlock();
      std::vector<Features> features;
      std::string error;
      try {
        features.resize(chunks.size());
        if (chunks.front().has_context()) {
          network.run_continual(chunks.front(), places.front().queue->kept, features.front());
        } else {
          network.run(chunks, features);
        }
      } catch (const std::exception &e) {
        error = e.what();
      }
      lock.lock();
      const Clock::time_point now = Clock::now();
      const auto took = now - start;

      ++totals_.network_batches;
      totals_.network_chunks += chunks.size();
      totals_.network_compute += now - busy_since_;
      busy_since_ = now;
      --running_;
      for (size_t i = 0; i < places.size(); ++i) {
        Queue &queue = *places[i].queue;
        ++queue.stats.chunks;
        if (places[i].first) ++queue.stats.batches;
        queue.stats.compute += took / static_cast<int64_t>(places.size());
        // The stream may have forgotten the chunk in the meantime.
        const auto same = [tag = places[i].tag](const Slot &s) { return s.result.tag == tag; };
        const auto slot = std::ranges::find_if(queue.slots, same);
        if (slot == queue.slots.end()) continue;
        slot->result.error = error;
        if (error.empty()) {
          slot->result.features = features[i];
          if (!AreNumbers(features[i])) slot->result.error = kNoNumbers;
        }
        slot->state = Slot::State::kDone;
        queue.changed.notify_all();
      }
    }
  }

  std::mutex mutex_;  // protects all below but the thread, and every queue
  std::condition_variable work_;
  std::list<std::shared_ptr<Queue>> queues_;
  StreamStats totals_;            // the fields of the network
  int running_ = 0;               // passes now
  Clock::time_point busy_since_;  // while some run: what of the time is not in totals_ yet
  bool stopping_ = false;
  std::thread thread_;
};

void WorkerList::Add(Worker *worker) {
  const std::lock_guard lock(mutex_);
  workers_.push_back(worker);
  if (!std::exchange(registered_, true)) {
    std::atexit(StopAll);
    pthread_atfork(nullptr, nullptr, [] { forked = true; });
  }
}

void WorkerList::Remove(Worker *worker) {
  const std::lock_guard lock(mutex_);
  workers_.remove(worker);
}

void WorkerList::StopAll() {
  if (forked) return;
  WorkerList &list = Get();
  const std::lock_guard lock(list.mutex_);
  for (Worker *worker : list.workers_)
    worker->Stop();
}

class Stream : public FeatureStream {
 public:
  Stream(std::shared_ptr<Worker> worker, const StreamOptions &options)
      : worker_(std::move(worker)), queue_(std::make_shared<Queue>(options)) {
    worker_->AddQueue(queue_);
  }

  ~Stream() override {
    if (forked) {
      new std::shared_ptr<Queue>(queue_);
    } else {
      worker_->RemoveQueue(queue_);
    }
  }

  std::optional<uint64_t> TrySubmit(Chunk &chunk) override {
    RefuseInForkedChild();
    const std::lock_guard lock(worker_->mutex());
    if (queue_->waiting >= queue_->max_pending) return std::nullopt;
    return Append(chunk);
  }

  uint64_t SubmitDroppingOldest(Chunk &chunk) override {
    RefuseInForkedChild();
    const std::lock_guard lock(worker_->mutex());
    if (queue_->waiting >= queue_->max_pending) {
      const auto oldest = std::ranges::find(queue_->slots, Slot::State::kWaiting, &Slot::state);
      oldest->state = Slot::State::kDone;
      oldest->chunk = {};
      --queue_->waiting;
      ++queue_->stats.dropped;
      queue_->changed.notify_all();
    }
    return Append(chunk);
  }

  std::optional<FeatureResult> Take() override {
    if (forked) return std::nullopt;
    const std::lock_guard lock(worker_->mutex());
    if (!FrontIsDone()) return std::nullopt;
    FeatureResult result = std::move(queue_->slots.front().result);
    queue_->slots.pop_front();
    return result;
  }

  bool WaitForResultOrRoom() override {
    return Wait([this] { return FrontIsDone() || queue_->waiting < queue_->max_pending; });
  }

  bool WaitForResult() override {
    return Wait([this] { return FrontIsDone() || queue_->slots.empty(); });
  }

  size_t outstanding() const override {
    if (forked) return 0;
    const std::lock_guard lock(worker_->mutex());
    return queue_->slots.size();
  }

  bool computing() const override {
    if (forked) return false;
    const std::lock_guard lock(worker_->mutex());
    return std::ranges::any_of(queue_->slots, [](const Slot &slot) { return slot.state != Slot::State::kDone; });
  }

  StreamStats stats() const override { return forked ? StreamStats{} : worker_->StatsOf(*queue_); }

  void Interrupt() override {
    if (forked) return;
    const std::lock_guard lock(worker_->mutex());
    queue_->interrupted = true;
    queue_->changed.notify_all();
  }

  void Resume() override {
    if (forked) return;
    const std::lock_guard lock(worker_->mutex());
    queue_->interrupted = false;
  }

  void Close() override {
    if (forked) return;
    const std::lock_guard lock(worker_->mutex());
    queue_->closed = true;
    queue_->changed.notify_all();
  }

  void Discard() override {
    if (forked) return;
    const std::lock_guard lock(worker_->mutex());
    queue_->slots.clear();
    queue_->waiting = 0;
    queue_->changed.notify_all();
  }

 private:
  bool FrontIsDone() const { return !queue_->slots.empty() && queue_->slots.front().state == Slot::State::kDone; }

  uint64_t Append(Chunk &chunk) {
    Slot slot;
    slot.result.tag = queue_->next_tag++;
    slot.chunk = std::move(chunk);
    queue_->slots.push_back(std::move(slot));
    ++queue_->waiting;
    worker_->NotifyWork();
    return queue_->slots.back().result.tag;
  }

  template <typename Condition>
  bool Wait(Condition met) {
    RefuseInForkedChild();
    std::unique_lock lock(worker_->mutex());
    const auto ended = [&] { return queue_->interrupted || queue_->closed; };
    queue_->changed.wait(lock, [&] { return met() || ended() || worker_->stopping(); });
    return !ended() && met();
  }

  const std::shared_ptr<Worker> worker_;
  const std::shared_ptr<Queue> queue_;
};

class Service : public FeatureService {
 public:
  Service(ServiceInfo info, const NetworkFactory &factory)
      : info_(std::move(info)), worker_(new Worker(factory), [](Worker *worker) {
          if (!forked) delete worker;
        }) {}

  const ServiceInfo &info() const override { return info_; }

  std::unique_ptr<FeatureStream> OpenStream(const StreamOptions &options) override {
    RefuseInForkedChild();
    return std::make_unique<Stream>(worker_, options);
  }

 private:
  const ServiceInfo info_;
  const std::shared_ptr<Worker> worker_;
};

}  // namespace

std::shared_ptr<FeatureService> StartFeatureService(const ServiceInfo &info, const NetworkFactory &factory) {
  RefuseInForkedChild();
  return std::make_shared<Service>(info, factory);
}

}  // namespace action

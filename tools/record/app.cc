// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/app.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <malloc.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "action/error.h"
#include "action/text.h"
#include "common/command_line.h"
#include "common/encoder.h"
#include "record/camera.h"
#include "record/deadline.h"
#include "record/health_server.h"
#include "record/lines.h"
#include "record/models.h"
#include "record/network_loader.h"
#include "record/recovery.h"
#include "record/retention.h"
#include "record/service_manager.h"
#include "record/station.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr guint kPollInterval = 500;  // ms
constexpr GstClockTime kRetentionInterval = 10 * GST_SECOND;
constexpr GstClockTime kMostStopping = 4500 * GST_MSECOND;  // systemd, and whoever pulls the plug, do not wait for ever
constexpr std::chrono::seconds kPatience{15};               // from the wish to end to an end
constexpr GstClockTime kBeginAgain = 30 * GST_SECOND;
constexpr int64_t kClockStep = 600'000'000'000;  // ns: more is no drift
constexpr GstClockTime kDistrust = 3600 * GST_SECOND;
constexpr GstClockTime kDroppingTime = 60 * GST_SECOND;
constexpr GstClockTime kTrimInterval = 60 * GST_SECOND;

// One line, at once: several threads say something.
void Say(const std::string &text) {
  const std::string line = "gst-action-record: " + Printable(text) + "\n";
  std::fputs(line.c_str(), stderr);
}

// Threads come and go with cameras and files. glibc gives them up to eight heaps a processor, each of which keeps its
// holes; months of that add up.
void UseFewHeaps() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 2);
#endif
}

void GiveBackFreeMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// One recorder for a folder.
class FolderLock {
 public:
  explicit FolderLock(const fs::path &folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    const std::string path = (folder / ".lock").string();
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) throw WriteError(path, errno, "cannot write to " + folder.string() + ": " + std::strerror(errno));
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      close(fd_);
      throw Error("another gst-action-record records to " + folder.string() + ": end it, or name another output");
    }
  }
  ~FolderLock() { close(fd_); }
  FolderLock(const FolderLock &) = delete;
  FolderLock &operator=(const FolderLock &) = delete;

 private:
  int fd_ = -1;
};

// Whether what all stations depend on is the same.
bool SameForStations(const SiteSettings &a, const SiteSettings &b) {
  return a.output == b.output && a.segment == b.segment && a.encoder == b.encoder && a.bitrate == b.bitrate &&
         a.durable == b.durable && a.subtitles == b.subtitles && a.stale == b.stale && a.frozen == b.frozen &&
         a.weights == b.weights && a.device == b.device && a.precision == b.precision;
}

// Empty where nothing is encoded. Throws Error.
std::string EncoderFor(const SiteSettings &site) {
  if (std::ranges::any_of(site.stations, &StationSettings::sound) && ChooseAudioEncoder().empty())
    throw Error("sound = true: no encoder for AAC or Opus is installed; gstreamer1.0-libav has one");
  const bool encodes = std::ranges::any_of(site.stations, &StationSettings::record_overlay);
  return encodes ? ChooseEncoder(site.encoder) : "";
}

class App final : public HealthServer::Source {
 public:
  App(const AppOptions &options, Deadline &deadline)
      : options_(options), deadline_(deadline), settings_(options.settings), lock_(settings_.output) {}
  ~App();
  int Run();

 private:
  SiteStatus Status() override;
  BytesPtr Picture(const std::string &station) override;

  void FollowNetwork();
  void Apply(const SiteSettings &settings, const std::string &encoder);
  void BeginMissing();
  void StartServer(const SiteSettings &settings);
  CameraReader &CameraFor(const SiteSettings &site, const StationSettings &station);
  void Reload();
  void Poll();
  void Retain();
  void Stop();
  bool AllStopped() const;

  const AppOptions &options_;
  Deadline &deadline_;
  SiteSettings settings_;
  const FolderLock lock_;
  const SharedTime time_;
  std::vector<std::unique_ptr<CameraReader>> cameras_;
  std::vector<std::unique_ptr<Station>> stations_;
  std::vector<std::unique_ptr<Station>> ending_;  // closing their files
  std::unique_ptr<HealthServer> server_;
  std::string token_;  // the page's
  std::thread retention_;
  std::atomic<bool> retaining_{false};
  std::set<std::string> told_of_retention_;  // the last time; of that thread
  NetworkLoader network_;
  std::string told_no_network_;
  struct Drops {
    uint64_t chunks = 0;
    GstClockTime at = GST_CLOCK_TIME_NONE;
  };
  std::map<std::string, Drops> drops_;  // by station
  std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop_{g_main_loop_new(nullptr, FALSE)};
  RecoveryQueue recovery_{Say};
  std::string encoder_;
  GstClockTime begin_at_ = 0;  // stations that are missing
  GstClockTime next_retention_ = 0;
  GstClockTime next_trim_ = kTrimInterval;
  int64_t clock_offset_ = 0;           // of this machine's clock to running time, at the last retention
  GstClockTime trust_clock_from_ = 0;  // for what is deleted by its age
  GstClockTime stopping_since_ = GST_CLOCK_TIME_NONE;
  GstClockTime next_watchdog_ = 0;
  std::string last_status_;
  int result_ = kDone;
};

App::~App() {
  if (retention_.joinable()) retention_.join();
  server_.reset();
  stations_.clear();
  ending_.clear();
  cameras_.clear();
}

CameraReader &App::CameraFor(const SiteSettings &site, const StationSettings &station) {
  const auto found = std::ranges::find_if(cameras_, [&](const auto &camera) { return camera->Serves(station); });
  if (found != cameras_.end()) return **found;
  cameras_.push_back(std::make_unique<CameraReader>(site, station, time_, Say));
  cameras_.back()->Start();
  return *cameras_.back();
}

// Stations that did not change go on, as do those of which only the counting of cycles did; the others end. encoder:
// EncoderFor the settings.
void App::Apply(const SiteSettings &settings, const std::string &encoder) {
  const bool first = stations_.empty() && ending_.empty();
  const bool same = !first && SameForStations(settings_, settings);
  const auto network_of = [](const SiteSettings &s) { return std::tie(s.weights, s.device, s.precision); };
  if (first || network_of(settings_) != network_of(settings)) network_.Begin(settings);
  std::vector<std::unique_ptr<Station>> kept;
  for (auto &station : stations_) {
    const auto found = std::ranges::find_if(
        settings.stations, [&](const StationSettings &s) { return SameButForCycles(s, station->settings()); });
    const bool wanted =
        same && found != settings.stations.end() && station->camera()->password() == PasswordOf(station->settings());
    if (wanted) {
      station->CountCycles(found->takt, found->cycle_start);
      kept.push_back(std::move(station));
    } else {
      station->Stop();
      ending_.push_back(std::move(station));
    }
  }
  stations_ = std::move(kept);
  // What ends takes no frames any more: its camera may go.
  std::erase_if(cameras_, [&](const auto &camera) {
    return std::ranges::none_of(stations_, [&](const auto &station) { return station->camera() == camera.get(); });
  });
  settings_ = settings;
  encoder_ = encoder;
}

// Stations that are wanted and do not run; one that changed begins when what it was has closed its files.
void App::BeginMissing() {
  for (const StationSettings &wanted : settings_.stations) {
    const auto is_wanted = [&wanted](const auto &station) { return station->settings() == wanted; };
    const auto has_name = [&wanted](const auto &station) { return station->settings().name == wanted.name; };
    if (std::ranges::any_of(stations_, is_wanted) || std::ranges::any_of(ending_, has_name)) continue;
    auto station = std::make_unique<Station>(settings_, wanted, encoder_, time_, Say);
    station->Start(CameraFor(settings_, wanted), network_.WhyNot());
    stations_.push_back(std::move(station));
  }
}

// Throws Error; the page that there is stays then, unless it has the same address.
void App::StartServer(const SiteSettings &settings) {
  if (settings.listen == "none") {
    server_.reset();
    return;
  }
  const std::string token = TokenOf(settings);
  if (settings.listen == settings_.listen) server_.reset();
  server_ = std::make_unique<HealthServer>(settings.listen, token, *this);
  token_ = token;
  Say("the page is at " + server_->address());
}

void App::Reload() {
  if (!options_.reload) {
    Say("SIGHUP: there is no site.toml to read again");
    return;
  }
  NotifyServiceManager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(g_get_monotonic_time()));
  try {
    const SiteSettings settings = options_.reload();
    if (settings.output != settings_.output) throw Error("output cannot change while it runs: start it again");
    CheckModels(settings);
    const std::string encoder = EncoderFor(settings);
    const bool other_page = settings.listen != settings_.listen || TokenOf(settings) != token_;
    if (other_page) StartServer(settings);
    Apply(settings, encoder);
    begin_at_ = 0;
    Say("site.toml was read again: " + Counted(settings_.stations.size(), "station"));
  } catch (const std::exception &e) {
    Say(std::string("SIGHUP: ") + e.what() + ". Everything goes on as it was");
  }
  NotifyServiceManager("READY=1");
}

void App::Retain() {
  std::set<fs::path> open;
  for (const auto *list : {&stations_, &ending_}) {
    for (const auto &station : *list) {
      const auto files = station->OpenFiles();
      open.insert(files.begin(), files.end());
    }
  }
  open.merge(recovery_.Files());
  // A clock that was set ahead by mistake must not make everything old.
  const GstClockTime now = time_.Now();
  const int64_t offset = g_get_real_time() * 1000 - static_cast<int64_t>(now);
  if (clock_offset_ != 0 && std::abs(offset - clock_offset_) > kClockStep) {
    Say("this machine's clock was set: for an hour nothing is deleted for its age");
    trust_clock_from_ = now + kDistrust;
  }
  clock_offset_ = offset;
  const bool trusted = now >= trust_clock_from_;
  if (retaining_.exchange(true)) return;  // many files, or a slow disk
  if (retention_.joinable()) retention_.join();
  const RetentionRules rules{trusted ? settings_.keep : 0, trusted ? settings_.keep_timeline : 0, settings_.max_size,
                             settings_.min_free};
  retention_ = std::thread([this, rules, open, output = settings_.output] {
    std::set<std::string> told;
    const auto tell = [this, &told](const std::string &what) {
      if (told.insert(what).second && !told_of_retention_.contains(what)) Say(what);
    };
    try {
      for (const KeptFile &file : ApplyRetention(output, rules, g_get_real_time() * 1000, open, tell))
        Say("deleted " + file.path.string() + (file.old ? ": it was older than is kept" : " to make room"));
    } catch (const std::exception &e) {
      tell(e.what());
    }
    told_of_retention_ = std::move(told);  // said again when it has been otherwise
    retaining_ = false;
  });
}

void App::FollowNetwork() {
  network_.Poll(time_.Now());
  const std::string why = network_.WhyNot();
  for (const auto &station : stations_)
    station->SetNetwork(why);
  if (std::exchange(told_no_network_, why) == why || why == NetworkLoader::kLoading) return;
  Say(why.empty() ? "the network is loaded: labels begin"
                  : why + ". The video is recorded without labels, and the network tried again");
}

void App::Poll() {
  const GstClockTime now = time_.Now();
  for (const auto &camera : cameras_)
    camera->Poll();
  FollowNetwork();
  for (const auto &station : stations_) {
    station->Poll();
    recovery_.Add(station->TakeCut());
  }
  std::erase_if(ending_, [](const auto &station) { return station->stopped() || station->overdue(); });
  if (GST_CLOCK_TIME_IS_VALID(stopping_since_)) {
    const bool late = now > stopping_since_ + kMostStopping;
    if (late) {
      Say("some files could not be closed in time: they are closed when the recorder starts again");
      result_ = kFailed;
    }
    if (late || AllStopped()) g_main_loop_quit(loop_.get());
    return;
  }
  if (now >= begin_at_) {
    try {
      BeginMissing();
    } catch (const Error &e) {
      Say(std::string(e.what()) + ". It is tried again");
      begin_at_ = now + kBeginAgain;
    }
  }
  if (now >= next_trim_) {
    next_trim_ = now + kTrimInterval;
    GiveBackFreeMemory();
  }
  if (now >= next_retention_) {
    next_retention_ = now + kRetentionInterval;
    Retain();
  }
  const SiteStatus status = Status();
  const std::vector<std::string> problems = ProblemsOf(status);
  const std::string line = problems.empty()
                               ? "STATUS=" + Counted(stations_.size(), "station") + " recorded and labelled"
                               : "STATUS=" + Counted(problems.size(), "problem") + ": " + problems.front();
  if (std::exchange(last_status_, line) != line) NotifyServiceManager(line);
  // Fed while frames flow from any camera that can send some; a camera that is unplugged is no reason to start anew.
  const int64_t watchdog = WatchdogInterval();
  const bool stuck =
      std::ranges::any_of(status.stations, [](const StationStatus &s) { return s.camera.up && !s.fresh; });
  if (watchdog > 0 && now >= next_watchdog_ && !stuck) {
    next_watchdog_ = now + static_cast<GstClockTime>(watchdog) / 3;
    NotifyServiceManager("WATCHDOG=1");
  }
}

SiteStatus App::Status() {
  SiteStatus status;
  const GstClockTime now = time_.Now();
  for (const auto &station : stations_) {
    StationStatus one = station->status();
    Drops &drops = drops_[one.name];
    if (one.dropped_chunks > drops.chunks) drops.at = now;
    drops.chunks = one.dropped_chunks;
    one.dropping = GST_CLOCK_TIME_IS_VALID(drops.at) && now < drops.at + kDroppingTime;
    status.stations.push_back(std::move(one));
  }
  try {
    status.disk = DiskSpaceOf(settings_.output);
  } catch (const Error &) {
    status.disk = {};  // the recorders say what is wrong with it
  }
  status.resident_memory = ResidentMemory();
  return status;
}

BytesPtr App::Picture(const std::string &name) {
  const auto found =
      std::ranges::find_if(stations_, [&](const auto &station) { return station->settings().name == name; });
  return found != stations_.end() ? (*found)->Picture() : nullptr;
}

void App::Stop() {
  if (GST_CLOCK_TIME_IS_VALID(stopping_since_)) return;
  stopping_since_ = time_.Now();
  deadline_.Begin(kFailed);
  NotifyServiceManager("STOPPING=1\nSTATUS=closing files");
  for (const auto &station : stations_)
    station->Stop();
}

bool App::AllStopped() const {
  return ending_.empty() && std::ranges::all_of(stations_, [](const auto &station) { return station->stopped(); });
}

int App::Run() {
  const std::vector<Recording> unclosed = UnclosedRecordings(settings_.output);
  const std::string encoder = EncoderFor(settings_);
  StartServer(settings_);  // a port that is taken is told before anything is recorded
  Apply(settings_, encoder);
  BeginMissing();
  recovery_.Add(unclosed);
  const auto on_end = [](gpointer user) -> gboolean {
    static_cast<App *>(user)->Stop();
    return G_SOURCE_CONTINUE;
  };
  const guint sources[] = {g_unix_signal_add(SIGINT, on_end, this), g_unix_signal_add(SIGTERM, on_end, this),
                           g_unix_signal_add(
                               SIGHUP,
                               [](gpointer user) -> gboolean {
                                 static_cast<App *>(user)->Reload();
                                 return G_SOURCE_CONTINUE;
                               },
                               this),
                           g_timeout_add(
                               kPollInterval,
                               [](gpointer user) -> gboolean {
                                 static_cast<App *>(user)->Poll();
                                 return G_SOURCE_CONTINUE;
                               },
                               this)};
  NotifyServiceManager("READY=1");
  Say(Counted(settings_.stations.size(), "station") + ", recorded to " + settings_.output +
      "; Ctrl-C closes all files and ends");
  g_main_loop_run(loop_.get());
  deadline_.Finished(result_);
  if (result_ == kDone) Say("all files are closed");
  for (const guint source : sources)
    g_source_remove(source);
  return result_;
}

// GLib (up to 2.78) can wait for ever when one thread registers a type while another makes the class of one that is
// related: rtspsrc's thread and the listener do. So they are all made here, before there are threads.
void MakeNetworkClasses() {
  for (const GType type :
       {G_TYPE_SOCKET, G_TYPE_SOCKET_ADDRESS, G_TYPE_INET_SOCKET_ADDRESS, G_TYPE_NETWORK_ADDRESS, G_TYPE_PROXY_ADDRESS,
        G_TYPE_PROXY_ADDRESS_ENUMERATOR, G_TYPE_SOCKET_CLIENT, G_TYPE_SOCKET_CONNECTION, G_TYPE_TCP_CONNECTION,
        G_TYPE_SOCKET_LISTENER, G_TYPE_SOCKET_SERVICE}) {
    g_type_class_ref(type);  // for as long as the process lasts
  }
}

}  // namespace

int RunRecorder(const AppOptions &options) {
  UseFewHeaps();
  MakeNetworkClasses();
  Deadline deadline(kPatience);  // outlives the app: what hangs may be its end
  App app(options, deadline);
  return app.Run();
}

}  // namespace action

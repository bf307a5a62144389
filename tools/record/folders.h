// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where recordings lie: OUTPUT/STATION/2026-11-26/overlay-142000.mp4, and in each such folder of a day the list
// recordings.jsonl of what the recorder has written there. What is not in the list is somebody else's.
#ifndef GST_ACTION_RECORD_FOLDERS_H_
#define GST_ACTION_RECORD_FOLDERS_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace action {

inline constexpr const char *kRecordingsFile = "recordings.jsonl";
inline constexpr const char *kTimelineFile = "timeline.jsonl";

// Of this machine's clock and time zone.
struct LocalTime {
  std::string day;         // "2026-11-26"
  std::string time;        // "142000"
  int64_t utc_offset = 0;  // ns
};
// ns since 1970.
LocalTime LocalTimeAt(int64_t wall);

// The number of the part of its day, of this length, that a moment falls into, counted over all days: a new number is a
// new file. Parts begin on the full hours of the clock on the wall.
int64_t PartOf(int64_t wall, int64_t segment);

// Gives files of one kind (overlay, raw) in a station's folder names that rise with every call, whatever the clock
// does: where it has not gone on, the last name gets a number.
class FileNames {
 public:
  // Goes on behind the last name that lies there already.
  FileNames(std::filesystem::path station_folder, std::string kind);
  // The path of a file that begins now; its folder is made. Throws Error.
  std::filesystem::path Next(int64_t wall);

 private:
  const std::filesystem::path folder_;
  const std::string kind_;
  std::string day_, time_;  // of the last name
  int number_ = 1;
};

// A file in the list.
struct Recording {
  std::filesystem::path path;
  std::string kind;
  int64_t begin = 0;   // ns since 1970
  int64_t end = 0;     // 0: it was never closed
  bool aside = false;  // could not be read after a crash; moved aside
};

// Adds to the list beside `recording.path`. Throws Error.
void NoteRecording(const Recording &recording);
// All recordings in a folder of a day that are still there, in order of their names.
std::vector<Recording> ReadRecordings(const std::filesystem::path &day_folder);

// The folders in a folder, as far as it can be read.
std::vector<std::filesystem::path> FoldersIn(const std::filesystem::path &folder);
// The folders of days in a station's, in order.
std::vector<std::filesystem::path> DayFolders(const std::filesystem::path &station_folder);

}  // namespace action

#endif  // GST_ACTION_RECORD_FOLDERS_H_

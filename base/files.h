// Files that survive: written under a temporary name, synced, renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace lambdaforge {

// The whole file as bytes. Throws std::runtime_error that names the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

// Replaces `path` by `content`, or leaves it as it was: write(tmp), fsync(tmp), rename(tmp, path),
// fsync(folder). Throws std::runtime_error that names the path and the system's reason (a full
// disk, a read-only folder).
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// Adds `content` at the end of `path` with one write and syncs it. Throws std::runtime_error as
// above.
void append_to_file(const std::filesystem::path& path, std::string_view content);

// Makes the names inside `folder` durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace lambdaforge

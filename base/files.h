// Files that survive: written under a temporary name, synced, renamed. What is no file stays what
// it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge {

// The whole file as bytes. Throws std::runtime_error that names the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

// The file that a rename to `path` should replace, which need not be there yet: symlinks are
// followed, as by everything that opens a file. nullopt where a rename would destroy what is no
// file: a device, a FIFO, a socket, a folder, or what is open already under a name such as
// /dev/stdout or /dev/fd/63.
std::optional<std::filesystem::path> replaceable_file(const std::filesystem::path& path);

// Replaces `path` by `content`, or leaves it as it was: write(tmp), fsync(tmp), rename(tmp, path),
// fsync(folder). What is no replaceable_file stays what it is, and `content` is written into it.
// Throws std::runtime_error that names the path and the system's reason (a full disk, a read-only
// folder).
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// Adds `content` at the end of `path` with one write and syncs it. Throws std::runtime_error as
// above.
void append_to_file(const std::filesystem::path& path, std::string_view content);

// The numbers N of the entries named prefix, digits, suffix, such as checkpoint-500; ascending.
// None where the folder is missing. What is being written has another name.
std::vector<int64_t> numbered_entries(const std::filesystem::path& folder, std::string_view prefix,
                                      std::string_view suffix = "");

// Makes the content of a file durable that something else wrote. Throws std::runtime_error as
// above.
void sync_file(const std::filesystem::path& path);

// Makes the names inside `folder` durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace lambdaforge

#include "core/world/simulated_files.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>

namespace slipway::core {
namespace {

// "/a//b/../c/" is "/a/c".
Result<std::string> normal(const std::string& path) {
  if (path.empty() || path.front() != '/') return fail(Code::invalid_argument, "path \"" + path + "\" is not absolute");
  std::string text = std::filesystem::path(path).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string children_prefix(const std::string& directory) { return directory == "/" ? "/" : directory + "/"; }

// The direct children of `directory` among the sorted keys of `container`.
template <class Container, class Key>
void collect_children(const Container& container, const std::string& directory, Key key,
                      std::vector<std::string>& names) {
  const std::string prefix = children_prefix(directory);
  for (auto it = container.lower_bound(prefix); it != container.end() && key(*it).starts_with(prefix); ++it) {
    const std::string name = key(*it).substr(prefix.size());
    if (!name.empty() && !name.contains('/')) names.push_back(name);
  }
}

}  // namespace

bool SimulatedFiles::is_directory(const std::string& path) const {
  const auto name = normal(path);
  return name && directories_.contains(*name);
}

Result<std::string> SimulatedFiles::read(const std::string& path) const {
  TRY_ASSIGN(const std::string name, normal(path));
  const auto found = files_.find(name);
  if (found != files_.end()) return found->second;
  return fail(from_errno(directories_.contains(name) ? EISDIR : ENOENT, "cannot read " + path));
}

Result<> SimulatedFiles::write_atomic(const std::string& path, std::string_view bytes, int) {
  TRY_ASSIGN(const std::string name, normal(path));
  if (!directories_.contains(parent_of(name))) return fail(from_errno(ENOENT, "cannot create " + path));
  if (directories_.contains(name)) return fail(from_errno(EISDIR, "cannot replace " + path));
  if (luck_.chance(faults_.disk_full))
    return fail(Code::resource_exhausted, "cannot write " + path + ": no space left on device");
  files_[name] = std::string(bytes);
  return {};
}

Result<> SimulatedFiles::append(const std::string& path, std::string_view bytes) {
  TRY_ASSIGN(const std::string name, normal(path));
  if (!directories_.contains(parent_of(name))) return fail(from_errno(ENOENT, "cannot open " + path));
  files_[name].append(bytes);
  return {};
}

bool SimulatedFiles::exists(const std::string& path) const {
  const auto name = normal(path);
  return name && (files_.contains(*name) || directories_.contains(*name));
}

Result<std::vector<std::string>> SimulatedFiles::list(const std::string& directory) const {
  TRY_ASSIGN(const std::string name, normal(directory));
  if (!directories_.contains(name)) {
    return fail(from_errno(files_.contains(name) ? ENOTDIR : ENOENT, "cannot list " + directory));
  }
  std::vector<std::string> names;
  collect_children(files_, name, [](const auto& file) -> const std::string& { return file.first; }, names);
  collect_children(directories_, name, std::identity{}, names);
  std::sort(names.begin(), names.end());
  return names;
}

Result<> SimulatedFiles::make_directories(const std::string& path, int) {
  TRY_ASSIGN(const std::string name, normal(path));
  for (std::size_t slash = name.find('/', 1);; slash = name.find('/', slash + 1)) {
    const std::string directory = name.substr(0, slash);
    if (files_.contains(directory)) return fail(from_errno(ENOTDIR, "cannot make directory " + path));
    directories_.insert(directory);
    if (slash == std::string::npos) return {};
  }
}

Result<> SimulatedFiles::remove_tree(const std::string& path) {
  TRY_ASSIGN(const std::string name, normal(path));
  if (name == "/") return fail(Code::invalid_argument, "refusing to remove /");
  const std::string prefix = children_prefix(name);
  const auto is_inside = [&](const std::string& entry) { return entry == name || entry.starts_with(prefix); };
  std::erase_if(files_, [&](const auto& file) { return is_inside(file.first); });
  std::erase_if(directories_, is_inside);
  return {};
}

}  // namespace slipway::core

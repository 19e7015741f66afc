#include "forge/names.hpp"

#include <algorithm>

#include "forge/forge.hpp"

namespace slipway::forge {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_hex(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_repository_name(std::string_view name) {
  if (name.empty() || name.size() > 100 || !is_lower_or_digit(name.front())) return false;
  if (name.ends_with(".git") || name.ends_with(".lock") || name.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

Result<> check_repository(std::string_view name) {
  if (is_repository_name(name)) return {};
  return fail(Code::invalid_argument, "\"" + std::string(name.substr(0, 100)) + "\" is not a repository name",
              "use lower-case letters, digits, '.', '_' and '-'");
}

Result<> check_commit(std::string_view commit) {
  if (commit.size() == 40 && std::ranges::all_of(commit, is_hex)) return {};
  return fail(Code::invalid_argument,
              "\"" + std::string(commit.substr(0, 60)) + "\" is not a commit: 40 hex digits are");
}

Result<> check_path(std::string_view path) {
  const auto refuse = [&] {
    return fail(Code::invalid_argument,
                "\"" + std::string(path.substr(0, 200)) + "\" is not a path inside a repository");
  };
  if (path.size() > 4096 || path.starts_with('/')) return refuse();
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return refuse();
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part == ".git") return refuse();
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return {};
}

Result<> check_revision(std::string_view revision) {
  const auto is_fine = [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' || c == '/';
  };
  if (!revision.empty() && revision.size() <= 250 && !revision.starts_with('-') &&
      std::ranges::all_of(revision, is_fine) && revision.find("..") == std::string_view::npos) {
    return {};
  }
  return fail(Code::invalid_argument,
              "\"" + std::string(revision.substr(0, 100)) + "\" is not the name of a branch, tag or commit");
}

}  // namespace slipway::forge

#pragma once
// Workspace: the scratch directory of one demo: the team's clone of the example repository and the platform's data.

#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace slipway::cli::demo {

struct Author {
  std::string name, email;
};

class Workspace {
 public:
  // A fresh directory under $TMPDIR (or /tmp) with the example in it, not committed yet.
  static Result<Workspace> create();
  // Removes everything unless kept.
  ~Workspace();
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&&) = delete;

  const std::string& root() const { return root_; }
  std::string repository() const { return root_ + "/support-assistant"; }
  std::string data() const { return root_ + "/data"; }
  void keep() { kept_ = true; }

  Result<std::string> read(const std::string& path) const;  // relative to the repository
  Result<> write(const std::string& path, const std::string& text) const;
  // Replaces `from`, which must be there exactly once or more, in a file.
  Result<> edit(const std::string& path, const std::string& from, const std::string& to) const;

  Result<> commit(const std::vector<std::string>& paths, const Author& author, const std::string& message) const;
  Result<std::string> head() const;
  // A real `git push` with the person's token, which reaches git by its environment, never by its arguments.
  Result<> push(const std::string& url, const std::string& token_file) const;

 private:
  explicit Workspace(std::string root) : root_(std::move(root)) {}
  using Environment = std::vector<std::pair<std::string, std::string>>;
  Result<std::string> git(std::vector<std::string> arguments, const Environment& environment = {}) const;
  std::string root_;
  bool kept_ = false;
};

}  // namespace slipway::cli::demo

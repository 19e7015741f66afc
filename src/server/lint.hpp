#pragma once
// What can be said of the files of a models repository without running anything: every problem of every file.

#include <string>
#include <vector>

#include "core/result.hpp"

namespace slipway::server {

struct LintReport {
  std::vector<std::string> checked;   // files that were understood and read
  std::vector<core::Error> problems;  // one each, never a list; each names its file, and the place when it has one
  std::vector<std::string>
      unchecked;  // objects of other tools: "Certificate (cert-manager.io/v1) at deploy/x.yaml:1:1"
};

// A file, or every .yaml, .yml, .json and .jsonl file below a directory (.git and hidden directories other than .github
// are left out). What is no format of Slipway's is passed over; in deploy/, environments/ and slo/ everything is a
// manifest. References are followed through the whole repository around `path`, but only problems of the files asked
// for are reported. not_found when there is no such path.
Result<LintReport> lint_path(const std::string& path);

// A copy of the example repository.
Result<> make_models_repository(const std::string& directory);

}  // namespace slipway::server

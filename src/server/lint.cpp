#include "server/lint.hpp"

#include <algorithm>
#include <filesystem>

#include "core/world/real.hpp"
#include "gateway/load/load.hpp"
#include "objects/kinds.hpp"
#include "server/assets.hpp"
#include "server/validate.hpp"
#include "team/team.hpp"
#include "workflow/engine.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;

enum class FileKind { none, workflow, pipeline, manifest, team, prompts, other_yaml };

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

FileKind kind_of(const fs::path& path, const std::vector<doc::Value>& documents) {
  if (path.parent_path().filename() == "workflows" && path.parent_path().parent_path().filename() == ".github")
    return FileKind::workflow;
  if (documents.empty()) return FileKind::none;
  const doc::Value& first = documents.front();
  if (first["pipelineInfo"].is_object() || first["pipeline_info"].is_object() || first["pipelineSpec"].is_object())
    return FileKind::pipeline;
  if (!first["apiVersion"].is_null() && !first["kind"].is_null()) return FileKind::manifest;
  if (first["people"].is_array()) return FileKind::team;
  return FileKind::other_yaml;
}

template <class T>
void note(const Result<T>& result, LintReport& report) {
  if (!result) report.problems.push_back(result.error());
}

// A manifest's objects: kinds Slipway knows are checked strictly; others are somebody else's.
void lint_manifest(const std::string& text, const std::string& name, const std::vector<doc::Value>& documents,
                   LintReport& report) {
  const bool any_known = std::any_of(documents.begin(), documents.end(), [](const doc::Value& d) {
    return d["kind"].string_or("") == "List" ||
           objects::kinds::find(d["apiVersion"].string_or(""), d["kind"].string_or("")).has_value();
  });
  if (!any_known) return;
  auto parsed = objects::parse_manifest(text, name);
  note(parsed, report);
  if (!parsed) return;
  for (const objects::Object& object : *parsed) {
    if (objects::kinds::find(object.api_version(), object.kind())) note(validate(object), report);
  }
}

void lint_file(const fs::path& path, LintReport& report) {
  const std::string name = path.lexically_normal().string();
  auto text = core::real_files().read(fs::absolute(path).string());
  if (!text) return report.problems.push_back(std::move(text).error());
  if (path.extension() == ".jsonl") {
    if (path.parent_path().filename() == "prompts" && text->find("\"prompt\"") != std::string::npos) {
      report.checked.push_back(name);
      note(gateway::load::parse_prompts(*text, name), report);
    }
    return;
  }
  auto documents = doc::parse_yaml_all(*text, name);
  if (!documents) {
    report.checked.push_back(name);
    return report.problems.push_back(std::move(documents).error());
  }
  const FileKind kind = kind_of(path, *documents);
  if (kind == FileKind::none) return;
  report.checked.push_back(name);
  if (kind == FileKind::workflow || kind == FileKind::pipeline) note(workflow::lint(*text, name), report);
  if (kind == FileKind::manifest) lint_manifest(*text, name, *documents, report);
  if (kind == FileKind::team) note(team::parse_people(*text, name), report);
}

}  // namespace

Result<LintReport> lint_path(const std::string& path) {
  LintReport report;
  std::error_code error;
  if (!fs::exists(path, error)) return fail(Code::not_found, "there is no " + path);
  if (!fs::is_directory(path, error)) {
    lint_file(path, report);
    return report;
  }
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error) && ((name.starts_with(".") && name != ".github") || name == "node_modules")) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(error) && (is_yaml(entry->path()) || entry->path().extension() == ".jsonl")) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) lint_file(file, report);
  return report;
}

Result<> make_models_repository(const std::string& directory) {
  return extract_assets("examples/support-assistant/", directory);
}

}  // namespace slipway::server

#include "server/lint.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/text.hpp"
#include "core/world/real.hpp"
#include "gateway/load/load.hpp"
#include "registry/model_card.hpp"
#include "server/assets.hpp"
#include "server/lint_manifests.hpp"
#include "server/lint_workflow.hpp"
#include "server/validate.hpp"
#include "team/team.hpp"
#include "workflow/engine.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;
using Documents = std::vector<doc::Value>;

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

struct File {
  fs::path path;     // absolute
  std::string name;  // as messages call it
  bool asked_for = true;
};

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error) && ((name.starts_with(".") && name != ".github") || name == "node_modules")) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(error) && (is_yaml(entry->path()) || entry->path().extension() == ".jsonl")) {
      files.push_back(entry->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

fs::path full_path(const fs::path& path) {
  const fs::path full = fs::absolute(path).lexically_normal();
  return full.has_filename() ? full : full.parent_path();
}

// The directory of the repository that `path` is in: the nearest one with a .git or with environments. Else `path`
// itself, when it is a directory, or nothing.
std::string root_of(const fs::path& path) {
  std::error_code error;
  for (fs::path at = path;; at = at.parent_path()) {
    if (fs::exists(at / ".git", error) || fs::is_directory(at / "environments", error)) return at.string();
    if (at == at.parent_path()) break;
  }
  return fs::is_directory(path, error) ? path.string() : "";
}

// {quality, latency, cost}: {METRIC: {min, max}}.
void check_requirements(const doc::Value& file, std::vector<Error>& problems) {
  doc::Decoder d(file, "");
  for (const std::string section : {"quality", "latency", "cost"}) {
    const doc::Value& metrics = d.object(section);
    if (!metrics.is_object()) continue;
    for (const auto& [name, limits] : metrics.as_object()) {
      doc::Decoder limit(limits, section + "." + name);
      limit.number("min", 0);
      limit.number("max", 0);
      if (limits.is_object() && limits.size() == 0)
        limit.add(Error(Code::invalid_argument, section + "." + name + " has neither min nor max").at(limits.mark()));
      if (auto done = limit.finish(); !done) d.add(std::move(done).error());
    }
  }
  if (auto done = d.finish(); !done) problems.push_back(std::move(done).error());
}

class Linter {
 public:
  explicit Linter(std::string root) : root_(std::move(root)) {}

  LintReport lint(const std::vector<File>& files) {
    std::vector<Loaded> all;
    for (const File& file : files) {
      if (file.asked_for || is_yaml(file.path)) all.push_back(load(file));
    }
    for (const Loaded& one : all) {
      if (one.documents) find_folders(*one.documents);
    }
    for (const Loaded& one : all) {
      LintReport ignored;
      report_ = one.file.asked_for ? &asked_ : &ignored;
      lint(one);
    }
    report_ = &asked_;
    for (Error& problem : broken_references(declared_, root_, complete_)) add(std::move(problem), {});
    return std::move(asked_);
  }

 private:
  struct Loaded {
    File file;
    Result<std::string> text;
    Result<Documents> documents;
  };

  static Loaded load(const File& file) {
    Loaded loaded{file, core::real_files().read(file.path.string()), Documents{}};
    if (loaded.text && is_yaml(file.path)) loaded.documents = doc::parse_yaml_all(*loaded.text, file.name);
    return loaded;
  }

  // Where an Environment keeps its manifests.
  void find_folders(const Documents& documents) {
    for (const doc::Value& document : documents) {
      if (document["kind"].string_or("") != "Environment" || root_.empty()) continue;
      const std::string folder = document["spec"]["manifests"].string_or("");
      if (!folder.empty()) folders_.insert(full_path(fs::path(root_) / folder));
    }
  }

  bool lies_among_manifests(const fs::path& path) const {
    static const std::set<fs::path> usual{"deploy", "environments", "slo"};
    for (fs::path at = path.parent_path(); at != at.parent_path(); at = at.parent_path()) {
      if (folders_.contains(at)) return true;
      if (at.string() == root_) return false;
      const bool counts = root_.empty() ? at == path.parent_path() : at.parent_path().string() == root_;
      if (counts && usual.contains(at.filename())) return true;
    }
    return false;
  }

  // A file of this name in the directory of a models repository.
  bool is_own_file(const fs::path& path, const std::string& stem) const {
    std::error_code error;
    return path.stem() == stem && is_yaml(path) &&
           (path.parent_path().string() == root_ || fs::is_directory(path.parent_path() / "environments", error));
  }

  static bool is_manifest(const doc::Value& document) {
    const bool has_version = !document["apiVersion"].is_null(), has_kind = !document["kind"].is_null();
    if (has_version && has_kind) return true;
    return (has_version || has_kind) && (document["metadata"].is_object() || document["spec"].is_object());
  }

  // One problem each, with the place it is known to be at: at least the file.
  void add(Error error, const Mark& fallback) {
    const bool is_list = error.causes.size() > 1 && !error.mark.source && error.message.ends_with(" problems");
    if (is_list) {
      for (Error& cause : error.causes) add(std::move(cause), fallback);
      return;
    }
    if (!error.mark.source) error.mark = fallback;
    report_->problems.push_back(std::move(error));
  }
  template <class T>
  bool note(Result<T> result, const Mark& fallback) {
    if (!result) add(std::move(result).error(), fallback);
    return result.has_value();
  }

  void lint(const Loaded& loaded) {
    const fs::path& path = loaded.file.path;
    const std::string& name = loaded.file.name;
    const Mark whole{std::make_shared<core::Source>(core::Source{name, loaded.text.value_or("")}), 0, 0, 1};
    if (!loaded.text) {
      complete_ = false;
      return add(loaded.text.error(), whole);
    }
    const bool is_prompts = path.extension() == ".jsonl";
    if (is_prompts && path.parent_path().filename() != "prompts") return;
    const bool is_workflow =
        path.parent_path().filename() == "workflows" && path.parent_path().parent_path().filename() == ".github";
    const bool is_card = is_own_file(path, "model"), is_team = is_own_file(path, "team");
    const bool is_requirements = is_own_file(path, "requirements");
    const bool among_manifests = !is_workflow && lies_among_manifests(path);
    if (core::trimmed(*loaded.text, " \t\r\n").empty()) {
      if (!is_prompts && !is_workflow && !is_card && !is_team && !is_requirements && !among_manifests) return;
      report_->checked.push_back(name);
      return add(Error(Code::invalid_argument, "the file is empty", "fill it, or remove it"), whole);
    }
    if (is_prompts) return lint_prompts(*loaded.text, name, whole);
    if (!loaded.documents) {
      complete_ = false;
      report_->checked.push_back(name);
      return add(loaded.documents.error(), whole);
    }
    const Documents& documents = *loaded.documents;
    if (!among_manifests && !is_workflow && documents.empty()) return;
    const doc::Value& first = documents.empty() ? whole_null() : documents.front();
    const bool is_pipeline = first["pipelineInfo"].is_object() || first["pipeline_info"].is_object() ||
                             first["pipelineSpec"].is_object() || first["deploymentSpec"].is_object();
    if (!is_workflow && !is_pipeline && (among_manifests || std::ranges::any_of(documents, is_manifest)))
      return lint_manifest(loaded, whole);
    report_->checked.push_back(name);
    std::vector<Error> problems;
    if (is_workflow || is_pipeline) note(workflow::lint(*loaded.text, name), whole);
    if (is_workflow) problems = broken_expressions(first);
    if (is_card) note(registry::parse_model_card(first), whole);
    if (is_requirements) check_requirements(first, problems);
    if (is_team || first["people"].is_array()) note(team::parse_people(*loaded.text, name), whole);
    for (Error& problem : problems) add(std::move(problem), whole);
  }

  static const doc::Value& whole_null() {
    static const doc::Value null;
    return null;
  }

  static void flatten(const doc::Value& document, std::vector<objects::Object>& into) {
    if (document["kind"].string_or("").ends_with("List") && document["items"].is_array()) {
      for (const doc::Value& item : document["items"].as_array()) flatten(item, into);
    } else if (document.is_object()) {
      into.emplace_back(document);
    }
  }

  void lint_manifest(const Loaded& loaded, const Mark& whole) {
    std::vector<objects::Object> found;
    for (const doc::Value& document : *loaded.documents) flatten(document, found);
    bool all_foreign = !found.empty();
    std::vector<Error> problems;
    std::vector<const objects::Object*> known;
    for (const objects::Object& object : found) {
      const bool is_named = !object.api_version().empty() && !object.kind().empty();
      const Result<bool> ours = is_named ? is_known_kind(object) : Result<bool>(true);
      if (ours && !*ours) {
        report_->unchecked.push_back(object.kind() + " (" + object.api_version() + ") at " +
                                     object.document().mark().render());
        continue;
      }
      all_foreign = false;
      if (!ours) problems.push_back(ours.error());
      const bool is_right = ours && is_named;
      declared_.push_back({loaded.file.path.string(), object, loaded.file.asked_for, is_right});
      if (is_right && !object.name().name.empty()) known.push_back(&object);
    }
    if (all_foreign) return;
    report_->checked.push_back(loaded.file.name);
    note(objects::parse_manifest(*loaded.text, loaded.file.name), whole);
    for (Error& problem : problems) add(std::move(problem), whole);
    for (const objects::Object* object : known) {
      const Mark& at = object->document().mark();
      note(validate(*object), at.source ? at : whole);
    }
  }

  // Lines of JSON; of the load generator's shape, when there is one with a "prompt".
  void lint_prompts(const std::string& text, const std::string& name, const Mark& whole) {
    report_->checked.push_back(name);
    std::vector<std::string> lines;
    bool is_json = true, is_load = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
      const std::string& line = lines.back();
      if (core::trimmed(line, " \t\r").empty()) continue;
      auto value = doc::parse_json(line, name);
      is_load = is_load || (value && value->is_object() && !(*value)["prompt"].is_null());
      const auto number = static_cast<std::uint32_t>(lines.size());
      if (!value) {
        is_json = false;
        const Mark mark{whole.source, number, std::max(value.error().mark.column, 1U), 1};
        add(std::move(value.error()).at(mark), whole);
      } else if (!value->is_object()) {
        is_json = false;
        add(Error(Code::invalid_argument, "a line must be a JSON object").at({whole.source, number, 1, 1}), whole);
      }
    }
    if (!is_json || !is_load) return;
    const std::size_t before = report_->problems.size();
    note(gateway::load::parse_prompts(text, name), whole);
    for (std::size_t i = before; i < report_->problems.size(); ++i) point_at_member(report_->problems[i], lines);
  }

  // The reader of prompts knows the line of a mistake; the member that its message quotes is the place.
  static void point_at_member(Error& problem, const std::vector<std::string>& lines) {
    if (!problem.mark.known() || problem.mark.line > lines.size()) return;
    const auto value = doc::parse_yaml(lines[problem.mark.line - 1], "");
    if (!value || !value->is_object()) return;
    for (const auto& [key, member] : value->as_object()) {
      if (problem.message.find("\"" + key + "\"") == std::string::npos) continue;
      const Mark at = problem.message.starts_with("unknown field") ? member.key_mark() : member.mark();
      problem.mark.column = at.column;
      problem.mark.length = at.length;
    }
  }

  const std::string root_;
  LintReport asked_;
  LintReport* report_ = &asked_;
  std::set<fs::path> folders_;  // of manifests, as the Environments say
  std::vector<DeclaredObject> declared_;
  bool complete_ = true;  // every file of the repository could be read
};

}  // namespace

Result<LintReport> lint_path(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return fail(Code::not_found, "there is no " + path);
  const bool is_directory = fs::is_directory(path, error);
  std::vector<File> files;
  std::set<fs::path> asked_for;
  for (const fs::path& file : is_directory ? files_below(path) : std::vector<fs::path>{path}) {
    files.push_back({full_path(file), file.lexically_normal().string()});
    asked_for.insert(files.back().path);
  }
  const std::string root = root_of(full_path(path));
  // What the files may refer to: all of the repository, or what lies beside the one file.
  std::vector<fs::path> others;
  if (!root.empty()) {
    others = files_below(root);
  } else {
    for (fs::directory_iterator entry(full_path(path).parent_path(), error), end; entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file(error) && is_yaml(entry->path())) others.push_back(entry->path());
    }
  }
  for (const fs::path& file : others) {
    if (asked_for.contains(file)) continue;
    const std::string name = root.empty() ? file.string() : file.lexically_relative(root).string();
    files.push_back({.path = file, .name = name, .asked_for = false});
  }
  return Linter(root).lint(files);
}

Result<> make_models_repository(const std::string& directory) {
  return extract_assets("examples/support-assistant/", directory);
}

}  // namespace slipway::server

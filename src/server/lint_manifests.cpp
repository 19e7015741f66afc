#include "server/lint_manifests.hpp"

#include <algorithm>
#include <filesystem>

#include "objects/kinds.hpp"
#include "team/team.hpp"

namespace slipway::server {
namespace {

namespace fs = std::filesystem;
namespace kinds = objects::kinds;
using Names = std::vector<std::string>;

const doc::Array& array_of(const doc::Value& value) {
  static const doc::Array none;
  return value.is_array() ? value.as_array() : none;
}

bool contains(const Names& names, const std::string& name) { return std::ranges::find(names, name) != names.end(); }

bool lies_below(const fs::path& file, const fs::path& directory) {
  return std::ranges::mismatch(directory, file).in1 == directory.end();
}

// The objects of one folder: what a promotion would apply together.
struct Folder {
  std::string shown;  // as the user knows it
  std::string ns;     // of the Environment whose folder it is, "" when it is nobody's
  std::vector<const DeclaredObject*> objects;

  Names names(const objects::Kind& kind) const {
    Names found;
    for (const DeclaredObject* entry : objects) {
      if (entry->object.kind() == kind.kind) found.push_back(entry->object.name().name);
    }
    return found;
  }
  const doc::Value& spec_of(const objects::Kind& kind, const std::string& name) const {
    static const doc::Value none;
    for (const DeclaredObject* entry : objects) {
      if (entry->object.kind() == kind.kind && entry->object.name().name == name) return entry->object.spec();
    }
    return none;
  }
};

class References {
 public:
  References(const std::vector<DeclaredObject>& declared, const std::string& root, bool complete)
      : declared_(declared), root_(root), complete_(complete) {}

  std::vector<Error> check() {
    for (const DeclaredObject& entry : declared_) {
      if (entry.object.kind() == kinds::environment.kind) environments_.push_back(&entry);
    }
    for (const DeclaredObject& entry : declared_) {
      if (!entry.asked_for || !entry.known_kind) continue;
      const std::string kind = entry.object.kind();
      if (kind == kinds::environment.kind) environment(entry.object);
      if (kind == kinds::rollout.kind) rollout(entry);
      if (kind == kinds::virtual_service.kind) virtual_service(entry);
      placement(entry);
    }
    return std::move(problems_);
  }

 private:
  void problem(const doc::Value& where, std::string message, std::string hint) {
    problems_.push_back(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(where.mark()));
  }

  bool may_be(const std::string& name) const {
    return !complete_ || std::ranges::any_of(declared_, [&](const DeclaredObject& entry) {
      return !entry.known_kind && entry.object.name().name == name;
    });
  }

  // `value`, when it is written at all, is the name of one of the objects (or of a part of one).
  void expect_declared(const doc::Value& value, const Names& names, const std::string& what, const std::string& where) {
    if (!may_be(value.string_or(""))) expect(value, names, what, where);
  }

  // The same of names that are in no file.
  void expect(const doc::Value& value, const Names& names, const std::string& what, const std::string& where) {
    const std::string name = value.string_or("");
    if (name.empty() || contains(names, name)) return;
    const std::string near = core::nearest(name, names);
    std::string all;
    for (const std::string& known : names) all += (all.empty() ? "there is " : ", ") + known;
    problem(value, "there is no " + what + " \"" + name + "\"" + where,
            near.empty() ? all : "did you mean \"" + near + "\"?");
  }

  std::string manifests_of(const DeclaredObject& environment) const {
    const std::string manifests = environment.object.spec()["manifests"].string_or("");
    return manifests.empty() || root_.empty() ? "" : (fs::path(root_) / manifests / "").lexically_normal().string();
  }

  // The Environment in whose folder a file lies, null when in nobody's.
  const DeclaredObject* environment_of(const std::string& file) const {
    for (const DeclaredObject* environment : environments_) {
      const fs::path directory = manifests_of(*environment);
      if (!directory.empty() && lies_below(file, directory.parent_path())) return environment;
    }
    return nullptr;
  }

  Folder folder_of(const std::string& file) const {
    Folder folder;
    const DeclaredObject* environment = environment_of(file);
    const fs::path directory =
        environment != nullptr ? fs::path(manifests_of(*environment)).parent_path() : fs::path(file).parent_path();
    if (environment != nullptr) folder.ns = namespace_of(*environment);
    folder.shown = root_.empty() ? directory.filename().string() : directory.lexically_relative(root_).string();
    for (const DeclaredObject& entry : declared_) {
      const bool inside =
          environment != nullptr ? lies_below(entry.file, directory) : fs::path(entry.file).parent_path() == directory;
      if (inside) folder.objects.push_back(&entry);
    }
    return folder;
  }

  static std::string namespace_of(const DeclaredObject& environment) {
    return environment.object.spec()["namespace"].string_or(environment.object.name().name);
  }
  std::string namespace_of_object(const DeclaredObject& entry) const {
    if (const std::string ns = entry.object.name().ns; !ns.empty()) return ns;
    const DeclaredObject* environment = environment_of(entry.file);
    return environment == nullptr ? "default" : namespace_of(*environment);
  }

  void environment(const objects::Object& object) {
    const doc::Value& spec = object.spec();
    for (const doc::Value& role : array_of(spec["approvals"]["roles"])) expect(role, team::known_roles(), "role", "");
    if (root_.empty()) return;
    Names others;
    for (const DeclaredObject* other : environments_) {
      if (other->object.name().name != object.name().name) others.push_back(other->object.name().name);
    }
    expect_declared(spec["from"], others, "other Environment", "");
    const std::string manifests = spec["manifests"].string_or("");
    std::error_code ignored;
    const fs::path directory = fs::path(root_) / manifests;
    if (manifests.empty() || fs::is_directory(directory, ignored)) return;
    Names siblings;
    for (fs::directory_iterator entry(directory.parent_path(), ignored), end; entry != end; entry.increment(ignored)) {
      if (entry->is_directory(ignored)) siblings.push_back(entry->path().lexically_relative(root_).string());
    }
    std::ranges::sort(siblings);
    expect(spec["manifests"], siblings, "folder", " in the repository");
  }

  void analysis(const DeclaredObject& entry, const doc::Value& request) {
    const std::string ns = namespace_of_object(entry);
    Names templates;
    for (const DeclaredObject& other : declared_) {
      if (other.object.kind() == kinds::analysis_template.kind && namespace_of_object(other) == ns)
        templates.push_back(other.object.name().name);
    }
    for (const doc::Value& one : array_of(request["templates"]))
      expect_declared(one["templateName"], templates, "AnalysisTemplate", " in namespace " + ns);
  }

  void rollout(const DeclaredObject& entry) {
    const Folder folder = folder_of(entry.file);
    const std::string where = " in " + folder.shown;
    const doc::Value& spec = entry.object.spec();
    const doc::Value& canary = spec["strategy"]["canary"];
    const doc::Value& istio = canary["trafficRouting"]["istio"];
    const auto named = [&](const doc::Value& value, const objects::Kind& kind) {
      expect_declared(value, folder.names(kind), std::string(kind.kind), where);
    };
    named(spec["workloadRef"]["name"], kinds::llm_deployment);
    named(canary["stableService"], kinds::service);
    named(canary["canaryService"], kinds::service);
    named(istio["virtualService"]["name"], kinds::virtual_service);
    named(istio["destinationRule"]["name"], kinds::destination_rule);
    for (const doc::Value& step : array_of(canary["steps"])) analysis(entry, step["analysis"]);
    analysis(entry, canary["analysis"]);

    const std::string service = istio["virtualService"]["name"].string_or("");
    if (contains(folder.names(kinds::virtual_service), service)) {
      const Names routes = names_in(folder.spec_of(kinds::virtual_service, service)["http"]);
      for (const doc::Value& route : array_of(istio["virtualService"]["routes"]))
        expect_declared(route, routes, "route", " in VirtualService " + service);
    }
    const std::string rule = istio["destinationRule"]["name"].string_or("");
    if (contains(folder.names(kinds::destination_rule), rule)) {
      const Names subsets = names_in(folder.spec_of(kinds::destination_rule, rule)["subsets"]);
      for (const auto* key : {"canarySubsetName", "stableSubsetName"})
        expect_declared(istio["destinationRule"][key], subsets, "subset", " in DestinationRule " + rule);
    }
  }

  static Names names_in(const doc::Value& list) {
    Names names;
    for (const doc::Value& one : array_of(list)) names.push_back(one["name"].string_or(""));
    return names;
  }

  void destination(const doc::Value& destination, const Folder& folder) {
    const std::string host = destination["host"].string_or("");
    if (host.empty() || host.find('.') != std::string::npos) return;  // of another namespace, or of the world
    expect_declared(destination["host"], folder.names(kinds::service), "Service", " in " + folder.shown);
    if (may_be(host)) return;
    Names subsets;
    for (const DeclaredObject* other : folder.objects) {
      if (other->object.kind() != kinds::destination_rule.kind) continue;
      const std::string rule_host = other->object.spec()["host"].string_or("");
      if (rule_host != host && !rule_host.starts_with(host + ".")) continue;
      for (std::string& name : names_in(other->object.spec()["subsets"])) subsets.push_back(std::move(name));
    }
    expect_declared(destination["subset"], subsets, "subset",
                    " of " + host + " in the DestinationRules of " + folder.shown);
  }

  void virtual_service(const DeclaredObject& entry) {
    const Folder folder = folder_of(entry.file);
    for (const auto* protocol : {"http", "tcp", "tls"}) {
      for (const doc::Value& rule : array_of(entry.object.spec()[protocol])) {
        for (const doc::Value& route : array_of(rule["route"])) destination(route["destination"], folder);
        destination(rule["mirror"], folder);
      }
    }
  }

  // What a promotion would refuse of an object in an Environment's folder.
  void placement(const DeclaredObject& entry) {
    const DeclaredObject* environment = environment_of(entry.file);
    if (environment == nullptr) return;
    const std::string kind = entry.object.kind();
    if (kind == kinds::environment.kind)
      return problem(
          entry.object.document()["kind"],
          "an Environment may not be part of the manifests of Environment " + environment->object.name().name,
          "it governs promotions: keep it in environments/");
    const std::string ns = entry.object.name().ns;
    const auto known = kinds::find_known(entry.object.api_version(), kind);
    if (ns.empty() || !known || !known->namespaced || ns == namespace_of(*environment)) return;
    problem(entry.object.document()["metadata"]["namespace"],
            entry.object.text() + " is for another namespace than " + namespace_of(*environment) +
                ", that of Environment " + environment->object.name().name,
            "leave metadata.namespace out");
  }

  const std::vector<DeclaredObject>& declared_;
  const std::string root_;
  const bool complete_;
  std::vector<const DeclaredObject*> environments_;
  std::vector<Error> problems_;
};

std::string group_of(const std::string& api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string::npos ? "" : api_version.substr(0, slash);
}

}  // namespace

Result<bool> is_known_kind(const objects::Object& object) {
  const std::string group = group_of(object.api_version());
  auto found = kinds::find(object.api_version(), object.kind());
  if (found) return true;
  Names groups, names;
  for (const objects::Kind& kind : kinds::all()) {
    groups.emplace_back(kind.group);
    names.emplace_back(kind.kind);
  }
  // A group that only resembles one of ours may well be somebody's (networking.k8s.io); with such a kind it is not.
  const bool ours = contains(groups, group) ||
                    (!core::nearest(group, groups).empty() && !core::nearest(object.kind(), names).empty());
  if (!ours) return false;
  Error error = std::move(found).error();
  if (error.hint.empty()) error.hint = "the platform has no such kind and refuses it";
  const bool kind_is_right = contains(names, object.kind());
  return fail(std::move(error).at(object.document()[kind_is_right ? "apiVersion" : "kind"].mark()));
}

std::vector<Error> broken_references(const std::vector<DeclaredObject>& declared, const std::string& root,
                                     bool complete) {
  return References(declared, root, complete).check();
}

}  // namespace slipway::server

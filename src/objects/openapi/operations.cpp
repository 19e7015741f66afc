#include "objects/openapi/operations.hpp"

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "objects/openapi/parameters.hpp"

namespace slipway::objects::openapi {
namespace {

using schema::Resource;
using schema::Subresource;

bool has(const std::vector<std::string>& verbs, std::string_view verb) {
  return std::ranges::find(verbs, verb) != verbs.end();
}

std::string capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

// "RbacAuthorization" for rbac.authorization.k8s.io
std::string name_of_group(std::string_view group) {
  if (group.empty()) return "Core";
  constexpr std::string_view common = ".k8s.io";
  if (group.ends_with(common)) group.remove_suffix(common.size());
  std::string out;
  while (!group.empty()) {
    const std::size_t end = std::min(group.find_first_of(".-"), group.size());
    out += capitalized(group.substr(0, end));
    group.remove_prefix(std::min(end + 1, group.size()));
  }
  return out;
}

// What one operation is.
struct Operation {
  std::string_view method;  // "get"
  std::string_view action;  // "list"
  std::string id;
  std::string description;
  const doc::Array* parameters = nullptr;
  doc::Value body{};  // schema; null: takes none
  bool body_required = true;
  bool is_patch = false;
  doc::Value answer{};                   // schema; null: any text
  std::vector<int> answers = {200};      // all with the same body
  std::string_view extra_answer_type{};  // beside JSON and YAML
};

constexpr std::string_view description_of_status(int status) {
  return status == 200 ? "OK" : status == 201 ? "Created" : "Accepted";
}

class Paths {
 public:
  Paths(const discovery::GroupVersion& version, Components& components) : components_(components) {
    base_ = (version.group.empty() ? "/api/" : "/apis/") + version.api_version() + "/";
    const std::string group = name_of_group(version.group);
    prefix_ = group + capitalized(version.version);
    tag_ = group + "_" + version.version;
    tag_[0] = core::lower(tag_[0]);
  }

  void add(const Resource& resource);
  doc::Object take() {
    doc::Object out;
    for (auto& [path, item] : items_) out.append(path, std::move(item));
    return out;
  }

 private:
  void add_collection(const Resource& resource);
  void add_object(const Resource& resource);
  void add_subresource(const Resource& resource, const Subresource& subresource);
  void add_connection(const Resource& resource, const Subresource& subresource);

  // "listCoreV1NamespacedPod"
  std::string id(std::string_view verb, const Resource& resource, std::string_view before_kind = {}) const {
    std::string out(verb);
    out.append(prefix_).append(before_kind).append(resource.namespaced ? "Namespaced" : "");
    return out.append(resource.kind);
  }
  std::string collection_path(const Resource& resource) const {
    return base_ + (resource.namespaced ? "namespaces/{namespace}/" : "") + resource.plural;
  }
  // The item of a path, with its own parameters.
  doc::Object& item(const Resource& resource, const std::string& path, bool named, bool pretty = true);
  void put(doc::Object& item, const Resource& resource, const GroupVersionKind& kind, Operation operation) const;
  Operation list_operation(const Resource& resource, std::string id);

  Components& components_;
  std::string base_, prefix_, tag_;
  std::map<std::string, doc::Object> items_;
};

doc::Object& Paths::item(const Resource& resource, const std::string& path, bool named, bool pretty) {
  auto [at, fresh] = items_.try_emplace(path);
  if (fresh) {
    doc::Array parameters;
    if (named) parameters.push_back(path_parameter("name"));
    if (resource.namespaced && path.find("{namespace}") != std::string::npos) {
      parameters.push_back(path_parameter("namespace"));
    }
    if (path.ends_with("/{path}")) parameters.push_back(path_parameter("path"));
    if (pretty) parameters.push_back(pretty_parameter());
    at->second.append("parameters", std::move(parameters));
  }
  return at->second;
}

void Paths::put(doc::Object& item, const Resource& resource, const GroupVersionKind& kind, Operation operation) const {
  doc::Object out;
  out.append("operationId", std::move(operation.id));
  out.append("description", std::move(operation.description));
  out.append("tags", doc::Array{tag_});
  if (operation.parameters) out.append("parameters", *operation.parameters);
  if (!operation.body.is_null()) {
    doc::Object content;
    const doc::Object schema{{"schema", operation.body}};
    if (operation.is_patch) {
      content.append("application/apply-patch+yaml", schema);
      content.append("application/json-patch+json", schema);
      content.append("application/merge-patch+json", schema);
      if (!resource.is_custom()) content.append("application/strategic-merge-patch+json", schema);
    } else {
      content.append("application/json", schema);
      if (!resource.is_custom()) content.append("application/vnd.kubernetes.protobuf", schema);
      content.append("application/yaml", schema);
    }
    doc::Object body{{"content", std::move(content)}};
    if (operation.body_required) body.append("required", true);
    out.append("requestBody", std::move(body));
  }
  doc::Object answers;
  for (const int status : operation.answers) {
    doc::Object content;
    if (operation.answer.is_null()) {
      content.append("*/*", doc::Object{{"schema", doc::Object{{"type", "string"}}}});
    } else {
      const doc::Object schema{{"schema", operation.answer}};
      content.append("application/json", schema);
      if (!operation.extra_answer_type.empty()) content.append(std::string(operation.extra_answer_type), schema);
      content.append("application/yaml", schema);
    }
    doc::Object answer{{"description", description_of_status(status)}};
    answer.append("content", std::move(content));
    answers.append(std::to_string(status), std::move(answer));
  }
  answers.append("401", doc::Object{{"description", "Unauthorized"}});
  out.append("responses", std::move(answers));
  out.append("x-kubernetes-action", operation.action);
  out.append("x-kubernetes-group-version-kind", kind.value());
  item.set(operation.method, std::move(out));
}

Operation Paths::list_operation(const Resource& resource, std::string id) {
  Operation list{"get", "list", std::move(id), "list or watch " + resource.plural, &parameters_of(Parameters::list)};
  list.answer = components_.refer_list(resource);
  list.extra_answer_type = "application/json;stream=watch";
  return list;
}

void Paths::add(const Resource& resource) {
  add_collection(resource);
  add_object(resource);
  for (const Subresource& subresource : resource.subresources) {
    const bool connects = subresource.kind.ends_with("Options") || subresource.name == "log";
    if (connects) {
      add_connection(resource, subresource);
    } else {
      add_subresource(resource, subresource);
    }
  }
}

void Paths::add_collection(const Resource& resource) {
  const GroupVersionKind kind{resource.group, resource.version, resource.kind};
  const std::string path = collection_path(resource);
  if (has(resource.verbs, "list")) {
    put(item(resource, path, false), resource, kind, list_operation(resource, id("list", resource)));
    if (resource.namespaced) {
      const std::string everywhere = "list" + prefix_ + resource.kind + "ForAllNamespaces";
      put(item(resource, base_ + resource.plural, false), resource, kind, list_operation(resource, everywhere));
    }
  }
  if (has(resource.verbs, "create")) {
    Operation create{"post", "post", id("create", resource), "create a " + resource.kind,
                     &parameters_of(Parameters::create)};
    create.body = create.answer = components_.refer(resource);
    create.answers = {200, 201, 202};
    put(item(resource, path, false), resource, kind, std::move(create));
  }
  if (has(resource.verbs, "deletecollection")) {
    Operation remove{"delete", "deletecollection", id("delete", resource, "Collection"),
                     "delete all " + resource.plural + " that are selected",
                     &parameters_of(Parameters::remove_collection)};
    remove.body = components_.refer_body({"", "v1", "DeleteOptions"});
    remove.body_required = false;
    remove.answer = components_.refer_body({"", "v1", "Status"});
    put(item(resource, path, false), resource, kind, std::move(remove));
  }
}

void Paths::add_object(const Resource& resource) {
  const GroupVersionKind kind{resource.group, resource.version, resource.kind};
  const std::string path = collection_path(resource) + "/{name}";
  if (has(resource.verbs, "get")) {
    Operation read{"get", "get", id("read", resource), "read one " + resource.kind};
    read.answer = components_.refer(resource);
    put(item(resource, path, true), resource, kind, std::move(read));
  }
  if (has(resource.verbs, "update")) {
    Operation replace{"put", "put", id("replace", resource), "replace one " + resource.kind,
                      &parameters_of(Parameters::create)};
    replace.body = replace.answer = components_.refer(resource);
    replace.answers = {200, 201};
    put(item(resource, path, true), resource, kind, std::move(replace));
  }
  if (has(resource.verbs, "patch")) {
    Operation patch{"patch", "patch", id("patch", resource), "change one " + resource.kind,
                    &parameters_of(Parameters::patch)};
    patch.body = components_.refer_patch();
    patch.is_patch = true;
    patch.answer = components_.refer(resource);
    patch.answers = {200, 201};
    put(item(resource, path, true), resource, kind, std::move(patch));
  }
  if (has(resource.verbs, "delete")) {
    Operation remove{"delete", "delete", id("delete", resource), "delete one " + resource.kind,
                     &parameters_of(Parameters::remove)};
    remove.body = components_.refer_body({"", "v1", "DeleteOptions"});
    remove.body_required = false;
    remove.answer = components_.refer_body({"", "v1", "Status"});
    remove.answers = {200, 202};
    put(item(resource, path, true), resource, kind, std::move(remove));
  }
}

void Paths::add_subresource(const Resource& resource, const Subresource& subresource) {
  const GroupVersionKind kind{subresource.group, subresource.version, subresource.kind};
  const bool own = kind.kind == resource.kind && kind.group == resource.group && kind.version == resource.version;
  const doc::Value body = own ? components_.refer(resource) : components_.refer_body(kind);
  if (body.is_null()) return;
  const std::string path = collection_path(resource) + "/{name}/" + subresource.name;
  const std::string suffix = capitalized(subresource.name);
  const std::string of = " " + subresource.name + " of one " + resource.kind;
  if (has(subresource.verbs, "get")) {
    Operation read{"get", "get", id("read", resource) + suffix, "read" + of};
    read.answer = body;
    put(item(resource, path, true), resource, kind, std::move(read));
  }
  if (has(subresource.verbs, "update")) {
    Operation replace{"put", "put", id("replace", resource) + suffix, "replace" + of,
                      &parameters_of(Parameters::create)};
    replace.body = replace.answer = body;
    replace.answers = {200, 201};
    put(item(resource, path, true), resource, kind, std::move(replace));
  }
  if (has(subresource.verbs, "patch")) {
    Operation patch{"patch", "patch", id("patch", resource) + suffix, "change" + of, &parameters_of(Parameters::patch)};
    patch.body = components_.refer_patch();
    patch.is_patch = true;
    patch.answer = body;
    patch.answers = {200, 201};
    put(item(resource, path, true), resource, kind, std::move(patch));
  }
  if (has(subresource.verbs, "create")) {
    Operation create{"post", "post", id("create", resource) + suffix, "create" + of,
                     &parameters_of(Parameters::create)};
    create.body = create.answer = body;
    create.answers = {200, 201, 202};
    put(item(resource, path, true), resource, kind, std::move(create));
  }
}

// Streams and proxies: what goes through them is no object.
void Paths::add_connection(const Resource& resource, const Subresource& subresource) {
  const GroupVersionKind kind{subresource.group, subresource.version, subresource.kind};
  const std::string path = collection_path(resource) + "/{name}/" + subresource.name;
  const std::string suffix = capitalized(subresource.name);
  if (subresource.name == "log") {
    Operation log{"get", "get", id("read", resource) + suffix, "read the log of one " + resource.kind,
                  &parameters_of(Parameters::log)};
    put(item(resource, path, true), resource, kind, std::move(log));
    return;
  }
  const Parameters which = subresource.name == "exec"          ? Parameters::exec
                           : subresource.name == "attach"      ? Parameters::attach
                           : subresource.name == "portforward" ? Parameters::portforward
                                                               : Parameters::proxy;
  constexpr std::pair<std::string_view, std::string_view> methods[] = {
      {"create", "post"}, {"delete", "delete"}, {"get", "get"}, {"patch", "patch"}, {"update", "put"}};
  for (const bool with_path : {false, true}) {
    if (with_path && which != Parameters::proxy) break;
    for (const auto& [verb, method] : methods) {
      if (!has(subresource.verbs, verb)) continue;
      Operation connect{method, "connect", id("connect", resource, capitalized(method)) + suffix,
                        "connect to " + subresource.name + " of one " + resource.kind, &parameters_of(which)};
      if (with_path) {
        connect.id += "WithPath";
        connect.parameters = nullptr;
      }
      put(item(resource, with_path ? path + "/{path}" : path, true, false), resource, kind, std::move(connect));
    }
  }
}

}  // namespace

doc::Object paths_of(const discovery::GroupVersion& version, Components& components) {
  Paths paths(version, components);
  for (const ResourcePtr& resource : version.resources) paths.add(*resource);
  return paths.take();
}

}  // namespace slipway::objects::openapi

#include "objects/fields/selectable.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "objects/jsonpath/json_path.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::fields {
namespace {

using Read = std::string (*)(const doc::Value&);

struct SelectableField {
  std::string_view name;
  Read read;
};

// The text at a dotted path, which may stand in another place in one of the two versions of an event.
std::string at(const doc::Value& object, std::string_view path) { return object.at_path(path).string_or(""); }

std::string flag(const doc::Value& value) { return value.bool_or(false) ? "true" : "false"; }

template <std::size_t N>
struct Path {
  char text[N];
  constexpr Path(const char (&given)[N]) { std::copy_n(given, N, text); }
};
template <Path path>
std::string read_text(const doc::Value& object) {
  return at(object, path.text);
}
template <Path path>
std::string read_count(const doc::Value& object) {
  return std::to_string(object.at_path(path.text).int_or(0));
}
template <Path path>
std::string read_flag(const doc::Value& object) {
  return flag(object.at_path(path.text));
}
template <Path core, Path events>
std::string read_event(const doc::Value& event) {
  const doc::Value& value = event.at_path(core.text);
  return value.is_null() ? at(event, events.text) : value.string_or("");
}

// podIP says more than the list where both are there.
std::string pod_ip(const doc::Value& pod) {
  const std::string ip = at(pod, "status.podIP");
  return ip.empty() ? pod["status"]["podIPs"][std::size_t{0}]["ip"].string_or("") : ip;
}

std::string event_source(const doc::Value& event) {
  const std::string component = read_event<"source.component", "deprecatedSource.component">(event);
  return component.empty() ? read_event<"reportingComponent", "reportingController">(event) : component;
}

// A label that requests may use, and the field it means where that has another name.
struct Label {
  std::string_view name, field;
};

struct KindFields {
  std::string_view group, kind;
  std::vector<SelectableField> fields;
  std::vector<Label> other_labels;
  std::vector<std::string_view> not_labels;  // fields that requests may not name
};

const std::vector<KindFields>& known_kinds() {
  static const std::vector<KindFields> kinds = {
      {"",
       "Pod",
       {{"spec.nodeName", read_text<"spec.nodeName">},
        {"spec.restartPolicy", read_text<"spec.restartPolicy">},
        {"spec.schedulerName", read_text<"spec.schedulerName">},
        {"spec.serviceAccountName", read_text<"spec.serviceAccountName">},
        {"spec.hostNetwork", read_flag<"spec.hostNetwork">},
        {"status.phase", read_text<"status.phase">},
        {"status.podIP", pod_ip},
        {"status.nominatedNodeName", read_text<"status.nominatedNodeName">}},
       {{"spec.host", "spec.nodeName"}, {"status.podIPs", "status.podIPs"}},
       {}},
      {"", "Node", {{"spec.unschedulable", read_flag<"spec.unschedulable">}}, {}, {}},
      {"",
       "Namespace",
       {{"status.phase", read_text<"status.phase">}, {"name", read_text<"metadata.name">}},
       {},
       {"name"}},
      {"", "Secret", {{"type", read_text<"type">}}, {}, {}},
      {"", "Service", {{"spec.clusterIP", read_text<"spec.clusterIP">}, {"spec.type", read_text<"spec.type">}}, {}, {}},
      {"",
       "Event",
       {{"involvedObject.kind", read_event<"involvedObject.kind", "regarding.kind">},
        {"involvedObject.namespace", read_event<"involvedObject.namespace", "regarding.namespace">},
        {"involvedObject.name", read_event<"involvedObject.name", "regarding.name">},
        {"involvedObject.uid", read_event<"involvedObject.uid", "regarding.uid">},
        {"involvedObject.apiVersion", read_event<"involvedObject.apiVersion", "regarding.apiVersion">},
        {"involvedObject.resourceVersion", read_event<"involvedObject.resourceVersion", "regarding.resourceVersion">},
        {"involvedObject.fieldPath", read_event<"involvedObject.fieldPath", "regarding.fieldPath">},
        {"reason", read_text<"reason">},
        {"reportingComponent", read_event<"reportingComponent", "reportingController">},
        {"source", event_source},
        {"type", read_text<"type">}},
       {},
       {}},
      {"", "ReplicationController", {{"status.replicas", read_count<"status.replicas">}}, {}, {}},
      {"resource.k8s.io",
       "ResourceSlice",
       {{"spec.nodeName", read_text<"spec.nodeName">}, {"spec.driver", read_text<"spec.driver">}},
       {},
       {}},
      {"batch", "Job", {{"status.successful", read_count<"status.succeeded">}}, {}, {}},
  };
  return kinds;
}

// Events are one kind in two groups.
bool is_events_group(const schema::Resource& resource) {
  return resource.group == "events.k8s.io" && resource.kind == "Event";
}

const KindFields* find_kind(const schema::Resource& resource) {
  if (resource.is_custom()) return nullptr;
  const std::string_view group = is_events_group(resource) ? "" : std::string_view(resource.group);
  for (const KindFields& known : known_kinds()) {
    if (known.group == group && known.kind == resource.kind) return &known;
  }
  return nullptr;
}

// ".spec.color" is the label "spec.color".
std::string_view label_of(std::string_view json_path) {
  return json_path.starts_with('.') ? json_path.substr(1) : json_path;
}

Result<std::string> known_label(const schema::Resource& resource, const KindFields& known, const std::string& label) {
  std::string asked = label;
  if (is_events_group(resource)) {
    if (asked.starts_with("regarding."))
      asked = "involvedObject." + asked.substr(10);
    else if (asked == "reportingController")
      asked = "reportingComponent";
    else if (asked == "source" || asked == "reportingComponent" || asked.starts_with("involvedObject."))
      asked.clear();
  }
  const bool is_field = std::ranges::any_of(known.fields, [&](const auto& field) { return field.name == asked; });
  if (is_field && std::ranges::find(known.not_labels, asked) == known.not_labels.end()) return asked;
  for (const Label& other : known.other_labels) {
    if (other.name == asked) return std::string(other.field);
  }
  if (resource.group == "batch")
    return fail(Code::invalid_argument, "field label \"" + label + "\" not supported for Job");
  if (resource.group == "resource.k8s.io") {
    return fail(Code::invalid_argument,
                "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: " + label);
  }
  return fail(Code::invalid_argument, "field label not supported: " + label);
}

Result<std::string> field_of(const schema::Resource& resource, const std::string& label) {
  const KindFields* known = find_kind(resource);
  if (label == "metadata.name") return label;
  const bool may_have_namespace = resource.namespaced || (known == nullptr && !resource.is_custom());
  if (label == "metadata.namespace" && may_have_namespace) return label;
  if (resource.is_custom()) {
    for (const std::string& path : resource.custom->selectable_fields) {
      if (label_of(path) == label) return label;
    }
    return fail(Code::invalid_argument, "field label not supported: " + label);
  }
  if (known == nullptr) {
    return fail(Code::invalid_argument, patch::go_quoted(label) +
                                            " is not a known field selector: only \"metadata.name\", "
                                            "\"metadata.namespace\"");
  }
  return known_label(resource, *known, label);
}

Result<std::string> custom_value(const std::string& path, const doc::Value& object) {
  TRY_ASSIGN(const auto parsed, jsonpath::JsonPath::parse(path));
  TRY_ASSIGN(const auto found, parsed.find(object));
  if (found.size() > 1) {
    return fail(Code::invalid_argument, "the selectable field " + path + " has more than one value");
  }
  if (found.empty() || found.front()->is_null()) return std::string();
  return patch::go_text(*found.front());
}

}  // namespace

Result<FieldSelector> selector_for(const schema::Resource& resource, std::string_view text) {
  TRY_ASSIGN(const auto selector, FieldSelector::parse(text));
  return selector.renamed([&](const std::string& label) { return field_of(resource, label); });
}

Result<FieldSet> selectable_fields(const schema::Resource& resource, const Object& object) {
  const doc::Value& document = object.document();
  FieldSet fields;
  fields["metadata.name"] = document["metadata"]["name"].string_or("");
  if (resource.namespaced) fields["metadata.namespace"] = document["metadata"]["namespace"].string_or("");
  if (const KindFields* known = find_kind(resource)) {
    for (const SelectableField& field : known->fields) fields[std::string(field.name)] = field.read(document);
  }
  if (resource.is_custom()) {
    for (const std::string& path : resource.custom->selectable_fields) {
      TRY_ASSIGN(fields[std::string(label_of(path))], custom_value(path, document));
    }
  }
  return fields;
}

}  // namespace slipway::objects::fields

#include "objects/crd/definition.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "objects/catalog.hpp"
#include "objects/crd/compile.hpp"
#include "objects/crd/status.hpp"
#include "objects/crd/validate.hpp"
#include "objects/kinds.hpp"
#include "objects/schema/decode.hpp"
#include "objects/verbs/rules.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

doc::Value yaml(std::string_view text) {
  auto value = doc::parse_yaml(text, "test");
  REQUIRE_MESSAGE(value.has_value(), text);
  return std::move(*value);
}

doc::Value widgets(std::string_view name = "widgets.example.com") {
  doc::Value crd = yaml(R"(
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
    - {name: v1beta1, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}
    - name: v1
      served: true
      storage: true
      deprecated: true
      subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size, priority: 1}]
      selectableFields: [{jsonPath: .spec.color}]
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: {type: integer, default: 3}
                color: {type: string}
                replicas: {type: integer}
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port]
                  items: {type: object, required: [port], properties: {port: {type: integer}}}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                limits: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {x-kubernetes-int-or-string: true}}
            status: {type: object, properties: {replicas: {type: integer}}}
    - {name: v1alpha1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
)");
  crd.set_path("metadata.name", name);
  return crd;
}

core::Time at(int seconds) { return core::Time(std::chrono::seconds(seconds)); }

void name_undescribed(const doc::Value& schema, const std::string& path, std::string& missing) {
  if (schema["description"].string_or("").empty()) missing += path + " ";
  const auto& fields = schema["items"].is_null() ? schema["properties"] : schema["items"]["properties"];
  if (!fields.is_object()) return;
  for (const auto& [name, field] : fields.as_object()) name_undescribed(field, path + "." + name, missing);
}

}  // namespace

TEST_CASE("a definition becomes a resource for each version it serves, the preferred one first") {
  const auto definition = crd::parse_definition(widgets());
  REQUIRE(definition.has_value());
  const auto resources = crd::resources_of(*definition);
  REQUIRE(resources.size() == 2);
  const schema::Resource& v1 = resources[0];
  CHECK(v1.api_version() == "example.com/v1");
  CHECK(resources[1].version == "v1beta1");
  CHECK(v1.kind == "Widget");
  CHECK(v1.singular == "widget");
  CHECK(v1.list_kind() == "WidgetList");
  CHECK(v1.short_names == std::vector<std::string>{"wd"});
  CHECK(v1.verbs ==
        std::vector<std::string>{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"});
  REQUIRE(v1.find_subresource("scale") != nullptr);
  CHECK(v1.find_subresource("scale")->kind == "Scale");
  CHECK(v1.find_subresource("status")->kind == "Widget");
  REQUIRE(v1.is_custom());
  CHECK(v1.custom->storage_version == "v1");
  CHECK(v1.custom->columns.front().priority == 1);
  CHECK(v1.custom->scale->spec_replicas == ".spec.replicas");
  CHECK(v1.custom->selectable_fields == std::vector<std::string>{".spec.color"});
  CHECK(v1.custom->deprecated);
  CHECK_FALSE(resources[1].custom->has_status);
}

TEST_CASE("the types of a definition live as long as a resource of it, and say how its lists merge") {
  std::vector<schema::Resource> resources;
  {
    const auto definition = crd::parse_definition(widgets());
    REQUIRE(definition.has_value());
    resources = crd::resources_of(*definition);
  }
  const schema::Type& type = *resources[0].type;
  CHECK(type.find("metadata")->type->name == "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const schema::Type& spec = *type.find("spec")->type;
  CHECK(spec.find("ports")->type->merge == schema::Merge::by_key);
  CHECK(spec.find("ports")->type->merge_keys == std::vector<std::string>{"port"});
  CHECK(spec.find("tags")->type->merge == schema::Merge::set);
  CHECK(spec.find("limits")->type->merge == schema::Merge::atomic);
  CHECK(spec.find("limits")->type->element->shape == schema::Shape::int_or_string);
  doc::Value object = yaml("{apiVersion: example.com/v1, kind: Widget, metadata: {name: a}, spec: {gone: 1}}");
  CHECK(schema::check(object, type).strict == std::vector<std::string>{"unknown field \"spec.gone\""});
  schema::prune(object, type);
  schema::apply_defaults(object, type);
  CHECK(doc::render_json(object["spec"]) == R"({"size":3})");
}

TEST_CASE("replicas of scale are numbers that fit") {
  const schema::ScalePaths paths{".spec.replicas", ".status.replicas", ".status.selector"};
  CHECK(crd::validate_scale(yaml("{spec: {replicas: 1}}"), paths).empty());
  CHECK(crd::validate_scale(yaml("{}"), paths).empty());
  const auto problems =
      crd::validate_scale(yaml("{spec: {replicas: -1}, status: {replicas: 3000000000, selector: a=b}}"), paths);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].message() == ".spec.replicas: Invalid value: -1: should be a non-negative integer");
  CHECK(problems[1].field == ".status.replicas");

  const auto widget = crd::resources_of(crd::parse_definition(widgets()).value()).front();
  const auto written = [&](std::string_view spec, std::string_view subresource) {
    const auto object = yaml("{apiVersion: example.com/v1, kind: Widget, metadata: {name: a, namespace: b}, " +
                             std::string(spec) + "}");
    const auto before = subresource.empty() ? doc::Value() : object;
    return verbs::problems_of(widget, object, before, subresource).size();
  };
  CHECK(written("spec: {replicas: 2}", "") == 0);
  CHECK(written("spec: {replicas: -1}", "") == 1);
  CHECK(written("spec: {replicas: -1}, status: {replicas: 1}", "status") == 0);
  CHECK(written("status: {replicas: -1}", "status") == 1);
}

TEST_CASE("a refusal names every field") {
  doc::Value crd = widgets("other.example.com");
  crd.set_path("spec.scope", "");
  const auto definition = crd::parse_definition(crd);
  REQUIRE_FALSE(definition.has_value());
  const auto refusal = validation::refusal_of(definition.error());
  REQUIRE(refusal.has_value());
  CHECK(refusal->kind == "CustomResourceDefinition");
  REQUIRE(refusal->causes.size() == 2);
  CHECK(refusal->causes[0].field == "metadata.name");
  CHECK(refusal->causes[1].reason == "FieldValueRequired");
}

TEST_CASE("an update must not rename what is established, nor forget versions that objects are stored in") {
  doc::Value old = widgets();
  old.at_or_insert("status") = crd::status_of(old, {}, at(0));
  CHECK(crd::is_established(old));
  doc::Value crd = old;
  crd.set_path("spec.scope", "Cluster");
  crd.at_or_insert("spec").at_or_insert("versions").as_array()[1].at_or_insert("name") = "v2";
  crd::ReadOptions options;
  options.old = &old;
  const auto definition = crd::read_definition(crd, options);
  REQUIRE_FALSE(definition.has_value());
  std::vector<std::string> fields;
  for (const auto& problem : definition.error()) fields.push_back(problem.field);
  CHECK(fields == std::vector<std::string>{"spec.scope", "status.storedVersions[0]"});
}

TEST_CASE("versions are preferred as Kubernetes does: general availability, then beta, then alpha, newer first") {
  const std::vector<std::string> order{"v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "foo1"};
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    CHECK(crd::is_preferred(order[i], order[i + 1]));
    CHECK_FALSE(crd::is_preferred(order[i + 1], order[i]));
  }
}

TEST_CASE("a definition whose names are free is established at once, and stays as it is") {
  doc::Value crd = widgets();
  const doc::Value status = crd::status_of(crd, crd::taken_names("example.com", "widgets.example.com", {}), at(5));
  CHECK(doc::render_json(status["storedVersions"]) == R"(["v1"])");
  CHECK(
      doc::render_json(status["acceptedNames"]) ==
      R"({"categories":["all"],"kind":"Widget","listKind":"WidgetList","plural":"widgets","shortNames":["wd"],"singular":"widget"})");
  crd.at_or_insert("status") = status;
  CHECK(Object(crd).condition_status("NamesAccepted") == "True");
  CHECK(status["conditions"][1]["reason"].as_string() == "InitialNamesAccepted");
  CHECK(crd::status_of(crd, {}, at(9)) == status);
}

TEST_CASE("a name that another definition has is not accepted, and accepted once it is free") {
  doc::Value first = widgets();
  first.at_or_insert("status") = crd::status_of(first, {}, at(0));
  doc::Value second = widgets("gadgets.example.com");
  second.set_path("spec.names", yaml("{plural: gadgets, kind: Widget, shortNames: [wd, gd]}"));
  const std::vector<doc::Value> all{first, second};
  const auto taken = crd::taken_names("example.com", "gadgets.example.com", all);
  const doc::Value status = crd::status_of(second, taken, at(1));
  second.at_or_insert("status") = status;
  CHECK(Object(second).condition_status("NamesAccepted") == "False");
  CHECK(Object(second).condition_status("Established") == "False");
  CHECK(status["conditions"][0]["reason"].as_string() == "ListKindConflict");
  CHECK(status["conditions"][0]["message"].as_string() == "\"WidgetList\" is already in use");
  CHECK(status["acceptedNames"]["plural"].as_string() == "gadgets");
  CHECK(status["acceptedNames"]["shortNames"].is_null());
  second.at_or_insert("status") = crd::status_of(second, {}, at(2));
  CHECK(crd::is_established(second));
  CHECK(crd::accepted_names_of(second).kind == "Widget");
}

TEST_CASE("names of built-in kinds are taken") {
  const auto taken = crd::taken_names("apps", "x", {});
  CHECK(taken.resources.contains("deploy"));
  CHECK(taken.kinds.contains("DeploymentList"));
}

TEST_CASE("kubectl explain has a sentence for every field of Slipway's own kinds") {
  for (const char* file : {"slipway.dev", "inference.llm-d.io", "openslo"}) {
    const auto path = std::string(SLIPWAY_SOURCE_DIR) + "/deploy/crds/" + file + ".yaml";
    const auto documents = doc::parse_yaml_all(read(path), path).value();
    for (const doc::Value& document : documents) {
      const auto& schema = document["spec"]["versions"][std::size_t{0}]["schema"]["openAPIV3Schema"];
      CHECK_FALSE(schema["description"].string_or("").empty());
      for (const char* part : {"spec", "status"}) {
        std::string missing;
        name_undescribed(schema["properties"][part], part, missing);
        CAPTURE(path);
        CHECK(missing.empty());
      }
    }
  }
}

TEST_CASE("every kind that Slipway knows has a definition in deploy/crds") {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SLIPWAY_SOURCE_DIR) + "/deploy/crds")) {
    const std::string path = entry.path();
    CAPTURE(path);
    const auto documents = doc::parse_yaml_all(read(entry.path()), path);
    REQUIRE(documents.has_value());
    for (const doc::Value& document : *documents) {
      crd::ReadOptions options;
      options.bundled = true;
      const auto definition = crd::parse_definition(document, options);
      REQUIRE_MESSAGE(definition.has_value(), definition.error().render());
      CHECK(definition->warnings.empty());
      const auto known = kinds::find(definition->group + "/" + definition->storage().name, definition->names.kind);
      REQUIRE(known.has_value());
      CHECK(known->plural == definition->names.plural);
      CHECK(known->namespaced == definition->namespaced);
      CHECK(known->version == definition->storage().name);
      for (const auto& name : definition->names.short_names) CHECK(kinds::find_by_resource(name)->kind == known->kind);
      CHECK(crd::parse_definition(document).has_value() == (definition->group != "openslo"));
      ++found;
    }
  }
  CHECK(found == 10);
}

TEST_CASE("an SLO has OpenSLO's metadata.displayName, and what comes from elsewhere adds nothing to metadata") {
  auto document = yaml(read(std::string(SLIPWAY_SOURCE_DIR) + "/deploy/crds/openslo.yaml"));
  crd::ReadOptions options;
  options.bundled = true;
  const auto definition = crd::parse_definition(document, options);
  REQUIRE(definition.has_value());
  const schema::Type& type = definition->storage().compiled->type();
  auto slo = yaml("{apiVersion: openslo/v1, kind: SLO, metadata: {name: a, displayName: A, dislayName: B}, spec: {}}");
  const auto found = schema::check(slo, type);
  REQUIRE(found.strict.size() == 1);
  CHECK(found.strict.front() == "unknown field \"metadata.dislayName\"");
  schema::prune(slo, type);
  CHECK(slo["metadata"] == yaml("{name: a, displayName: A}"));

  doc::Value foreign = widgets();
  foreign.set_path("spec.versions", yaml(R"([{name: v1, served: true, storage: true, schema: {openAPIV3Schema:
    {type: object, properties: {metadata: {type: object, properties: {displayName: {type: string}}}}}}}])"));
  const auto refused = crd::parse_definition(foreign);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().render().find("metadata is implicitly specified") != std::string::npos);
}

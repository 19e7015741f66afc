// Definitions that come with the program, over restarts and beside those that people put in their place.

#include "objects/controllers/definitions.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/crd/bundled.hpp"
#include "objects/embedded.hpp"
#include "objects/patch/apply.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

doc::Value definition(const std::string& properties) {
  auto value = doc::parse_yaml(R"(apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shelves.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: shelves, kind: Shelf}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {)" +
                                   properties + "}}}}}\n",
                               "test.yaml");
  REQUIRE_MESSAGE(value.has_value(), value.error().render());
  return std::move(*value);
}

struct Program {
  core::SimulatedWorld world{3};
  core::World parts = world.world();
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<Embedded> embedded;

  // A version of the program that brings this.
  void start(const std::string& properties) {
    embedded.reset();
    world.crash_control_plane();
    EmbeddedOptions options;
    options.definitions = {definition(properties)};
    embedded = Embedded::open(parts, *database, nullptr, std::move(options)).value();
    REQUIRE(embedded->start().has_value());
    world.run_for(std::chrono::seconds(1));
  }
  Object stored() { return embedded->store().get(crd::definition_kind, {"", "shelves.example.com"}).value(); }
  std::string properties() {
    std::string names;
    const auto object = stored();
    const auto& schema = object.spec()["versions"][std::size_t{0}]["schema"]["openAPIV3Schema"];
    for (const auto& [name, property] : schema["properties"]["spec"]["properties"].as_object()) names += name;
    return names;
  }
  // As somebody else's `kubectl apply --server-side --force-conflicts`.
  void apply(const std::string& properties) {
    const auto kind = crd::definition_kind;
    const auto resource = embedded->catalog().stored(kind.group, kind.kind);
    const auto before = stored();
    const patch::Writer writer{"kubectl", kind.api_version(), "", parts.clock.now()};
    auto after = patch::apply(*resource->type, before.document(), definition(properties), writer, true, {});
    REQUIRE(after.has_value());
    REQUIRE(embedded->backend()
                .replace(kind, Object(std::move(*after)), std::stoll(before.resource_version()))
                .has_value());
  }
};

}  // namespace

TEST_CASE_FIXTURE(Program,
                  "a newer program brings its newer definition, and leaves alone what somebody put in its place") {
  start("a: {type: string}");
  CHECK(properties() == "a");
  start("a: {type: string}, b: {type: string}");
  CHECK(properties() == "ab");
  apply("x: {type: string}");
  CHECK(properties() == "x");
  start("a: {type: string}, b: {type: string}");
  CHECK(properties() == "x");
  start("a: {type: string}, b: {type: string}, c: {type: string}");
  CHECK(properties() == "x");
  CHECK(embedded->catalog().stored("example.com", "Shelf") != nullptr);
}

TEST_CASE_FIXTURE(Program, "objects move to the version that is the stored one now, whatever versions they speak of") {
  start("");
  auto notes = doc::parse_yaml(R"(apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: notes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: notes, kind: Note}
  versions:
  - {name: v1, served: true, storage: true, schema: &any {openAPIV3Schema: {
       type: object, x-kubernetes-preserve-unknown-fields: true}}}
  - {name: v2, served: true, storage: false, schema: *any}
)",
                               "test.yaml");
  REQUIRE(notes.has_value());
  auto& store = embedded->store();
  REQUIRE(store.create(Object(std::move(*notes))).has_value());
  world.run_for(std::chrono::seconds(1));
  auto note = Object::make({"example.com", "v1", "Note", "notes"}, {"demo", "n"});
  note.spec() = doc::Object{{"about", doc::Object{{"apiVersion", "example.com/v2"}, {"kind", "Note"}}}};
  REQUIRE(store.create(std::move(note)).has_value());

  const auto change = [](Object& definition) {
    auto& versions = definition.spec().at_or_insert("versions").as_array();
    versions[0].as_object().set("storage", false);
    versions[1].as_object().set("storage", true);
    return true;
  };
  REQUIRE(modify(store, crd::definition_kind, {"", "notes.example.com"}, change).has_value());
  world.run_for(std::chrono::seconds(1));
  const auto kept = embedded->backend().find({"example.com", "v2", "Note", "notes"}, {"demo", "n"}).value();
  REQUIRE(kept.has_value());
  CHECK(kept->parse()->api_version() == "example.com/v2");
}

#include "objects/schema/builtin.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "objects/schema/code_defaults.hpp"
#include "objects/schema/embedded.hpp"

using namespace slipway;
using namespace slipway::objects::schema;

TEST_CASE("the table in the binary is whole, and tells how long it takes to read") {
  const auto begin = std::chrono::steady_clock::now();
  const auto registry = Registry::parse(embedded_table(), embedded_descriptions());
  const auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  REQUIRE_MESSAGE(registry.has_value(), (registry ? "" : registry.error().render()));
  MESSAGE(embedded_table().size(), " bytes, ", registry->types().size(), " types, ", registry->resources().size(),
          " resources in ", took, " ms");
  CHECK(registry->types().size() > 400);
}

TEST_CASE("a deployment is found by kind and by plural, with its short name and its scale") {
  const Resource* deployment = builtin().find("apps", "v1", "Deployment");
  REQUIRE(deployment != nullptr);
  CHECK(deployment == builtin().find_by_plural("apps", "v1", "deployments"));
  CHECK(deployment->short_names == std::vector<std::string>{"deploy"});
  CHECK(deployment->categories == std::vector<std::string>{"all"});
  CHECK(deployment->list_kind() == "DeploymentList");
  REQUIRE(deployment->find_subresource("scale") != nullptr);
  CHECK(deployment->find_subresource("scale")->group == "autoscaling");
  CHECK(deployment->find_subresource("status")->group == "apps");
  CHECK(deployment->find_subresource("exec") == nullptr);
  CHECK(builtin().find("apps", "v1beta1", "Deployment") == nullptr);
  CHECK_FALSE(builtin().find("", "v1", "Node")->namespaced);
  CHECK(builtin().find("metrics.k8s.io", "v1beta1", "PodMetrics")->plural == "pods");
  CHECK(builtin().find("authorization.k8s.io", "v1", "SubjectAccessReview")->verbs ==
        std::vector<std::string>{"create"});
}

TEST_CASE("bodies that are no resources are found by apiVersion and kind") {
  CHECK(builtin().find_body("apps/v1", "Deployment") == builtin().find("apps", "v1", "Deployment")->type);
  CHECK(builtin().find_body("policy/v1", "Eviction") != nullptr);
  CHECK(builtin().find_body("v1", "DeleteOptions") == builtin().find_body("apps/v1", "DeleteOptions"));
  CHECK(builtin().find_body("v1", "Nonsense") == nullptr);
  CHECK(builtin().find_body("", "") == nullptr);
}

TEST_CASE("a type knows numbers, keys of lists, patch strategies and defaults") {
  const Type* spec = builtin().find_type("io.k8s.api.core.v1.PodSpec");
  REQUIRE(spec != nullptr);
  const Field* containers = spec->find("containers");
  REQUIRE(containers != nullptr);
  CHECK(containers->required);
  CHECK(containers->number == 2);
  CHECK(containers->type->merge == Merge::by_key);
  CHECK(containers->type->merge_keys == std::vector<std::string>{"name"});
  CHECK(containers->patch_merge);
  CHECK(containers->patch_merge_key == "name");
  CHECK(spec->find("volumes")->retain_keys);
  CHECK(spec->find("nodeSelector")->type->merge == Merge::atomic);
  CHECK(spec->find("tolerations")->type->merge == Merge::atomic);
  CHECK(spec->find("terminationGracePeriodSeconds")->type->format == "int64");
  CHECK(spec->find("nonsense") == nullptr);

  const Type* port = builtin().find_type("io.k8s.api.core.v1.ContainerPort");
  REQUIRE(port->find("protocol")->default_value.has_value());
  CHECK(port->find("protocol")->default_value->as_string() == "TCP");
  const Field* ports = builtin().find_type("io.k8s.api.core.v1.Container")->find("ports");
  CHECK(ports->type->merge_keys == std::vector<std::string>{"containerPort", "protocol"});
  CHECK(ports->patch_merge_key == "containerPort");
  CHECK(builtin().find_type("io.k8s.api.apps.v1.DeploymentSpec")->find("strategy")->retain_keys);
  CHECK(builtin().find_type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")->find("finalizers")->type->merge ==
        Merge::set);
  CHECK(builtin().find_type("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector")->merge == Merge::atomic);
  CHECK_FALSE(builtin().find_type("io.k8s.api.core.v1.Pod")->description.empty());
  CHECK_FALSE(spec->find("containers")->description.empty());
}

TEST_CASE("every type of the table is whole") {
  for (const auto& [name, type] : builtin().types()) {
    CAPTURE(name);
    for (const Field& field : type->fields) {
      REQUIRE(field.type != nullptr);
      if (field.type->shape == Shape::list || field.type->shape == Shape::map) REQUIRE(field.type->element != nullptr);
    }
  }
  for (const Resource& resource : builtin().resources()) {
    CAPTURE(resource.kind);
    REQUIRE(resource.type->find("metadata") != nullptr);
    CHECK(resource.type->find("kind") != nullptr);
  }
}

TEST_CASE("defaults are told for types and fields that there are") {
  for (const ConstantDefaults& row : constant_defaults()) {
    CAPTURE(row.type);
    const Type* type = builtin().find_type(row.type);
    REQUIRE(type != nullptr);
    const auto values = doc::parse_json(row.json);
    REQUIRE(values.has_value());
    for (const auto& [key, value] : values->as_object()) CHECK_MESSAGE(type->find(key) != nullptr, key);
  }
  for (const ComputedDefaults& row : computed_defaults())
    CHECK_MESSAGE(builtin().find_type(row.type) != nullptr, row.type);
}

TEST_CASE("a line that is wrong is shown") {
  const auto problem = [](std::string_view table, std::string_view descriptions = "") {
    const auto registry = Registry::parse(table, descriptions);
    return registry ? std::string() : registry.error().message;
  };
  CHECK(problem("nonsense\n").find("\"nonsense\"") != std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f x string\n").find("f x string") != std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f 1 [string\n").find("[string") != std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f 1 a.v1.Never\n").find("Never") != std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f 1 b.v1.T\n").find("b.v1.T") != std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f 1 string\n", "a.v1.T.g words\n").find("a.v1.T.g") !=
        std::string::npos);
  CHECK(problem("package a.v1 io.a.v1\ntype a.v1.T\n f 1 +string =\"x\"\n", "a.v1.T.f words\n").empty());
}

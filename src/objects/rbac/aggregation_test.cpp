#include "objects/rbac/aggregation.hpp"

#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

constexpr Kind cluster_role{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false};

struct Roles {
  explicit Roles(const support::StoreEntry& entry) : place(entry, world, {}) { start(); }

  void start() {
    store = place.open();
    controller = std::make_unique<rbac::AggregationController>(parts, *store);
    REQUIRE(controller->start());
    settle();
  }
  void restart() {
    controller.reset();
    store.reset();
    world.crash_control_plane();
    start();
  }
  void settle() { world.run_for(std::chrono::seconds(1)); }
  void apply(const std::string& json) {
    const auto applied = store->apply(Object(*doc::parse_json(json)));
    REQUIRE_MESSAGE(applied, (applied ? "" : applied.error().one_line()));
  }
  // A role on `resource` that `label` gathers.
  void give(const std::string& resource, const std::string& label) {
    apply(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":")" + resource +
          R"(","labels":{"gathered-by":")" + label +
          R"("}},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":[")" + resource + R"("]}]})");
    settle();
  }
  void gather(const std::string& name, const std::string& own_label) {
    apply(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":")" + name +
          R"(","labels":{"gathered-by":")" + own_label +
          R"("}},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"gathered-by":")" + name + R"("}}]}})");
    settle();
  }
  std::string gathered(const std::string& name) {
    std::string text;
    const auto role = store->get(cluster_role, {"", name}).value();
    const auto& rules = role.document()["rules"];
    for (std::size_t i = 0; i < rules.size(); ++i) text += rules[i]["resources"][std::size_t{0}].string_or("?") + " ";
    return text;
  }

  core::SimulatedWorld world{4};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<Store> store;
  std::unique_ptr<rbac::AggregationController> controller;
};

}  // namespace

TEST_CASE_ON_EVERY_STORE(Roles,
                         "a role that aggregates has the rules of those it selects, also of those that come later") {
  give("pods", "view");
  gather("view", "edit");
  gather("edit", "nobody");
  CHECK(gathered("view") == "pods ");
  CHECK(gathered("edit") == "pods ");
  give("services", "view");
  CHECK(gathered("edit") == "pods services ");

  REQUIRE(objects::modify(*store, cluster_role, {"", "services"}, [](Object& role) {
    return role.document().at_or_insert("metadata").as_object().erase("labels");
  }));
  settle();
  CHECK(gathered("edit") == "pods ");
  give("services", "view");

  controller.reset();  // nobody is there
  give("secrets", "edit");
  CHECK(gathered("edit") == "pods services ");
  restart();
  CHECK(gathered("edit") == "secrets pods services ");
}

// What every store does, whoever keeps the objects. See support/places.hpp for which stores these are.

#include <algorithm>

#include "objects/kinds.hpp"
#include "support/places.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::support;

namespace {

using Lines = std::vector<std::string>;

Object must(Result<Object> result) {
  REQUIRE_MESSAGE(result, (result ? "" : result.error().one_line()));
  return std::move(*result);
}
void must(Result<> result) { REQUIRE_MESSAGE(result, (result ? "" : result.error().one_line())); }

Code code_of(const Result<Object>& result) { return result ? Code::internal : result.error().code; }
Code code_of(const Result<>& result) { return result ? Code::internal : result.error().code; }

void without_version(Object& object) {
  object.document().at_or_insert("metadata").as_object().erase("resourceVersion");
}

Object with_replicas(Object object, int replicas) {
  object.spec().at_or_insert("replicas") = replicas;
  return object;
}

// Until the listener was told these lines, no more and no less.
void expect(Place& place, const Listener& listener, const Lines& lines) {
  place.run_until([&] { return listener.told().size() >= lines.size(); });
  place.run_for(std::chrono::milliseconds(20));
  CHECK(listener.lines() == lines);
}

std::size_t count(Place& place, const Kind& kind) {
  ListOptions options;
  options.ns = place.ns();
  return place.store().list(kind, options)->items.size();
}

}  // namespace

TEST_CASE("every store: create stamps what only the store knows") {
  on_every_store([](Place& place) {
    const Name name{place.ns(), "a"};
    const auto made = must(place.store().create(deployment(place, "a")));
    CHECK(made.uid().size() == 36);
    CHECK_FALSE(made.resource_version().empty());
    CHECK(made.generation() == 1);
    CHECK(made.created().has_value());
    CHECK(must(place.store().get(kinds::deployment, name)).document() == made.document());
    CHECK(code_of(place.store().create(deployment(place, "a"))) == Code::already_exists);
    CHECK(code_of(place.store().create(made)) == Code::invalid_argument);  // carries a resourceVersion
    CHECK(code_of(place.store().create(config_map(place, "Not_Legal"))) == Code::invalid_argument);
    const auto absent = place.store().get(kinds::deployment, {place.ns(), "b"});
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == Code::not_found);
    CHECK(absent.error().message == "deployments.apps \"b\" not found");
    CHECK_FALSE(place.store().find(kinds::deployment, {place.ns(), "b"})->has_value());
    for (const auto* odd : {"", "..", "a/b", "Not_Legal", "a%2Fb", "a?b"}) {
      CAPTURE(odd);
      CHECK(code_of(place.store().get(kinds::config_map, {place.ns(), odd})) == Code::not_found);
      CHECK(code_of(place.store().remove(kinds::config_map, {place.ns(), odd})) == Code::not_found);
    }
  });
}

TEST_CASE("every store: generateName makes a fresh name each time, and a status that is given is kept") {
  on_every_store([](Place& place) {
    auto object = deployment(place, "");
    object.document().at_or_insert("metadata").as_object().erase("name");
    object.document().at_or_insert("metadata").at_or_insert("generateName") = "run-";
    object.status().at_or_insert("observedGeneration") = 1;
    const auto first = must(place.store().create(object));
    const auto second = must(place.store().create(object));
    CHECK(first.name().name.starts_with("run-"));
    CHECK(first.name().name.size() == 9);
    CHECK(first.name() != second.name());
    CHECK(first.status()["observedGeneration"].int_or(0) == 1);
    CHECK(must(place.store().get(kinds::deployment, first.name())).document() == first.document());
  });
}

TEST_CASE("every store: an update with an old resourceVersion is a conflict and changes nothing") {
  on_every_store([](Place& place) {
    const auto first = must(place.store().create(deployment(place, "a")));
    CHECK(must(place.other_store().update(with_replicas(first, 2))).generation() == 2);
    auto late = with_replicas(first, 3);
    CHECK(code_of(place.store().update(late)) == Code::conflict);
    CHECK(code_of(place.store().update_status(late)) == Code::conflict);
    CHECK(must(place.store().get(kinds::deployment, first.name())).spec()["replicas"].int_or(0) == 2);
    without_version(late);
    CHECK(must(place.store().update(late)).spec()["replicas"].int_or(0) == 3);  // last writer wins
    CHECK(code_of(place.store().update(deployment(place, "absent"))) == Code::not_found);
  });
}

TEST_CASE("every store: spec and status are written apart, and only spec raises the generation") {
  on_every_store([](Place& place) {
    auto object = must(place.store().create(deployment(place, "a")));
    object.status().at_or_insert("replicas") = 5;
    object = with_replicas(std::move(object), 2);
    auto after_status = must(place.store().update_status(object));
    CHECK(after_status.status()["replicas"].int_or(0) == 5);
    CHECK(after_status.spec()["replicas"].int_or(0) == 1);
    CHECK(after_status.generation() == 1);
    after_status.status().at_or_insert("replicas") = 6;
    after_status.set_label("x", "y");
    const auto after_update = must(place.store().update(after_status));
    CHECK(after_update.status()["replicas"].int_or(0) == 5);
    CHECK(after_update.generation() == 1);
    CHECK(after_update.label("x") == "y");
  });
}

TEST_CASE("every store: a write that changes nothing is no event and keeps the resourceVersion") {
  on_every_store([](Place& place) {
    const Listener listener(place, place.store(), kinds::config_map);
    const auto object = must(place.store().create(config_map(place, "a")));
    CHECK(must(place.store().update(object)).resource_version() == object.resource_version());
    CHECK(must(place.store().apply(config_map(place, "a"))).resource_version() == object.resource_version());
    expect(place, listener, {"added a"});
    const auto web = must(place.store().create(deployment(place, "web")));
    CHECK(must(place.store().update_status(web)).resource_version() == web.resource_version());
    CHECK(must(place.store().apply(deployment(place, "web"))).resource_version() == web.resource_version());
  });
}

TEST_CASE("every store: apply replaces what it mentions and keeps the rest") {
  on_every_store([](Place& place) {
    auto object = must(place.store().create(deployment(place, "a")));
    object.set_label("keep", "1");
    object.add_finalizer("slipway.dev/test");
    object.spec().at_or_insert("paused") = true;
    object = must(place.store().update(object));
    object.status().at_or_insert("replicas") = 5;
    object = must(place.store().update_status(object));

    auto wanted = with_replicas(deployment(place, "a"), 4);
    wanted.set_label("new", "2");
    const auto result = must(place.other_store().apply(wanted));
    CHECK(result.label("keep") == "1");
    CHECK(result.label("new") == "2");
    CHECK_FALSE(result.spec()["paused"].bool_or(false));  // the whole spec
    CHECK(result.spec()["replicas"].int_or(0) == 4);
    CHECK(result.finalizers().size() == 1);
    CHECK(result.status()["replicas"].int_or(0) == 5);
    CHECK(result.generation() == 3);
    CHECK(must(place.store().apply(deployment(place, "fresh"))).generation() == 1);
  });
}

TEST_CASE("every store: finalizers keep a deleted object until the last one goes") {
  on_every_store([](Place& place) {
    const Name name{place.ns(), "a"};
    const Listener listener(place, place.store(), kinds::config_map);
    auto object = config_map(place, "a");
    object.add_finalizer("slipway.dev/one");
    object.add_finalizer("slipway.dev/two");
    must(place.store().create(object));
    must(place.store().remove(kinds::config_map, name));
    auto dying = must(place.store().get(kinds::config_map, name));
    CHECK(dying.is_being_deleted());
    must(place.store().remove(kinds::config_map, name));  // again: fine, no event
    auto more = dying;
    more.add_finalizer("slipway.dev/three");
    CHECK(code_of(place.store().update(more)) == Code::failed_precondition);
    dying.remove_finalizer("slipway.dev/one");
    dying = must(place.store().update(dying));
    dying.remove_finalizer("slipway.dev/two");
    must(place.store().update(dying));
    CHECK(code_of(place.store().get(kinds::config_map, name)) == Code::not_found);
    CHECK(code_of(place.store().remove(kinds::config_map, name)) == Code::not_found);
    expect(place, listener, {"added a", "modified a", "modified a", "deleted a"});
  });
}

TEST_CASE("every store: a uid precondition protects the next object of the same name") {
  on_every_store([](Place& place) {
    const Name name{place.ns(), "a"};
    const auto first = must(place.store().create(config_map(place, "a")));
    must(place.store().remove(kinds::config_map, name));
    const auto second = must(place.store().create(config_map(place, "a")));
    CHECK(first.uid() != second.uid());
    DeleteOptions options;
    options.uid_precondition = first.uid();
    CHECK(code_of(place.store().remove(kinds::config_map, name, options)) == Code::conflict);
    CHECK(code_of(place.store().update(first)) == Code::conflict);
    options.uid_precondition = second.uid();
    must(place.store().remove(kinds::config_map, name, options));
  });
}

TEST_CASE("every store: a Pod is a node's once, and goes when that node says that it ended") {
  on_every_store([](Place& place) {
    auto& store = place.store();
    const Name name{place.ns(), "a"};
    auto pod = Object::make(kinds::pod, name);
    pod.spec() = *doc::parse_json(R"({"containers":[{"name":"c","image":"x:1"}]})");
    pod = must(store.create(pod));
    const auto bound = must(store.bind(pod, "n1", "slipway.dev/node"));
    CHECK(bound.spec()["nodeName"].string_or("") == "n1");
    CHECK(bound.finalizers() == std::vector<std::string>{"slipway.dev/node"});
    CHECK(bound.condition_status("PodScheduled") == "True");
    CHECK(code_of(store.bind(pod, "n2", "slipway.dev/node")) == Code::conflict);
    CHECK(code_of(store.bind(bound, "n2", "slipway.dev/node")) == Code::conflict);
    CHECK(must(store.bind(bound, "n1", "slipway.dev/node")).resource_version() == bound.resource_version());

    must(store.remove(kinds::pod, name));
    auto ending = must(store.get(kinds::pod, name));
    CHECK(ending.document()["metadata"]["deletionGracePeriodSeconds"].int_or(-1) == 30);
    ending.remove_finalizer("slipway.dev/node");
    must(store.update(ending));
    const auto removed = store.remove(kinds::pod, name, {.uid_precondition = pod.uid(), .grace = Duration{}});
    CHECK((removed || removed.error().code == Code::not_found));
    CHECK(code_of(store.get(kinds::pod, name)) == Code::not_found);
  });
}

TEST_CASE("every store: owned objects follow their owner, to any depth, and orphans stay") {
  on_every_store([](Place& place) {
    if (!place.traits().collects_garbage) return;
    const auto top = must(place.store().create(deployment(place, "top")));
    auto middle = config_map(place, "middle");
    middle.add_owner(top);
    middle = must(place.store().create(middle));
    auto leaf = config_map(place, "leaf");
    leaf.add_owner(middle);
    must(place.store().create(leaf));
    auto kept = config_map(place, "kept");
    const auto other = must(place.store().create(deployment(place, "other")));
    kept.add_owner(other);
    must(place.store().create(kept));
    must(place.store().remove(kinds::deployment, top.name()));
    CHECK(place.run_until([&] { return count(place, kinds::config_map) == 1; }));
    DeleteOptions orphan;
    orphan.propagation = DeleteOptions::Propagation::orphan;
    must(place.store().remove(kinds::deployment, other.name(), orphan));
    CHECK(place.run_until([&] { return must(place.store().get(kinds::config_map, kept.name())).owners().empty(); }));
  });
}

TEST_CASE("every store: lists are ordered, filtered and paged") {
  on_every_store([](Place& place) {
    for (const auto* name : {"b", "a", "d", "c"}) must(place.store().create(deployment(place, name)));
    auto labelled = deployment(place, "e");
    labelled.set_label("app", "x");
    must(place.store().create(labelled));
    ListOptions options;
    options.ns = place.ns();
    options.limit = 2;
    std::string names;
    int pages = 0;
    do {
      const auto page = place.store().list(kinds::deployment, options);
      REQUIRE(page);
      for (const auto& item : page->items) {
        names += item.name().name;
        CHECK(item.kind() == "Deployment");
        CHECK(item.api_version() == "apps/v1");
      }
      options.continue_token = page->continue_token;
      ++pages;
    } while (!options.continue_token.empty() && pages < 10);
    CHECK(names == "abcde");
    CHECK(pages == 3);

    const auto select = [&](const std::string& text) {
      ListOptions by_label;
      by_label.ns = place.ns();
      by_label.labels = *LabelSelector::parse(text);
      return place.store().list(kinds::deployment, by_label)->items.size();
    };
    CHECK(select("app=x") == 1);
    CHECK(select("app!=x") == 4);
    CHECK(select("app in (x,y),!absent") == 1);
    CHECK(select("app notin (y,z)") == 5);
    CHECK(select("!app") == 4);
    CHECK(select("app") == 1);
    ListOptions one;
    one.ns = place.ns();
    one.field_name = "c";
    CHECK(place.store().list(kinds::deployment, one)->items.size() == 1);
    ListOptions bad;
    bad.limit = 2;
    bad.continue_token = "nonsense";
    CHECK(place.store().list(kinds::deployment, bad).error().code == Code::invalid_argument);
    for (int i = 0; i < 12; ++i) must(place.store().create(deployment(place, "more-" + std::to_string(i))));
    CHECK(count(place, kinds::deployment) == 17);
  });
}

TEST_CASE("every store: a watch tells nothing inside the write, and everything in order after it") {
  on_every_store([](Place& place) {
    must(place.store().create(config_map(place, "old")));
    const Listener listener(place, place.store(), kinds::config_map);
    Listener closed(place, place.store(), kinds::config_map);
    must(place.store().create(config_map(place, "a")));
    CHECK(listener.told().empty());
    closed.stop();
    must(place.store().update(config_map(place, "a", "2")));
    must(place.store().remove(kinds::config_map, {place.ns(), "a"}));
    must(place.store().create(deployment(place, "c")));
    expect(place, listener, {"added old", "added a", "modified a", "deleted a"});
    CHECK(closed.told().empty());
    const Listener late(place, place.store(), kinds::config_map);  // shares what the first one knows
    must(place.other_store().create(config_map(place, "b")));
    expect(place, late, {"added old", "added b"});
  });
}

TEST_CASE("every store: a watch resumes from a version without loss or repetition") {
  on_every_store([](Place& place) {
    must(place.store().create(config_map(place, "a")));
    ListOptions options;
    options.ns = place.ns();
    const auto from = place.store().list(kinds::config_map, options)->resource_version;
    must(place.store().create(config_map(place, "b")));
    const Listener listener(place, place.other_store(), kinds::config_map, from);
    must(place.store().remove(kinds::config_map, {place.ns(), "a"}));
    must(place.store().update(config_map(place, "b", "2")));
    expect(place, listener, {"added b", "deleted a", "modified b"});
  });
}

TEST_CASE("every store: a watch from before what is kept, or from no version at all, is refused") {
  on_every_store([](Place& place) {
    for (std::size_t i = 0; i <= place.traits().ring; ++i) {
      must(place.store().apply(config_map(place, "a", std::to_string(i))));
    }
    const auto ignore = [](const WatchEvent&) {};
    const auto code = [&](const std::string& version) {
      const auto opened = place.store().watch(kinds::config_map, version, ignore);
      return opened ? Code::internal : opened.error().code;
    };
    // A Kubernetes API server that is new knows all that it ever did.
    if (place.traits().ring > 0 || place.restart_server(true)) {
      // One that takes longer to say so than the store waits is believed to know the version, and asked for a list.
      CHECK(place.run_until([&] { return code("1") == Code::gone; }));
    }
    CHECK(code("abc") == Code::invalid_argument);
    if (place.traits().refuses_the_future) CHECK(code("99999999") == Code::gone);
  });
}

TEST_CASE("every store: a watch goes on when its server was gone, and tells what it missed once") {
  on_every_store([](Place& place) {
    for (const bool forgets_versions : {false, true}) {
      CAPTURE(forgets_versions);
      const Listener listener(place, place.store(), kinds::config_map);
      must(place.store().create(config_map(place, "a")));
      must(place.store().create(config_map(place, "b")));
      place.run_until([&] { return listener.told().size() == 2; });
      if (!place.restart_server(forgets_versions)) return;
      must(place.store().update(config_map(place, "a", "2")));  // tried until the server is there
      must(place.other_store().remove(kinds::config_map, {place.ns(), "b"}));
      must(place.other_store().create(config_map(place, "c")));
      REQUIRE(place.run_until([&] { return listener.told().size() >= 5; }));
      auto lines = listener.lines();
      if (forgets_versions) std::ranges::sort(lines);  // of a new list the differences are told, not their order
      const Lines as_they_were{"added a", "added b", "modified a", "deleted b", "added c"};
      const Lines sorted{"added a", "added b", "added c", "deleted b", "modified a"};
      CHECK(lines == (forgets_versions ? sorted : as_they_were));
      for (const auto* name : {"a", "c"}) must(place.store().remove(kinds::config_map, {place.ns(), name}));
    }
  });
}

TEST_CASE("every store: modify retries until nobody else wrote in between") {
  on_every_store([](Place& place) {
    const Name name{place.ns(), "a"};
    must(place.store().create(config_map(place, "a")));
    int calls = 0;
    const auto result = must(modify(place.store(), kinds::config_map, name, [&](Object& object) {
      if (++calls <= 2) {
        auto other = must(place.other_store().get(kinds::config_map, name));
        other.set_label("calls", std::to_string(calls));
        must(place.other_store().update(other));
      }
      object.set_label("mine", "yes");
      return true;
    }));
    CHECK(calls == 3);
    CHECK(result.label("mine") == "yes");
    CHECK(result.label("calls") == "2");
  });
}

TEST_CASE("every store: our own kinds are kept, under the names that we know them by") {
  on_every_store([](Place& place) {
    struct Row {
      Kind kind;
      const char* spec;
    };
    const Row rows[] = {
        {kinds::virtual_service, R"({"hosts":["a.example.com"],"http":[{"route":[{"destination":{"host":"a"}}]}]})"},
        {kinds::slo,
         R"({"service":"a","budgetingMethod":"Occurrences","timeWindow":[{"duration":"30d","isRolling":true}],
                         "objectives":[{"target":0.99}]})"},
        {kinds::environment, R"({"manifests":"deploy"})"},
        {kinds::analysis_run, R"({"metrics":[]})"},  // its definition has no door for the status
    };
    for (const auto& row : rows) {
      CAPTURE(row.kind.kind);
      auto object = Object::make(row.kind, {row.kind.namespaced ? place.ns() : "", place.ns()});
      object.spec() = *doc::parse_json(row.spec);
      auto made = must(place.store().create(object));
      CHECK(made.api_version() == row.kind.api_version());
      made.status().at_or_insert("conditions") = doc::Array{};
      made.set_condition("Ready", "True", "Fine", "it is", place.world().clock.now());
      const auto written = must(place.store().update_status(made));
      CHECK(written.condition_status("Ready") == "True");
      CHECK(written.spec() == made.spec());
      CHECK(code_of(place.store().update_status(made)) == Code::conflict);
      must(place.store().remove(row.kind, made.name()));
    }
    auto object = Object::make(kinds::virtual_service, {place.ns(), "other-version"});
    object.spec() = *doc::parse_json(rows[0].spec);
    object.document().at_or_insert("apiVersion") = "networking.istio.io/v1beta1";
    CHECK(must(place.store().create(object)).api_version() == "networking.istio.io/v1");
    object.document().at_or_insert("apiVersion") = "networking.istio.io/v9";
    CHECK(code_of(place.store().create(object)) == Code::invalid_argument);
  });
}

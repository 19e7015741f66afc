// The wire face, as tables: request in, status and exact body out.

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "registry/kubeflow/service.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"

using namespace slipway;
using registry::EntityKind;
using registry::kubeflow::Answer;
using registry::kubeflow::Dialect;
using registry::kubeflow::Query;
using registry::kubeflow::Service;

namespace {

struct Face {
  core::SimulatedWorld world{5};
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  Service service{world.world(), *database};
  Face() { REQUIRE(registry::migrate_entities(*database).has_value()); }

  static doc::Value json(std::string_view text) { return doc::parse_json(text, "<test>").value(); }
  static std::string shown(const Result<Answer>& answer) {
    const auto response = answer ? registry::kubeflow::json_response(answer->status, answer->body)
                                 : registry::kubeflow::error_response(answer.error());
    auto body = response.body;
    while (!body.empty() && body.back() == '\n') body.pop_back();
    return std::to_string(response.status) + " " + body;
  }
  std::string model(std::string_view body) {
    return shown(service.create(EntityKind::registered_model, json(body), Dialect::v1alpha3));
  }
  std::string version(std::string_view body) {
    return shown(service.create(EntityKind::model_version, json(body), Dialect::v1alpha3));
  }
  std::string below(std::string_view id, std::string_view body, Dialect dialect = Dialect::v1alpha3) {
    return shown(service.upsert_artifact(EntityKind::model_version, id, json(body), dialect));
  }
  std::string patch(EntityKind kind, std::string_view id, std::string_view body) {
    return shown(service.patch(kind, id, json(body), Dialect::v1alpha3));
  }
  std::string now() {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::milliseconds>(world.world().clock.now().time_since_epoch()).count());
  }
};

Query named(std::string_view name, std::string_view parent = {}) {
  Query query;
  query.name = name;
  query.has_name = true;
  query.parent = parent;
  query.has_parent = !parent.empty();
  return query;
}

}  // namespace

TEST_CASE("a registered model looks as Kubeflow's: sorted keys, ids and times as text, customProperties always there") {
  Face face;
  const auto time = face.now();
  CHECK(face.model(R"({"name":"m","owner":"ada","description":null})") ==
        R"(201 {"createTimeSinceEpoch":")" + time + R"(","customProperties":{},"id":"1","lastUpdateTimeSinceEpoch":")" +
            time + R"(","name":"m","owner":"ada","state":"LIVE"})");
}

TEST_CASE("errors of the Kubeflow face, to the letter") {
  Face face;
  REQUIRE(face.model(R"({"name":"m","externalId":"x"})").starts_with("201"));
  struct Row {
    std::string got, expected;
  };
  const auto rm = [&](std::string_view id) {
    return face.shown(face.service.get(EntityKind::registered_model, id, Dialect::v1alpha3));
  };
  const std::vector<Row> rows = {
      {face.model(R"({"name":"m"})"),
       R"(409 {"code":"Conflict","message":"registered model with name m already exists: conflict"})"},
      {face.model(R"({"name":"n","externalId":"x"})"),
       R"(409 {"code":"Conflict","message":"registered model with name n already exists: conflict"})"},
      {face.model(R"({})"), R"(422 {"code":"Bad Request","message":"required field 'name' is zero value."})"},
      {face.model(R"({"name":""})"), R"(422 {"code":"Bad Request","message":"required field 'name' is zero value."})"},
      {face.model(R"({"name":"a","ext_id":"x"})"),
       R"(400 {"code":"Bad Request","message":"json: unknown field \"ext_id\""})"},
      {face.model(R"({"name":"a","id":"7"})"), R"(400 {"code":"Bad Request","message":"json: unknown field \"id\""})"},
      {face.model(R"({"name":7})"),
       R"(400 {"code":"Bad Request","message":"json: cannot unmarshal number into Go struct field RegisteredModel.name of type string"})"},
      {face.model(R"({"name":"a","state":"DEAD"})"),
       R"(400 {"code":"Bad Request","message":"DEAD is not a valid RegisteredModelState"})"},
      {face.model(R"({"name":"a\u0000"})"), R"(400 {"code":"Bad Request","message":"null bytes are not allowed"})"},
      {face.model(R"({"name":"a","customProperties":{"k":{"metadataType":"MetadataIntValue","int_value":7}}})"),
       R"(400 {"code":"Bad Request","message":"customProperties.k is not a valid MetadataValue"})"},
      {rm("9"), R"(404 {"code":"Not Found","message":"no registered model found for id 9: not found"})"},
      {rm("x"), R"(400 {"code":"Bad Request","message":"invalid registered model id \"x\": bad request"})"},
      {face.version(R"({"name":"v"})"),
       R"(422 {"code":"Bad Request","message":"required field 'registeredModelId' is zero value."})"},
      {face.version(R"({"name":"v","registeredModelId":"9"})"),
       R"(404 {"code":"Not Found","message":"no registered model found for id 9: not found"})"},
      {face.shown(face.service.find(EntityKind::registered_model, named("q"), Dialect::v1alpha3)),
       R"(404 {"code":"Not Found","message":"no registered models found for name=q, externalId=: not found"})"},
      {face.shown(face.service.find(EntityKind::registered_model, Query{}, Dialect::v1alpha3)),
       R"(400 {"code":"Bad Request","message":"invalid parameters call, supply either name or externalId: bad request"})"},
      {face.shown(face.service.create_artifact(face.json(R"({"uri":"x"})"), std::nullopt, Dialect::v1alpha3)),
       R"(400 {"code":"Bad Request","message":"artifactType is missing: bad request"})"},
      {face.shown(
           face.service.create_below(EntityKind::model_version, "1", face.json(R"({"name":"v"})"), Dialect::v1alpha3)),
       R"(422 {"code":"Bad Request","message":"required field 'registeredModelId' is zero value."})"},
  };
  for (const auto& row : rows) CHECK(row.got == row.expected);
}

TEST_CASE("a patch keeps what it does not name, replaces custom properties as a whole, and never un-archives") {
  Face face;
  REQUIRE(
      face.model(
              R"({"name":"m","owner":"ada","customProperties":{"a":{"metadataType":"MetadataStringValue","string_value":""}}})")
          .starts_with("201"));
  const auto created = face.now();
  face.world.run_for(std::chrono::seconds(1));
  CHECK(face.patch(EntityKind::registered_model, "1", R"({"state":"ARCHIVED","name":"renamed","id":"9"})")
            .find(R"("name":"m","owner":"ada","state":"ARCHIVED")") != std::string::npos);
  const auto patched =
      face.patch(EntityKind::registered_model, "1",
                 R"({"customProperties":{"b":{"metadataType":"MetadataDoubleValue","double_value":1.5}}})");
  CHECK(patched.find(R"("customProperties":{"b":{"double_value":1.5,"metadataType":"MetadataDoubleValue"}})") !=
        std::string::npos);
  CHECK(patched.find("ARCHIVED") != std::string::npos);
  CHECK(patched.find("\"createTimeSinceEpoch\":\"" + created + "\"") != std::string::npos);
  CHECK(patched.find("\"lastUpdateTimeSinceEpoch\":\"" + face.now() + "\"") != std::string::npos);
}

TEST_CASE("artifacts below a version: new documents are 201, everything else 200, metrics of one name are one") {
  Face face;
  REQUIRE(face.model(R"({"name":"m"})").starts_with("201"));
  REQUIRE(face.version(R"({"name":"model:latest","registeredModelId":"1"})").starts_with("201"));
  CHECK(face.below("2", R"({"artifactType":"model-artifact","name":"m","uri":"s3://b/x","surprise":1})")
            .starts_with("201"));
  CHECK(face.below("2", R"({"artifactType":"model-artifact","name":"m","uri":"s3://b/x"})").starts_with("409"));
  CHECK(face.below("2", R"({"artifactType":"model-artifact","id":"1","uri":"s3://b/y"})").starts_with("200"));
  CHECK(face.below("2", R"({"artifactType":"metric","id":"1","value":1})").starts_with("400"));
  const auto first =
      face.below("2", R"({"artifactType":"metric","name":"loss","value":0.5,"step":1,"timestamp":"17"})");
  CHECK(first.starts_with("200"));
  CHECK(first.find("\"step\":1,") != std::string::npos);
  const auto second = face.below("2", R"({"artifactType":"metric","name":"loss","value":0.25})", Dialect::v1);
  CHECK(second.find("\"id\":\"2\"") != std::string::npos);
  CHECK(second.find("\"step\":\"1\"") != std::string::npos);
  CHECK(face.below("2", R"({"artifactType":"parameter","name":"lr","value":"0.1","parameterType":"number"})")
            .starts_with("200"));
  CHECK(face.below("2", R"({"artifactType":"dataset-artifact","name":"d","digest":"sha256:0"})").starts_with("200"));

  const auto found = face.service.find_artifact(named("m", "2"), EntityKind::model_artifact, Dialect::v1alpha3);
  REQUIRE(found.has_value());
  CHECK(found->body["uri"].string_or("") == "s3://b/y");
  CHECK(found->body["state"].string_or("") == "UNKNOWN");
  Query only_metrics;
  only_metrics.artifact_type = "metric";
  const auto metrics =
      face.service.list_artifacts(EntityKind::model_version, "2", std::nullopt, only_metrics, Dialect::v1alpha3);
  CHECK(metrics->body["size"].int_or(0) == 1);
  CHECK(face.shown(face.service.get_artifact("2", EntityKind::model_artifact, Dialect::v1alpha3)) ==
        R"(404 {"code":"Not Found","message":"artifact with id 2 is not a model artifact: not found"})");
}

TEST_CASE("a standalone artifact is attached to a version later and found there") {
  Face face;
  REQUIRE(face.model(R"({"name":"m"})").starts_with("201"));
  REQUIRE(face.version(R"({"name":"v","registeredModelId":"1"})").starts_with("201"));
  CHECK(face.shown(face.service.create_artifact(face.json(R"({"name":"a","uri":"u"})"), EntityKind::model_artifact,
                                                Dialect::v1alpha3))
            .starts_with("201"));
  CHECK(face.shown(face.service.create_artifact(face.json(R"({"name":"a","uri":"u"})"), EntityKind::model_artifact,
                                                Dialect::v1alpha3))
            .starts_with("201"));
  CHECK(face.below("2", R"({"artifactType":"model-artifact","id":"1"})").starts_with("200"));
  CHECK(face.service.find_artifact(named("a", "2"), EntityKind::model_artifact, Dialect::v1alpha3)
            ->body["id"]
            .string_or("") == "1");
}

TEST_CASE("pages follow each other by id, creation and update, both ways, without holes or repeats") {
  Face face;
  for (int i = 0; i < 9; ++i) {
    REQUIRE(face.model(R"({"name":"m)" + std::to_string(i) + R"("})").starts_with("201"));
    if (i % 3 == 0) face.world.run_for(std::chrono::milliseconds(5));  // several share a time
  }
  face.world.run_for(std::chrono::seconds(1));
  REQUIRE(face.patch(EntityKind::registered_model, "4", R"({"owner":"x"})").starts_with("200"));

  for (const auto order : {registry::OrderBy::id, registry::OrderBy::created, registry::OrderBy::updated}) {
    for (const bool descending : {false, true}) {
      for (const int size : {1, 2, 4, 9, 100}) {
        std::vector<std::string> ids;
        Query query;
        query.page = {order, descending, size, ""};
        query.page_size = size;
        for (int pages = 0; pages < 20; ++pages) {
          const auto page = face.service.list(EntityKind::registered_model, "", query, Dialect::v1alpha3).value();
          CHECK(page.body["pageSize"].int_or(-1) == size);
          CHECK(page.body["size"].int_or(-1) == static_cast<std::int64_t>(page.body["items"].size()));
          for (const auto& item : page.body["items"].as_array()) ids.push_back(item["id"].string_or(""));
          query.page.token = page.body["nextPageToken"].string_or("?");
          if (query.page.token.empty()) break;
        }
        std::vector<std::string> expected = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
        if (order == registry::OrderBy::updated) expected = {"1", "2", "3", "5", "6", "7", "8", "9", "4"};
        if (descending) std::ranges::reverse(expected);
        INFO("order " << static_cast<int>(order) << " descending " << descending << " size " << size);
        CHECK(ids == expected);
      }
    }
  }
  Query bad;
  bad.page.token = "###";
  CHECK(face.shown(face.service.list(EntityKind::registered_model, "", bad, Dialect::v1alpha3)).starts_with("400"));
  const auto all = face.service.list(EntityKind::registered_model, "", Query{}, Dialect::v1alpha3).value();
  CHECK(all.body["pageSize"].int_or(-1) == 0);
  CHECK(all.body["size"].int_or(-1) == 9);
}

TEST_CASE("names of children are as long as Kubeflow lets them be") {
  Face face;
  REQUIRE(face.model(R"({"name":"m"})").starts_with("201"));
  const std::string fits(250, 'x'), too_long(255, 'x');
  CHECK(face.version(R"({"registeredModelId":"1","name":")" + fits + "\"}").starts_with("201"));
  CHECK(face.version(R"({"registeredModelId":"1","name":")" + too_long + "\"}").starts_with("400"));
}

TEST_CASE("experiments have runs, and a run's artifacts say so") {
  Face face;
  const auto make = [&](EntityKind kind, std::string_view body) {
    return face.shown(face.service.create(kind, face.json(body), Dialect::v1alpha3));
  };
  CHECK(make(EntityKind::experiment, R"({"name":"e"})").starts_with("201"));
  CHECK(make(EntityKind::experiment_run, R"({"experimentId":"1"})").find(R"("status":"RUNNING")") != std::string::npos);
  const auto metric = face.shown(
      face.service.upsert_artifact(EntityKind::experiment_run, "2",
                                   face.json(R"({"artifactType":"metric","name":"a","value":1})"), Dialect::v1alpha3));
  CHECK(metric.find(R"("experimentId":"1","experimentRunId":"2")") != std::string::npos);
  CHECK(make(EntityKind::experiment_run, R"({"experimentId":"1","status":"DONE"})").starts_with("400"));
}

TEST_CASE("a version that a Kubeflow client registered piece by piece is a version like any other") {
  Face face;
  auto blobs = storage::make_memory_blobs();
  struct Sink final : core::EventSink {
    void record(core::Event) override {}
  } sink;
  const auto registry = registry::Registry::open(face.world.world(), *face.database, *blobs, sink).value();
  REQUIRE(face.model(R"({"name":"m"})").starts_with("201"));
  REQUIRE(face.version(R"({"name":"v","registeredModelId":"1","author":"bob"})").starts_with("201"));
  REQUIRE(face.below("2", R"({"artifactType":"model-artifact","name":"m","uri":"s3://b/x","modelFormatName":"onnx"})")
              .starts_with("201"));
  const auto record = registry->get_version("m", "v").value();
  CHECK(record.uri == "s3://b/x");
  CHECK(record.weights.empty());
  CHECK(record.format == "onnx");
  CHECK(record.author == "bob");
}

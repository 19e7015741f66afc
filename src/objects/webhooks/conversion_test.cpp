#include "objects/webhooks/conversion.hpp"

#include <atomic>

#include "net/websocket_test.hpp"
#include "objects/hooks_test.hpp"
#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const std::string v1 = "/apis/example.com/v1/namespaces/demo/hosts";
const std::string v2 = "/apis/example.com/v2/namespaces/demo/hosts";

// v1 says "localhost:80" where v2, which is stored, has a name and a port.
doc::Value converted(doc::Value object, const std::string& wanted) {
  const bool to_v1 = wanted == "example.com/v1";
  auto& spec = object.at_or_insert("spec");
  if (to_v1) {
    spec.at_or_insert("address") = spec["name"].string_or("") + ":" + std::to_string(spec["port"].int_or(0));
    spec.as_object().erase("name");
    spec.as_object().erase("port");
  } else {
    const auto address = spec["address"].string_or("");
    const auto colon = address.find(':');
    spec.at_or_insert("name") = address.substr(0, colon);
    spec.at_or_insert("port") = std::int64_t{std::atoi(address.c_str() + colon + 1)};
    spec.as_object().erase("address");
  }
  object.at_or_insert("apiVersion") = wanted;
  return object;
}

struct Converted : test::Cluster {
  Converted() : Cluster(false) {
    hooks.add("/convert", [this](const doc::Value& review) -> doc::Value {
      const auto& request = review["request"];
      ++reviews;
      doc::Array objects;
      for (std::size_t i = 0; i < request["objects"].size(); ++i)
        objects.push_back(converted(request["objects"][i], request["desiredAPIVersion"].string_or("")));
      objects_seen += static_cast<int>(objects.size());
      doc::Object response{{"uid", request["uid"]}, {"result", doc::Object{{"status", "Success"}}}};
      if (is_broken) response.set("result", doc::Object{{"status", "Failed"}, {"message", "it is broken"}});
      response.set("convertedObjects", is_broken ? doc::Array{} : std::move(objects));
      return doc::Object{
          {"kind", "ConversionReview"}, {"apiVersion", review["apiVersion"]}, {"response", std::move(response)}};
    });
    hooks.start();
    const auto made = send_as_admin("POST", definitions, definition(), {{"Content-Type", "application/yaml"}});
    CHECK_MESSAGE(made.status == 201, made.message());
    for (int i = 0; i < 500 && send_as_admin("GET", v1).status != 200; ++i) continue;
  }
  std::string definition() const {
    return R"(
metadata: {name: hosts.example.com}
spec:
  group: example.com
  names: {kind: Host, plural: hosts}
  scope: Namespaced
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v7, v1]
      clientConfig: )" +
           hooks.client_config("/convert") + R"(
  versions:
  - name: v2
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {
      spec: {type: object, properties: {name: {type: string}, port: {type: integer, maximum: 65535}, tags: {type: array, items: {type: string}}}},
      status: {type: object, properties: {up: {type: boolean}}}}}}
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Port, type: integer, jsonPath: .spec.port}]
  - name: v1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, properties: {
      spec: {type: object, properties: {address: {type: string}, tags: {type: array, items: {type: string}}}},
      status: {type: object, properties: {up: {type: boolean}}}}}}
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Address, type: string, jsonPath: .spec.address}]
)";
  }
  Answer make(const std::string& path, const std::string& name, const std::string& spec) {
    return send_as_admin("POST", path,
                         R"({"metadata":{"name":")" + name + R"(","labels":{"a":"b"}},"spec":)" + spec + "}");
  }
  Answer patch(const std::string& path, const std::string& body, const std::string& type) {
    return send_as_admin("PATCH", path, body, {{"Content-Type", type}});
  }

  test::HookServer hooks;
  std::atomic<int> reviews = 0, objects_seen = 0;
  std::atomic<bool> is_broken = false;
};

struct Plain : test::Cluster {
  Plain() : Cluster(false) {}
};

}  // namespace

TEST_CASE_FIXTURE(Converted, "a webhook converts what is written and read in a version that is not the stored one") {
  const auto made = make(v1, "a", R"({"address":"localhost:80"})");
  CHECK(made.status == 201);
  CHECK(made.body["apiVersion"].string_or("") == "example.com/v1");
  CHECK(made.body["spec"]["address"].string_or("") == "localhost:80");
  CHECK(made.body["spec"]["port"].is_null());
  CHECK(made.body["metadata"]["labels"]["a"].string_or("") == "b");
  const auto stored = send_as_admin("GET", v2 + "/a");
  CHECK(stored.body["apiVersion"].string_or("") == "example.com/v2");
  CHECK(stored.body["spec"]["name"].string_or("") == "localhost");
  CHECK(stored.body["spec"]["port"].int_or(0) == 80);
  CHECK(stored.body["metadata"]["uid"] == made.body["metadata"]["uid"]);

  // What v1 does not know is judged as v1's, what comes of it as v2's.
  CHECK(send_as_admin("POST", v1 + "?fieldValidation=Strict", R"({"metadata":{"name":"s"},"spec":{"port":1}})")
            .message()
            .find("unknown field \"spec.port\"") != std::string::npos);
  CHECK(make(v1, "far", R"({"address":"x:70000"})").status == 422);
  CHECK(make(v1, "a", R"({"address":"x:1"})").status == 409);

  CHECK(make(v2, "b", R"({"name":"x","port":1})").status == 201);
  const int before = reviews;
  const auto list = send_as_admin("GET", v1);
  CHECK(reviews == before + 1);  // one question for all
  CHECK(list.body["kind"].string_or("") == "HostList");
  CHECK(list.body["apiVersion"].string_or("") == "example.com/v1");
  CHECK(list.body["items"][std::size_t{1}]["spec"]["address"].string_or("") == "x:1");
  const auto page = send_as_admin("GET", v1 + "?limit=1");
  CHECK(page.body["metadata"]["remainingItemCount"].int_or(0) == 1);
  CHECK(send_as_admin("GET", v1 + "?limit=1&continue=" + page.body["metadata"]["continue"].string_or(""))
            .body["items"][std::size_t{0}]["metadata"]["name"]
            .string_or("") == "b");
  const auto table = send_as_admin("GET", v1 + "/b", {}, {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  CHECK(table.body["rows"][std::size_t{0}]["cells"][std::size_t{1}].string_or("") == "x:1");

  auto changed = send_as_admin("GET", v1 + "/b").body;
  changed.set_path("spec.address", "y:2");
  changed.set_path("status.up", true);
  const auto put = send_as_admin("PUT", v1 + "/b", doc::render_json(changed));
  CHECK(put.status == 200);
  CHECK(put.body["spec"]["address"].string_or("") == "y:2");
  CHECK(put.body["status"].is_null());
  CHECK(put.body["metadata"]["generation"].int_or(0) == 2);
  CHECK(send_as_admin("PUT", v1 + "/b", doc::render_json(changed)).status == 409);
  changed = put.body;
  changed.set_path("status.up", true);
  CHECK(send_as_admin("PUT", v1 + "/b/status", doc::render_json(changed)).body["status"]["up"].bool_or(false));
  CHECK(send_as_admin("DELETE", v1 + "/a").body["status"].string_or("") == "Success");
  CHECK(send_as_admin("GET", v1 + "/a").status == 404);
}

TEST_CASE_FIXTURE(Converted, "patches are applied to what their client sees") {
  CHECK(make(v2, "a", R"({"name":"x","port":1,"tags":["t"]})").status == 201);
  const auto merged = patch(v1 + "/a", R"({"spec":{"address":"y:2"}})", "application/merge-patch+json");
  CHECK(merged.status == 200);
  CHECK(merged.body["spec"]["address"].string_or("") == "y:2");
  CHECK(merged.body["metadata"]["generation"].int_or(0) == 2);
  CHECK(send_as_admin("GET", v2 + "/a").body["spec"]["port"].int_or(0) == 2);
  const auto json = patch(v1 + "/a", R"([{"op":"test","path":"/spec/address","value":"y:2"},
                                         {"op":"add","path":"/spec/tags/-","value":"u"}])",
                          "application/json-patch+json");
  CHECK(json.body["spec"]["tags"].size() == 2);
  const auto same = patch(v1 + "/a", R"({"spec":{"address":"y:2"}})", "application/merge-patch+json");
  CHECK(same.body["metadata"]["resourceVersion"] == json.body["metadata"]["resourceVersion"]);
  CHECK(patch(v1 + "/a", R"({"metadata":{"resourceVersion":"1"},"spec":{"address":"z:3"}})",
              "application/merge-patch+json")
            .status == 409);
  CHECK(patch(v1 + "/nobody", "{}", "application/merge-patch+json").status == 404);

  const std::string apply = "application/apply-patch+yaml";
  const std::string config =
      "apiVersion: example.com/v1\nkind: Host\nmetadata: {name: applied}\nspec: {address: 'q:4'}\n";
  const auto applied = patch(v1 + "/applied?fieldManager=one", config, apply);
  CHECK(applied.status == 201);
  CHECK(applied.body["spec"]["address"].string_or("") == "q:4");
  const auto& owner = applied.body["metadata"]["managedFields"][std::size_t{0}];
  CHECK(owner["manager"].string_or("") == "one");
  CHECK(owner["operation"].string_or("") == "Apply");
  CHECK(owner["apiVersion"].string_or("") == "example.com/v1");
  const auto other =
      patch(v1 + "/applied?fieldManager=two",
            "apiVersion: example.com/v1\nkind: Host\nmetadata: {name: applied}\nspec: {address: 'q:5'}\n", apply);
  CHECK(other.status == 409);
  CHECK(other.message().find("conflict with \"one\"") != std::string::npos);
}

TEST_CASE_FIXTURE(Converted, "a watch is told of objects in its version, in their order") {
  CHECK(make(v2, "a", R"({"name":"x","port":1})").status == 201);
  core::HttpRequest request;
  request.url = url() + v1 + "?watch=true";
  std::string text;
  int lines = 0;
  CHECK(net::fetch_stream(request, [&](std::string_view bytes) {
          text += bytes;
          const auto complete = std::ranges::count(text, '\n');
          for (; lines < complete; ++lines) {
            if (lines != 0) continue;
            for (int i = 2; i < 12; ++i)
              patch(v2 + "/a", R"({"spec":{"port":)" + std::to_string(i) + "}}", "application/merge-patch+json");
          }
          return lines < 11;
        }).has_value());
  std::size_t at = 0;
  for (int i = 1; i < 12; ++i) {
    at = text.find("\"address\":\"x:" + std::to_string(i) + "\"", at);
    CHECK_MESSAGE(at != std::string::npos, i);
  }
  CHECK(text.find("example.com/v2\",\"kind\"") == std::string::npos);

  net::test::WebSocketClient client(url() + v1 + "?watch=true&timeoutSeconds=1", "");
  const auto event = client.read();
  REQUIRE(event);
  CHECK(event->payload.find("\"address\":\"x:11\"") != std::string::npos);
  CHECK(client.read_close_code() == 1000);
}

TEST_CASE_FIXTURE(Converted, "what was stored in another version before is shown in the one that is asked for") {
  CHECK(make(v2, "a", R"({"name":"x","port":1})").status == 201);
  const auto path = definitions + "/hosts.example.com";
  auto flipped = send_as_admin("GET", path).body;
  flipped.at_or_insert("spec").at_or_insert("versions").as_array()[0].at_or_insert("storage") = false;
  flipped.at_or_insert("spec").at_or_insert("versions").as_array()[1].at_or_insert("storage") = true;
  CHECK(send_as_admin("PUT", path, doc::render_json(flipped)).status == 200);
  bool shown = false;
  for (int i = 0; i < 500 && !shown; ++i)
    shown = send_as_admin("GET", v1 + "/a").body["spec"]["address"].string_or("") == "x:1";
  CHECK(shown);
  CHECK(send_as_admin("GET", v1 + "/a").body["apiVersion"].string_or("") == "example.com/v1");
  CHECK(send_as_admin("GET", v2 + "/a").body["spec"]["port"].int_or(0) == 1);
  CHECK(patch(v1 + "/a", R"({"spec":{"address":"y:2"}})", "application/merge-patch+json").status == 200);
  CHECK(send_as_admin("GET", v2).body["items"][std::size_t{0}]["spec"]["name"].string_or("") == "y");
}

TEST_CASE_FIXTURE(Plain, "without a webhook objects are rewritten when another version is the stored one") {
  const auto versions = [](bool new_one) {
    std::string list;
    for (const auto* name : {"v1", "v2"}) {
      const bool is_stored = (name == std::string("v2")) == new_one;
      list += std::string(list.empty() ? "" : ",") + R"({"name":")" + name + R"(","served":true,"storage":)" +
              (is_stored ? "true" : "false") +
              R"(,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})";
    }
    return "[" + list + "]";
  };
  const auto definition = [&](bool new_one, const std::string& version) {
    return R"({"metadata":{"name":"shirts.example.com")" + version +
           R"(},"spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Shirt","plural":"shirts"},"versions":)" +
           versions(new_one) + "}}";
  };
  const std::string shirts = "/namespaces/demo/shirts";
  const std::string one = "/apis/example.com/v1" + shirts;
  const std::string two = "/apis/example.com/v2" + shirts;
  const auto made = send_as_admin("POST", definitions, definition(false, ""));
  CHECK(made.status == 201);
  for (int i = 0; i < 500 && send_as_admin("GET", one).status != 200; ++i) continue;
  for (int i = 0; i < 600; ++i) {
    CHECK(send_as_admin("POST", one, R"({"metadata":{"name":"s)" + std::to_string(i) + R"("},"color":"red"})").status ==
          201);
  }
  const auto version =
      send_as_admin("GET", definitions + "/shirts.example.com").body["metadata"]["resourceVersion"].string_or("");
  CHECK(send_as_admin("PUT", definitions + "/shirts.example.com",
                      definition(true, R"(,"resourceVersion":")" + version + "\""))
            .status == 200);
  const auto in_version = [&](const std::string& path, const std::string& wanted) {
    const auto list = send_as_admin("GET", path);
    std::size_t count = 0;
    for (std::size_t i = 0; i < list.body["items"].size(); ++i) {
      const auto& item = list.body["items"][i];
      count += item["apiVersion"].string_or("") == wanted && item["color"].string_or("") == "red";
    }
    return count;
  };
  bool all = false;
  for (int i = 0; i < 500 && !all; ++i) all = in_version(two, "example.com/v2") == 600;
  CHECK(all);
  CHECK(in_version(one, "example.com/v1") == 600);
}

TEST_CASE_FIXTURE(Converted, "a webhook that fails is told to whoever needs it, and to nobody else") {
  CHECK(make(v2, "a", R"({"name":"x","port":1})").status == 201);
  is_broken = true;
  const auto refused = send_as_admin("GET", v1 + "/a");
  CHECK(refused.status == 500);
  CHECK(refused.message() ==
        "Internal error occurred: conversion webhook for example.com/v2, Kind=Host failed: it is broken");
  CHECK(send_as_admin("GET", v1).status == 500);
  CHECK(make(v1, "b", R"({"address":"x:1"})").status == 500);
  CHECK(send_as_admin("GET", v2 + "/a").status == 200);
  CHECK(send_as_admin("GET", v2 + "/b").status == 404);
}

TEST_CASE("an answer of a conversion webhook is taken only when it is one") {
  const std::vector<doc::Value> sent{
      *doc::parse_json(R"({"apiVersion":"e/v2","kind":"K","metadata":{"name":"n","uid":"u","labels":{"a":"b"}}})")};
  const auto read = [&](const std::string& response, const char* kind = "ConversionReview") {
    return webhooks::read_converted(R"({"kind":")" + std::string(kind) + R"(","response":)" + response + "}", "1",
                                    "e/v1", sent);
  };
  const auto good = [](const std::string& object) {
    return R"({"uid":"1","result":{"status":"Success"},"convertedObjects":[)" + object + "]}";
  };
  const auto fine = read(good(
      R"({"apiVersion":"e/v1","kind":"K","metadata":{"name":"n","uid":"u","labels":{"c":"d"},"finalizers":["x"]},"x":1})"));
  REQUIRE(fine.has_value());
  CHECK(doc::render_json(fine->front()) ==
        R"({"apiVersion":"e/v1","kind":"K","metadata":{"name":"n","uid":"u","labels":{"c":"d"}},"x":1})");
  const std::string wrong[] = {
      "[]",
      "null",
      R"({"uid":"2","result":{"status":"Success"},"convertedObjects":[]})",
      R"({"uid":"1","result":{"status":"Success"},"convertedObjects":[]})",
      R"({"uid":"1","result":{"status":"Failed"},"convertedObjects":[]})",
      good(R"({"apiVersion":"e/v2","kind":"K","metadata":{"name":"n","uid":"u"}})"),
      good(R"({"apiVersion":"e/v1","kind":"L","metadata":{"name":"n","uid":"u"}})"),
      good(R"({"apiVersion":"e/v1","kind":"K","metadata":{"name":"m","uid":"u"}})"),
      good(R"({"apiVersion":"e/v1","kind":"K","metadata":{"name":"n","uid":"v"}})"),
      good(R"({"apiVersion":"e/v1","kind":"K"})"),
      good("7"),
  };
  for (const auto& response : wrong) {
    CAPTURE(response);
    CHECK_FALSE(read(response).has_value());
  }
  CHECK_FALSE(read(good(R"({"apiVersion":"e/v1","kind":"K","metadata":{"name":"n","uid":"u"}})"), "Other").has_value());
}

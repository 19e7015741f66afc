#include "objects/api/options.hpp"

#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

const std::string maps = "/api/v1/namespaces/demo/configmaps";

struct Served : test::Cluster {
  Served() : Cluster(false) {}
};

struct Row {
  const char* method;
  std::string path;
  int status;
  const char* reason;
  const char* message;
};

}  // namespace

// The codes, reasons and sentences of kube-apiserver 1.34, from its source.
TEST_CASE_FIXTURE(Served, "parameters that make no sense are refused as a real server refuses them") {
  const Row rows[] = {
      {"GET", maps + "?resourceVersion=abc", 400, "BadRequest",
       R"(invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax)"},
      {"GET", maps + "?resourceVersion=-1", 400, "BadRequest",
       R"(invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax)"},
      {"GET", maps + "?resourceVersion=99999999999999999999", 400, "BadRequest",
       R"(invalid resource version: resourceVersion: Invalid value: "99999999999999999999": strconv.ParseUint: parsing "99999999999999999999": value out of range)"},
      // A real server knows this for the client's mistake in lists alone.
      {"GET", maps + "?watch=1&resourceVersion=abc", 500, "",
       R"(resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax)"},
      {"GET", maps + "/a?resourceVersion=abc", 500, "",
       R"(resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax)"},
      {"GET", maps + "?limit=many", 400, "BadRequest", R"(strconv.ParseInt: parsing "many": invalid syntax)"},
      {"GET", maps + "?limit=", 400, "BadRequest", R"(strconv.ParseInt: parsing "": invalid syntax)"},
      {"GET", maps + "?watch=1&timeoutSeconds=soon", 400, "BadRequest",
       R"(strconv.ParseInt: parsing "soon": invalid syntax)"},
      {"GET", maps + "?resourceVersionMatch=Exact", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided)"},
      {"GET", maps + "?resourceVersionMatch=Nearly&resourceVersion=1", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Nearly": supported values: "Exact", "NotOlderThan", "")"},
      {"GET", maps + "?resourceVersionMatch=Nearly", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, resourceVersionMatch: Unsupported value: "Nearly": supported values: "Exact", "NotOlderThan", ""])"},
      {"GET", maps + "?resourceVersionMatch=Exact&resourceVersion=0", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0")"},
      {"GET", maps + "?sendInitialEvents=true", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list)"},
      {"GET", maps + "?watch=1&sendInitialEvents=true", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan)"},
      {"GET", maps + "?watch=1&resourceVersionMatch=NotOlderThan", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided)"},
      {"GET", maps + "?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"])"},
      {"GET", maps + "?continue=abc&resourceVersion=1", 400, "BadRequest",
       "specifying resource version is not allowed when using continue"},
      {"POST", maps + "?dryRun=Some", 422, "Invalid",
       R"(CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All")"},
      {"POST", maps + "?fieldValidation=Lax&fieldManager=a%07b", 422, "Invalid",
       R"(CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Invalid value: "a\ab": invalid character U+0007 (at position 1), fieldValidation: Unsupported value: "Lax": supported values: "", "Ignore", "Strict", "Warn"])"},
      {"PATCH", maps + "/a?force=true", 422, "Invalid",
       R"(PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch)"},
      {"DELETE", maps + "/a?dryRun=Some", 422, "Invalid",
       R"(DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All")"},
      {"DELETE", maps + "?resourceVersionMatch=Exact", 422, "Invalid",
       R"(ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const bool has_body = std::string(row.method) != "GET" && std::string(row.method) != "DELETE";
    const auto answer = send_as_admin(row.method, row.path, has_body ? R"({"metadata":{"name":"a"}})" : "",
                                      {{"Content-Type", "application/merge-patch+json"}});
    CHECK(answer.status == row.status);
    CHECK(answer.reason() == row.reason);
    CHECK(answer.message() == row.message);
  }
  CHECK(send_as_admin("GET", maps + "?limit=-1&timeoutSeconds=-5&resourceVersion=0").status == 200);
}

TEST_CASE_FIXTURE(Served, "a watch that may last less than nothing is over at once") {
  const auto answer = send_as_admin("GET", maps + "?watch=yes&timeoutSeconds=-5&resourceVersion=1");
  CHECK(answer.status == 200);
  CHECK(answer.body.string_or("").empty());
}

TEST_CASE_FIXTURE(Served, "a write whose answer nobody could read is refused before it is done") {
  const core::Headers accept{{"Accept", "text/html"}};
  CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"a"}})", accept).status == 406);
  CHECK(send_as_admin("GET", maps + "/a").status == 404);
  CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"a"}})").status == 201);
  CHECK(send_as_admin("DELETE", maps + "/a", "", accept).status == 406);
  CHECK(send_as_admin("GET", maps + "/a").status == 200);
}

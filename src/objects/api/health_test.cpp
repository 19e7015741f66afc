#include "objects/api/health.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::objects::api;

namespace {

struct Health {
  bool is_store_well = true;
  std::vector<HealthCheck> checks{{.name = "ping"},
                                  {.name = "etcd",
                                   .look = [this]() -> Result<> {
                                     if (is_store_well) return {};
                                     return fail(Code::unavailable, "disk I/O error");
                                   }},
                                  {.name = "informer-sync", .is_of_readiness = true}};

  std::string ask(const std::string& path, std::vector<std::pair<std::string, std::string>> query = {}) const {
    net::Request request;
    request.path = path;
    request.query = std::move(query);
    const auto answer = answer_health(request, checks);
    return answer ? std::to_string(answer->status) + " " + answer->body : "none";
  }
};

}  // namespace

TEST_CASE_FIXTURE(Health, "health is told as kube-apiserver tells it") {
  CHECK(ask("/readyz") == "200 ok");
  CHECK(ask("/livez", {{"verbose", ""}}) == "200 [+]ping ok\n[+]etcd ok\nlivez check passed\n");
  CHECK(ask("/readyz", {{"verbose", "true"}}) ==
        "200 [+]ping ok\n[+]etcd ok\n[+]informer-sync ok\nreadyz check passed\n");
  CHECK(ask("/readyz/etcd") == "200 ok");
  CHECK(ask("/livez/informer-sync") == "none");
  CHECK(ask("/healthz/nothing") == "none");
  CHECK(ask("/version") == "none");

  is_store_well = false;
  CHECK(ask("/healthz") == "500 [+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n");
  CHECK(ask("/readyz/etcd") == "500 internal server error: etcd failed\n");
  CHECK(ask("/livez", {{"exclude", "etcd"}}) == "200 ok");
  CHECK(ask("/livez", {{"exclude", "etcd"}, {"exclude", "b"}, {"exclude", "a"}, {"verbose", ""}}) ==
        "200 [+]ping ok\n[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for "
        "\"a\",\"b\"\nlivez check passed\n");
}

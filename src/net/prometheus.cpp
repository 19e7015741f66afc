#include "net/prometheus.hpp"

namespace slipway::net {

using core::Code;
using core::fail;
using core::Result;

void ask_prometheus(core::World& world, std::string address, const std::string& path,
                    std::move_only_function<void(Result<core::doc::Value>)> done) {
  if (address.empty()) {
    world.loop.post(
        [done = std::move(done)]() mutable { done(fail(Code::unavailable, "no Prometheus is running yet")); });
    return;
  }
  while (address.ends_with('/')) address.pop_back();
  core::HttpRequest request;
  request.url = address + path;
  world.http.send(std::move(request), [done = std::move(done)](Result<core::HttpResponse> answer) mutable {
    if (!answer) return done(fail(std::move(answer).error()));
    auto body = core::doc::parse_json(answer->body, "Prometheus' answer");
    // Prometheus explains a refused query (4xx) in the same shape; anything else is not from it.
    if (!body || !(*body)["status"].is_string()) {
      return done(
          fail(Code::unavailable, "Prometheus answered " + std::to_string(answer->status) + ", not JSON of its API"));
    }
    done(std::move(body));
  });
}

}  // namespace slipway::net

#pragma once
// For tests: the asynchronous client with a world of its own.

#include <doctest/doctest.h>

#include <memory>

#include "core/world/real.hpp"
#include "net/client.hpp"

namespace slipway::net::test {

// The asynchronous client, made to look blocking: runs the loop until the answer is there.
struct Caller {
  core::RealWorld world;
  IoThread io;
  std::unique_ptr<core::HttpClient> client = make_client(io, world.loop());

  core::Result<core::HttpResponse> send(core::HttpRequest request) {
    core::Result<core::HttpResponse> answer = fail(Code::internal, "not called");
    int calls = 0;
    client->send(std::move(request), [&](core::Result<core::HttpResponse> result) {
      CHECK(world.loop().on_this_thread());
      ++calls;
      answer = std::move(result);
      world.stop();
    });
    world.run();
    CHECK(calls == 1);
    return answer;
  }
};

}  // namespace slipway::net::test

// The Python runtime's own tests, run by a real Python.

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "core/world/real.hpp"
#include "source_dir.hpp"

using namespace slipway;

namespace {
struct NoHttp : core::HttpClient {
  void send(core::HttpRequest, std::move_only_function<void(Result<core::HttpResponse>)> done) override {
    done(fail(Code::unavailable, "no network here"));
  }
};
}  // namespace

TEST_CASE("the executor of lightweight components passes its tests with the standard library alone") {
  NoHttp http;
  core::RealWorld real;
  real.set_http(http);
  core::RunRequest request;
  request.argv = {"python3", "-m", "unittest", "discover", "-s", std::string(SLIPWAY_SOURCE_DIR) + "/runtime/tests"};
  request.environment = {{"PATH", std::getenv("PATH")}, {"PYTHONDONTWRITEBYTECODE", "1"}};
  request.directory = "/";
  request.timeout = std::chrono::minutes(2);
  std::optional<Result<core::RunOutput>> output;
  real.loop().post([&] {
    real.world().processes.run(std::move(request), [&](Result<core::RunOutput> result) {
      output = std::move(result);
      real.stop();
    });
  });
  real.run();
  REQUIRE(output);
  REQUIRE_MESSAGE(*output, output->error().one_line());
  CHECK_MESSAGE((**output).exit.code == 0, (**output).err);
}

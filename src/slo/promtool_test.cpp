#include <doctest/doctest.h>

#include "core/world/real.hpp"
#include "slo/testing.hpp"

namespace slipway::slo::testing {
namespace {
struct NoHttp final : core::HttpClient {
  void send(core::HttpRequest, std::move_only_function<void(Result<core::HttpResponse>)> done) override {
    done(fail(Code::unavailable, "no network here"));
  }
};
}  // namespace

bool has_promtool() {
  const bool found = core::real_files().exists("/usr/bin/promtool");
  if (!found) MESSAGE("promtool is not installed; what it would check is skipped");
  return found;
}

PromtoolRun promtool(std::vector<std::string> arguments, const std::string& text) {
  core::RealWorld world;
  NoHttp http;
  world.set_http(http);
  core::World parts = world.world();
  const std::string directory = "/tmp/slipway-promtool-" + parts.random.hex(8);
  REQUIRE(parts.files.make_directories(directory).has_value());
  const std::string path = directory + "/rules.yml";
  REQUIRE(parts.files.write_atomic(path, text).has_value());
  core::RunRequest request;
  request.argv = {"/usr/bin/promtool"};
  request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
  request.argv.push_back(path);
  request.directory = directory;
  PromtoolRun run;
  parts.loop.post([&] {
    parts.processes.run(request, [&](Result<core::RunOutput> output) {
      if (output) {
        run.exit_code = output->exit.code;
        run.output = output->out + output->err;
      } else {
        run.output = output.error().one_line();
      }
      world.stop();
    });
  });
  world.run();
  REQUIRE(parts.files.remove_tree(directory).has_value());
  return run;
}
}  // namespace slipway::slo::testing

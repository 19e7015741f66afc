#include "delivery/promotion/smoke.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

struct Test {
  objects::Name promotion;
  Smoke smoke;
  std::string model;
  core::Time until{};
  SmokeTester::Done done;
  std::size_t prompt = 0;
  int attempts = 0;
};

std::string body_of(const Test& test) {
  Array messages{Value(Object{{"role", Value("user")}, {"content", Value(test.smoke.prompts[test.prompt])}})};
  return core::doc::render_json(Value(Object{{"model", Value(test.model)},
                                             {"messages", Value(std::move(messages))},
                                             {"max_tokens", Value(16)},
                                             {"temperature", Value(0)}}));
}
}  // namespace

struct SmokeTester::State : std::enable_shared_from_this<SmokeTester::State> {
  core::World& world;
  std::function<std::string()> gateway_url;
  std::set<objects::Name> under_way;

  State(core::World& w, std::function<std::string()> url) : world(w), gateway_url(std::move(url)) {}

  void finish(const std::shared_ptr<Test>& test, SmokeOutcome outcome) {
    under_way.erase(test->promotion);
    outcome.attempts = test->attempts;
    test->done(std::move(outcome));
  }

  void later(const std::shared_ptr<Test>& test, core::Duration delay) {
    world.loop.after(delay, [weak = weak_from_this(), test] {
      if (const auto state = weak.lock()) state->attempt(test);
    });
  }

  void again_or_fail(const std::shared_ptr<Test>& test, const std::string& why) {
    if (world.clock.now() < test->until) return later(test, std::chrono::seconds(1));
    finish(test, {false, 0, "the smoke test failed: " + why});
  }

  void attempt(const std::shared_ptr<Test>& test) {
    const std::string url = gateway_url ? gateway_url() : "";
    if (url.empty()) return again_or_fail(test, "the gateway is not up");
    ++test->attempts;
    core::HttpRequest request;
    request.method = "POST";
    request.url = url + test->smoke.path;
    request.headers = {{"Content-Type", "application/json"}};
    if (!test->smoke.host.empty()) request.headers.emplace_back("Host", test->smoke.host);
    request.body = body_of(*test);
    request.timeout = std::max<core::Duration>(std::chrono::seconds(5),
                                               std::min<core::Duration>(test->smoke.timeout, std::chrono::seconds(30)));
    world.http.send(std::move(request), [weak = weak_from_this(), test](Result<core::HttpResponse> answer) {
      if (const auto state = weak.lock()) state->answered(test, answer);
    });
  }

  void answered(const std::shared_ptr<Test>& test, const Result<core::HttpResponse>& answer) {
    if (const std::string problem = problem_of(answer); !problem.empty()) return again_or_fail(test, problem);
    if (++test->prompt < test->smoke.prompts.size()) return attempt(test);
    finish(test, {true, 0,
                  "answered " + std::to_string(test->smoke.prompts.size()) +
                      (test->smoke.prompts.size() == 1 ? " prompt" : " prompts")});
  }
};

SmokeTester::SmokeTester(core::World& world, std::function<std::string()> gateway_url)
    : state_(std::make_shared<State>(world, std::move(gateway_url))) {}
SmokeTester::~SmokeTester() = default;

bool SmokeTester::start(const objects::Name& promotion, const Smoke& smoke, const std::string& model, core::Time until,
                        Done done) {
  if (!state_->under_way.insert(promotion).second) return false;
  auto test = std::make_shared<Test>();
  test->promotion = promotion;
  test->smoke = smoke;
  test->model = model;
  test->until = until;
  test->done = std::move(done);
  state_->later(test, core::Duration(0));
  return true;
}

std::string problem_of(const Result<core::HttpResponse>& answer) {
  if (!answer) return answer.error().one_line();
  if (answer->status != 200)
    return "the gateway answered " + std::to_string(answer->status) + " " + answer->body.substr(0, 200);
  const auto body = core::doc::parse_json(answer->body);
  if (!body) return "the answer is not JSON";
  if ((*body)["choices"][std::size_t{0}]["message"]["content"].string_or("").empty())
    return "the answer has no content";
  return "";
}

}  // namespace slipway::delivery::promotion

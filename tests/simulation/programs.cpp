// The programs of the simulated machine. Workflow steps do what their commands say, through the API, and try again
// when the control plane is away, as the command line does.

#include <algorithm>

#include "core/doc.hpp"
#include "net/http.hpp"
#include "serving/simulator/program.hpp"
#include "surroundings.hpp"

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;
using core::doc::Object;
using core::doc::Value;

Started& note_start(Surroundings& s, core::SimulatedProcess& process, const std::string& program) {
  s.started.push_back({process.environment("POD_NAME"), process.environment("POD_NAMESPACE"), program,
                       process.identity(), process.environment("GITHUB_RUN_ID"), "", false});
  return s.started.back();
}

// `bash -e SCRIPT`: knows the commands of release.yaml.
class Step final : public core::SimulatedProgram {
 public:
  Step(Surroundings& s, core::SimulatedProcess& process) : s_(s), process_(process), world_(s.simulation.world()) {}

  void start() override {
    script_ = world_.files.read(process_.request().argv.back()).value_or("");
    place_ = s_.started.size();
    note_start(s_, process_, "step").script = script_;
    process_.after(core::Duration(200ms) + core::Duration(static_cast<std::int64_t>(world_.random.below(4'000'000))),
                   [this] { work(); });
  }
  void signal(int number) override { process_.exit(128 + number); }

 private:
  std::string variable(const std::string& name) const { return process_.environment(name); }
  bool says(const std::string& command) const { return script_.find(command) != std::string::npos; }

  void end(int code) {
    s_.started[place_].has_ended = true;
    process_.exit(code);
  }

  void work() {
    if (says("slipway model register")) return register_version();
    if (says("slipway promote")) return promote();
    if (says("slipway model record")) return record();
    end(says("slipway lint") || says("slipway run") ? 0 : 127);
  }

  // Sends until the control plane has answered something other than "not now".
  void call(std::string method, std::string path, Value body, std::function<void(int, const Value&)> then) {
    core::HttpRequest request;
    request.method = method;
    request.url = s_api() + path;
    request.headers = {{"x-person", "ci@support-assistant"}};
    request.body = core::doc::render_json(body);
    request.timeout = 3s;
    world_.http.send(std::move(request), [this, method, path, body, then](Result<core::HttpResponse> answer) {
      if (!answer || answer->status >= 500) {
        return process_.after(500ms, [this, method, path, body, then] { call(method, path, body, then); });
      }
      then(answer->status, core::doc::parse_json(answer->body).value_or(Value()));
    });
  }
  std::string s_api() const { return variable("SLIPWAY_URL"); }

  void register_version() {
    const auto card = core::doc::parse_yaml(
        world_.files.read(process_.request().directory + "/model.yaml").value_or(""), "model.yaml");
    if (!card) return end(2);
    const std::string version = (*card)["version"].string_or("");
    Object body{{"version", version},
                {"weights", variable("WEIGHTS")},
                {"format", "gguf"},
                {"commit", variable("GITHUB_SHA")},
                {"repository", variable("GITHUB_REPOSITORY")},
                {"run", variable("GITHUB_RUN_ID")}};
    call("POST", "/api/slipway/v1/models/" + model + "/versions", std::move(body),
         [this, version](int status, const Value& answer) {
           if (status >= 300) return fail_with(answer);
           s_.acknowledged.versions[version] = variable("WEIGHTS");
           const std::string output = variable("GITHUB_OUTPUT");
           const auto written =
               world_.files.write_atomic(output, world_.files.read(output).value_or("") + "version=" + version + "\n");
           end(written ? 0 : 1);
         });
  }

  void promote() {
    Object body{{"model", variable("MODEL")},
                {"version", variable("VERSION")},
                {"environment", "dev"},
                {"commit", variable("GITHUB_SHA")}};
    call("POST", "/api/slipway/v1/promotions", std::move(body), [this](int status, const Value& answer) {
      if (status >= 300) return fail_with(answer);
      const std::string name =
          answer["metadata"]["namespace"].string_or("") + "/" + answer["metadata"]["name"].string_or("");
      s_.acknowledged.promotions.insert(name);
      wait_for(name);
    });
  }
  void wait_for(const std::string& name) {
    call("GET", "/api/slipway/v1/promotions/" + name, Value(Object{}), [this, name](int status, const Value& answer) {
      const std::string phase = answer["status"]["phase"].string_or("");
      if (status >= 300 || phase == "Failed" || phase == "RolledBack" || phase == "Rejected") return fail_with(answer);
      if (phase == "Succeeded") return end(0);
      process_.after(1s, [this, name] { wait_for(name); });
    });
  }

  void record() {
    Object body{{"metrics", Object{{"accuracy", 0.8}, {"ttft_p95_seconds", 0.4}}}, {"run", variable("GITHUB_RUN_ID")}};
    call("POST", "/api/slipway/v1/models/" + variable("MODEL") + "/versions/" + variable("VERSION") + "/metrics",
         std::move(body), [this](int status, const Value& answer) { status < 300 ? end(0) : fail_with(answer); });
  }

  void fail_with(const Value& answer) {
    process_.write_stdout(core::doc::render_json(answer) + "\n");
    end(1);
  }

  Surroundings& s_;
  core::SimulatedProcess& process_;
  core::World world_;
  std::string script_;
  std::size_t place_ = 0;
};

// Answers queries over what it and those before it have scraped.
class PrometheusProgram final : public core::SimulatedProgram {
 public:
  PrometheusProgram(Surroundings& s, core::SimulatedProcess& process) : s_(s), process_(process) {}
  ~PrometheusProgram() override { s_.prometheus.stop(); }

  void start() override {
    note_start(s_, process_, "prometheus");
    const auto listening = process_.listen("127.0.0.1", 9090, [this](core::HttpRequest request, auto done) {
      answer(std::move(request), std::move(done));
    });
    if (!listening) return process_.exit(1);
    s_.prometheus.start();
  }
  void signal(int) override { process_.exit(0); }

 private:
  void answer(core::HttpRequest request, std::move_only_function<void(Result<core::HttpResponse>)> done) {
    constexpr std::string_view question = "/api/v1/query?query=";
    const auto at = request.url.find(question);
    if (at == std::string::npos) return done(core::HttpResponse{200, {}, "ready"});
    const auto text = net::url_decode(request.url.substr(at + question.size()));
    if (!text) return done(core::HttpResponse{400, {}, "{}"});
    s_.prometheus.query(*text, [done = std::make_shared<decltype(done)>(std::move(done))](Result<Value> result) {
      const Value body = result ? *result : Value(Object{{"status", "error"}, {"error", result.error().one_line()}});
      (*done)(core::HttpResponse{result ? 200 : 422, {}, core::doc::render_json(body)});
    });
  }

  Surroundings& s_;
  core::SimulatedProcess& process_;
};

// The people's connection to the platform, and the customers.
class Outside final : public core::SimulatedProgram {
 public:
  Outside(Surroundings& s, core::SimulatedProcess& process) : s_(s), process_(process), world_(s.simulation.world()) {}
  void start() override {
    post_letters();
    serve_customer();
  }
  void signal(int) override {}

 private:
  void post_letters() {
    while (!s_.outbox.empty()) {
      auto letter = std::move(s_.outbox.front());
      s_.outbox.pop_front();
      world_.http.send(std::move(letter.request),
                       [done = std::move(letter.done)](Result<core::HttpResponse> answer) { done(std::move(answer)); });
    }
    process_.after(20ms, [this] { post_letters(); });
  }

  void serve_customer() {
    if (s_.is_open) ask(draw());
    process_.after(core::Duration(200ms) + core::Duration(static_cast<std::int64_t>(world_.random.below(200'000))),
                   [this] { serve_customer(); });
  }
  const gateway::load::Prompt& draw() {
    double all = 0;
    for (const auto& prompt : s_.prompts) all += prompt.weight;
    double left = world_.random.uniform() * all;
    for (const auto& prompt : s_.prompts) {
      if ((left -= prompt.weight) < 0) return prompt;
    }
    return s_.prompts.back();
  }
  void ask(const gateway::load::Prompt& prompt) {
    core::HttpRequest request;
    request.method = "POST";
    request.url = s_.gateway.url() + "/v1/chat/completions";
    request.headers = {{"content-type", "application/json"}, {"host", "support.example.com"}};
    core::doc::Array messages{Value(Object{{"role", "user"}, {"content", prompt.prompt}})};
    request.body = core::doc::render_json(
        Object{{"model", model}, {"messages", std::move(messages)}, {"max_tokens", prompt.max_tokens}});
    request.timeout = 30s;
    world_.http.send(std::move(request), [this](Result<core::HttpResponse> answer) {
      Served served{world_.clock.now(), 0, ""};
      if (answer) {
        served.status = answer->status;
        served.subset = std::string(core::header(answer->headers, "x-slipway-subset"));
      }
      s_.served.push_back(std::move(served));
    });
  }

  Surroundings& s_;
  core::SimulatedProcess& process_;
  core::World world_;
};

}  // namespace

void install_programs(Surroundings& s) {
  s.simulation.install("bash", [&s](core::SimulatedProcess& process) { return std::make_unique<Step>(s, process); });
  s.simulation.install(
      "prometheus", [&s](core::SimulatedProcess& process) { return std::make_unique<PrometheusProgram>(s, process); });
  s.simulation.install("outside",
                       [&s](core::SimulatedProcess& process) { return std::make_unique<Outside>(s, process); });
  s.simulation.install("slipway", [&s](core::SimulatedProcess& process) {
    note_start(s, process, "model-server");
    return serving::simulator::model_server_program(process);
  });
}

}  // namespace slipway::simulation

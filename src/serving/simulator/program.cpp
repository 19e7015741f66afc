#include "serving/simulator/program.hpp"

#include <algorithm>

#include "serving/simulator/model_server.hpp"

namespace slipway::serving::simulator {
namespace {

using Done = std::move_only_function<void(Result<core::HttpResponse>)>;

// Collects what a server says into the one answer that the simulated network carries.
class CollectingResponder final : public net::Responder {
 public:
  explicit CollectingResponder(Done done) : done_(std::move(done)) {}
  ~CollectingResponder() override {
    if (done_) done_(fail(Code::unavailable, "the connection was cut"));
  }
  void send(net::Response response) override {
    response_ = {response.status, std::move(response.headers), std::move(response.body)};
    end();
  }
  void begin(int status, core::Headers headers) override { response_ = {status, std::move(headers), ""}; }
  bool write(std::string_view bytes) override {
    response_.body += bytes;
    return is_open();
  }
  void end() override {
    if (done_) std::exchange(done_, nullptr)(std::move(response_));
  }
  bool is_open() const override { return static_cast<bool>(done_); }
  void on_close(std::function<void()>) override {}  // the simulated network never tells

 private:
  Done done_;
  core::HttpResponse response_;
};

net::Request request_from(core::HttpRequest given) {
  net::Request request;
  request.method = std::move(given.method);
  request.headers = std::move(given.headers);
  request.body = std::move(given.body);
  const auto scheme = given.url.find("://");
  const auto slash = given.url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  request.target = slash == std::string::npos ? "/" : given.url.substr(slash);
  request.path = request.target.substr(0, request.target.find('?'));
  return request;
}

class Program final : public core::SimulatedProgram {
 public:
  Program(core::SimulatedProcess& process, Options options)
      : process_(process), options_(options), server_(std::move(options), host()) {}

  void start() override {
    auto listening = process_.listen(options_.host, options_.port, [this](core::HttpRequest request, Done done) {
      server_.handle(request_from(std::move(request)), std::make_shared<CollectingResponder>(std::move(done)));
    });
    if (!listening) {
      process_.write_stdout(listening.error().one_line() + "\n");
      return process_.exit(1);
    }
    server_.start();
  }

  void signal(int signal_number) override {
    if (signal_number == SIGTERM || signal_number == SIGINT) server_.drain([this] { process_.exit(0); });
  }

 private:
  Host host() {
    // The parts behind the references live as long as the simulated world.
    const auto world = std::make_shared<core::World>(process_.world().world());
    Host host;
    host.monotonic = [world] { return world->clock.monotonic(); };
    host.now = [world] { return world->clock.now(); };
    host.after = [this](Duration delay, core::Task task) { process_.after(delay, std::move(task)); };
    host.post = [this](core::Task task) { process_.after({}, std::move(task)); };
    host.uniform = [world] { return world->random.uniform(); };
    host.exit = [this](int code) { process_.exit(code); };
    return host;
  }

  core::SimulatedProcess& process_;
  Options options_;
  ModelServer server_;
};

// What a process with a wrong command line does.
class Refusal final : public core::SimulatedProgram {
 public:
  Refusal(core::SimulatedProcess& process, std::string text) : process_(process), text_(std::move(text)) {}
  void start() override {
    process_.write_stdout(text_ + "\n");
    process_.exit(2);
  }
  void signal(int) override {}

 private:
  core::SimulatedProcess& process_;
  std::string text_;
};

}  // namespace

std::unique_ptr<core::SimulatedProgram> model_server_program(core::SimulatedProcess& process) {
  const auto& argv = process.request().argv;
  const auto verb = std::ranges::find(argv, "model-server");
  if (verb == argv.end()) return std::make_unique<Refusal>(process, "only `slipway model-server` runs in this world");
  auto options = parse_options({verb + 1, argv.end()});
  if (!options) return std::make_unique<Refusal>(process, options.error().one_line());
  return std::make_unique<Program>(process, std::move(*options));
}

}  // namespace slipway::serving::simulator

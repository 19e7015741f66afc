#pragma once
// For tests of this room: a node of real processes with the Kubernetes API before it, on a free port. The control loop
// has a thread of its own, as in the product; the test talks to it over the network.

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>
#include <thread>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "net/client.hpp"
#include "objects/embedded.hpp"
#include "objects/kinds.hpp"
#include "pods/connections.hpp"
#include "pods/shim_runtime.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods::testing {

using namespace std::chrono_literals;

class ServedMachine {
 public:
  ServedMachine() {
    log::set_level(log::Level::error);
    real_.set_http(*http_);
    world_.emplace(real_.world());
    embedded_ = std::move(*objects::Embedded::open(*world_, *database_, nullptr, {}));
    REQUIRE(embedded_->store().create(objects::Object::make(objects::kinds::namespace_, {"", "default"})));
    std::array<char, 4096> self{};
    [[maybe_unused]] const auto size = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
    const std::string helper = std::filesystem::path(self.data()).parent_path() / "pods_shim_test_helper";
    runtime_ =
        std::make_unique<ShimRuntime>(*world_, ShimOptions{place_.path() + "/pods", {helper}, "", &real_.notices()});
    NodeOptions options;
    options.directory = place_.path();
    options.name = "machine";
    node_ = std::make_unique<Node>(*world_, embedded_->store(), *runtime_, options);
    REQUIRE(node_->start());
    ConnectionOptions connection_options;
    connection_options.notices = &real_.notices();
    connection_options.foreign_log = [this](const objects::Object& pod) -> std::optional<std::string> {
      if (pod.annotation("kubernetes.io/config.mirror").empty()) return std::nullopt;
      return foreign_log;
    };
    connections_ =
        std::make_unique<Connections>(*world_, embedded_->store(), *node_, io_, std::move(connection_options));
    connections_->serve(embedded_->server());
    embedded_->add_routes(router_);
    net::ServerOptions server_options;
    server_options.loop = &real_.loop();
    server_options.spool_directory = place_.path();
    server_ = std::move(*net::Server::start(io_, router_, server_options));
    thread_ = std::jthread([this] { real_.run(); });
  }
  ~ServedMachine() {
    std::promise<void> stopped;
    real_.loop().post([&] {
      server_.reset();
      node_->stop_all(2s, [&] { stopped.set_value(); });
    });
    CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
    real_.stop();
    thread_.join();
    connections_.reset();
    node_.reset();
    runtime_.reset();
    embedded_.reset();
    http_.reset();
  }

  template <class Work>
  auto on_loop(Work work) {
    std::promise<decltype(work())> answer;
    real_.loop().post([&] { answer.set_value(work()); });
    return answer.get_future().get();
  }
  void create(const std::string& yaml) {
    const std::string problem = on_loop([&] {
      auto objects = objects::parse_manifest(yaml, "test.yaml").value();
      for (auto& object : objects) {
        auto created = embedded_->store().create(std::move(object));
        if (!created) return created.error().render();
      }
      return std::string();
    });
    REQUIRE(problem == "");
  }
  bool until_ready(const std::string& name) {
    return until([&] {
      return on_loop([&] {
        const auto pod = embedded_->store().find(objects::kinds::pod, {"default", name});
        return pod && *pod && (*pod)->condition_status("Ready") == "True";
      });
    });
  }
  std::size_t connections() {
    return on_loop([&] { return connections_->count(); });
  }
  static bool until(const std::function<bool()>& wanted) {
    for (int i = 0; i < 2000; ++i) {
      if (wanted()) return true;
      core::sleep_for(10ms);
    }
    return false;
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  core::HttpResponse get(const std::string& path, const std::string& method = "GET", std::string body = {}) const {
    core::HttpRequest request;
    request.method = method;
    request.url = url(path);
    request.body = std::move(body);
    request.timeout = 20s;
    auto response = net::fetch(std::move(request));
    REQUIRE_MESSAGE(response, (response ? "" : response.error().one_line()));
    return std::move(*response);
  }
  std::string message_of(const std::string& path, int status) const {
    const auto response = get(path);
    CHECK(response.status == status);
    const auto body = doc::parse_json(response.body);
    return body ? (*body)["message"].string_or("") : response.body;
  }
  std::string directory() const { return place_.path(); }

  std::string foreign_log;

 private:
  const storage::TestDirectory place_;
  core::RealWorld real_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> http_ = net::make_client(io_, real_.loop());
  std::optional<core::World> world_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<objects::Embedded> embedded_;
  std::unique_ptr<ShimRuntime> runtime_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Connections> connections_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::jthread thread_;
};

}  // namespace slipway::pods::testing

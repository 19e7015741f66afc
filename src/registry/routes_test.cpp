// The registry's routes behind a real server, with the control loop on a thread of its own, as in the product.

#include <doctest/doctest.h>

#include <latch>
#include <thread>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;

namespace {

struct NoEvents final : core::EventSink {
  void record(core::Event) override {}
};

// Blobs whose file can be as large as one likes: reading it takes until `may_end`.
class SlowBlobs final : public storage::BlobStore {
 public:
  explicit SlowBlobs(std::unique_ptr<BlobStore> blobs) : blobs_(std::move(blobs)) {}
  std::latch began{1}, may_end{1};

  Result<Digest> put(std::string_view bytes) override { return blobs_->put(bytes); }
  Result<storage::BlobStat> put_file(const std::string& path, bool may_link, std::stop_token stop) override {
    began.count_down();
    may_end.wait();
    return blobs_->put_file(path, may_link, std::move(stop));
  }
  Result<std::string> get(const Digest& digest) override { return blobs_->get(digest); }
  Result<std::string> path_of(const Digest& digest, std::stop_token stop) override {
    return blobs_->path_of(digest, std::move(stop));
  }
  Result<storage::BlobFile> file_of(const Digest& digest) const override { return blobs_->file_of(digest); }
  bool contains(const Digest& digest) const override { return blobs_->contains(digest); }
  Result<> remove(const Digest& digest) override { return blobs_->remove(digest); }
  Result<std::vector<storage::BlobStat>> list() const override { return blobs_->list(); }

 private:
  std::unique_ptr<BlobStore> blobs_;
};

class Served {
 public:
  Served() : client_(net::make_client(io_, world_.loop())) {
    world_.set_http(*client_);
    registry_ = registry::Registry::open(world_.world(), *database_, blobs, events_).value();
    registry_->add_routes(router_);
    net::ServerOptions options;
    options.loop = &world_.loop();
    options.spool_directory = directory_.path();
    server_ = std::move(*net::Server::start(io_, router_, options));
    loop_thread_ = std::jthread([this] { world_.run(); });
  }
  ~Served() {
    server_.reset();
    world_.stop();
    loop_thread_.join();
  }
  core::HttpResponse send(std::string method, const std::string& path, std::string body = {}) {
    core::HttpRequest request;
    request.method = std::move(method);
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/slipway/v1" + path;
    request.body = std::move(body);
    auto response = net::fetch(std::move(request));
    REQUIRE(response.has_value());
    return std::move(*response);
  }

 private:
  storage::TestDirectory directory_;

 public:
  SlowBlobs blobs{storage::open_directory_blobs(directory_.path() + "/blobs").value()};

 private:
  core::RealWorld world_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_;
  NoEvents events_;
  std::unique_ptr<storage::Database> database_ = storage::open_sqlite(":memory:").value();
  std::unique_ptr<registry::Registry> registry_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::jthread loop_thread_;
};

}  // namespace

TEST_CASE_FIXTURE(Served, "others are served while a large blob is read, and its sender gets the digest in the end") {
  const std::string weights(3'000'000, 'w');
  core::HttpResponse stored;
  std::jthread sender([&] { stored = send("POST", "/blobs", weights); });
  blobs.began.wait();
  CHECK(send("GET", "/models").status == 200);
  CHECK(send("POST", "/blobs", "a small one").status == 201);
  CHECK(send("GET", "/blobs/" + Digest::of(weights).text()).status == 404);
  blobs.may_end.count_down();
  sender.join();
  CHECK(stored.status == 201);
  CHECK(stored.body.contains(Digest::of(weights).text()));
  CHECK(stored.body.contains("3000000"));
  CHECK(blobs.file_of(Digest::of(weights))->is_verified);  // a deployment does not wait for it again
}

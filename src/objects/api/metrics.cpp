#include "objects/api/metrics.hpp"

#include <algorithm>
#include <atomic>

#include "core/process_metrics.hpp"
#include "objects/discovery/version.hpp"

namespace slipway::objects::api {
namespace {

using core::metrics::Family;
using core::metrics::Labels;
using Type = Family::Type;

constexpr auto counted_every = std::chrono::seconds(30);

// kube-apiserver's, so that its recording rules fit.
const std::vector<double> request_seconds{0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1,  1.25, 1.5, 2,
                                          3,     4,     5,    6,   8,   10,  15,  20,  30, 45,   60};
const std::vector<double> event_bytes{1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};

// What a request is counted as.
struct Counted {
  ResourcePtr resource;  // null: a document
  std::string_view verb, scope;
  std::string subresource;  // of a document its path
  bool is_dry_run = false;
  bool is_reading = false;
  bool is_long_running = false;
};

std::string_view scope_of(const Call& call) {
  const auto& info = call.info;
  if (!info.is_resource) return "";
  if (!info.name.empty() || call.request.method == "POST") return "resource";
  return info.ns.empty() ? "cluster" : "namespace";
}

std::string_view verb_of(const Call& call, std::string_view scope) {
  if (call.info.is_resource && call.info.verb == Verb::connect) return "CONNECT";
  if (call.info.is_resource && call.info.verb == Verb::watch) return "WATCH";
  const auto& method = call.request.method;
  if (method == "GET" || method == "HEAD") return scope == "namespace" || scope == "cluster" ? "LIST" : "GET";
  if (method == "PATCH") {
    return call.request.header("Content-Type").starts_with("application/apply-patch") ? "APPLY" : "PATCH";
  }
  for (const std::string_view known : {"POST", "PUT", "DELETE"}) {
    if (method == known) return known;
  }
  return "other";
}

// Of the documents that have a name of their own; the rest is one.
std::string document_of(std::string_view path) {
  for (const std::string_view known :
       {"/healthz", "/livez", "/readyz", "/version", "/metrics", "/openapi/v2", "/openapi/v3", "/apis", "/api"}) {
    if (path == known || (path.starts_with(known) && path[known.size()] == '/')) return std::string(known);
  }
  return {};
}

Counted counted_as(const Call& call) {
  Counted counted;
  counted.resource = call.resource;
  counted.scope = scope_of(call);
  counted.verb = verb_of(call, counted.scope);
  counted.is_reading = counted.verb == "GET" || counted.verb == "LIST" || counted.verb == "WATCH";
  counted.is_dry_run = call.is_dry_run();
  if (call.resource == nullptr) {
    counted.subresource = document_of(call.request.path);
    return counted;
  }
  if (call.resource->find_subresource(call.info.subresource) != nullptr) counted.subresource = call.info.subresource;
  counted.is_long_running = counted.verb == "WATCH" || counted.verb == "CONNECT" || counted.subresource == "log";
  return counted;
}

// Answered and never stored: reviews, metrics; Events of events.k8s.io are those of the core group.
bool is_stored(const schema::Resource& resource) {
  const auto allows = [&](std::string_view verb) {
    return std::ranges::find(resource.verbs, verb) != resource.verbs.end();
  };
  return allows("list") && allows("create") && resource.group != "events.k8s.io";
}

Labels labels_of(const Counted& counted) {
  const auto* resource = counted.resource.get();
  return {{"component", "apiserver"},
          {"group", resource ? resource->group : ""},
          {"resource", resource ? resource->plural : ""},
          {"scope", std::string(counted.scope)},
          {"subresource", counted.subresource},
          {"verb", std::string(counted.verb)},
          {"version", resource ? resource->version : ""}};
}

Labels labels_of_answer(const Counted& counted) {
  auto labels = labels_of(counted);
  labels.emplace_back("dry_run", counted.is_dry_run ? "All" : "");
  return labels;
}

}  // namespace

struct Metrics::Families {
  explicit Families(core::World& w) : world(w) {}
  void begin(const Counted& counted) { in_progress(counted, 1); }
  void finish(const Counted& counted, int status, Duration time) {
    in_progress(counted, -1);
    auto labels = labels_of_answer(counted);
    seconds.observe(labels, std::chrono::duration<double>(time).count());
    labels.emplace_back("code", std::to_string(status));
    requests.add(labels);
  }
  void in_progress(const Counted& counted, int change) {
    if (counted.is_long_running) {
      long_running.add(labels_of(counted), change);
    } else {
      in_flight.add({{"request_kind", counted.is_reading ? "readOnly" : "mutating"}}, change);
    }
  }

  core::World& world;
  Family requests{"apiserver_request_total", "Requests by verb, resource, scope and status code.", Type::counter};
  Family seconds{"apiserver_request_duration_seconds", "From a request's arrival to the end of its answer.",
                 Type::histogram, request_seconds};
  Family in_flight{"apiserver_current_inflight_requests", "Requests that are being answered now, watches aside.",
                   Type::gauge};
  Family long_running{"apiserver_longrunning_requests", "Watches, logs and connections that are open now.",
                      Type::gauge};
  Family events{"apiserver_watch_events_total", "Events sent to watchers.", Type::counter};
  Family event_sizes{"apiserver_watch_events_sizes", "Bytes of the events sent to watchers.", Type::histogram,
                     event_bytes};
  Family objects{"apiserver_storage_objects", "Stored objects of each resource at the last count.", Type::gauge};
  Family resource_objects{"apiserver_resource_objects", "Stored objects of each resource at the last count.",
                          Type::gauge};
};

// Counts one request when it was answered, on the control loop, whoever answered it.
class Metrics::Measured final : public net::Responder {
 public:
  Measured(std::weak_ptr<Families> families, Counted counted, Instant began, std::shared_ptr<net::Responder> inner)
      : families_(std::move(families)), counted_(std::move(counted)), began_(began), inner_(std::move(inner)) {}
  ~Measured() override { finish(); }

  void send(net::Response response) override {
    status_ = response.status;
    inner_->send(std::move(response));
    finish();
  }
  void begin(int status, core::Headers headers) override {
    status_ = status;
    inner_->begin(status, std::move(headers));
  }
  bool write(std::string_view bytes) override { return inner_->write(bytes); }
  bool is_full() const override { return inner_->is_full(); }
  void when_writable(std::function<void()> callback) override { inner_->when_writable(std::move(callback)); }
  void end() override {
    inner_->end();
    finish();
  }
  bool is_open() const override { return inner_->is_open(); }
  void on_close(std::function<void()> callback) override { inner_->on_close(std::move(callback)); }
  bool upgrade(core::Headers headers, std::shared_ptr<net::Upgraded> next) override {
    constexpr int switching_protocols = 101;
    status_ = switching_protocols;
    return inner_->upgrade(std::move(headers), std::move(next));
  }

 private:
  void finish() {
    if (finished_.exchange(true)) return;
    const auto families = families_.lock();
    if (families == nullptr) return;
    auto& world = families->world;
    auto count = [weak = families_, counted = std::move(counted_), status = status_.load(),
                  time = world.clock.monotonic() - began_] {
      if (const auto known = weak.lock()) known->finish(counted, status, time);
    };
    if (world.loop.on_this_thread()) {
      count();
    } else {
      world.loop.post(std::move(count));
    }
  }

  std::weak_ptr<Families> families_;
  Counted counted_;
  Instant began_;
  std::shared_ptr<net::Responder> inner_;
  std::atomic<int> status_ = 500;  // what is sent when nobody answers
  std::atomic<bool> finished_ = false;
};

Metrics::Metrics(core::World& world, Backend& backend)
    : world_(world), backend_(backend), families_(std::make_shared<Families>(world)) {}
Metrics::~Metrics() = default;

void Metrics::measure(Call& call) {
  auto counted = counted_as(call);
  families_->begin(counted);
  call.responder =
      std::make_shared<Measured>(families_, std::move(counted), world_.clock.monotonic(), std::move(call.responder));
}

Metrics::WatchEvents Metrics::watch_events(const schema::Resource& resource) {
  const Labels labels{{"group", resource.group}, {"resource", resource.plural}, {"version", resource.version}};
  return {families_->events.with(labels), families_->event_sizes.with(labels)};
}

void Metrics::count_objects(const Catalog& catalog) {
  const auto now = world_.clock.monotonic();
  if (counted_ && now - *counted_ < counted_every) return;
  counted_ = now;
  families_->objects.clear();
  families_->resource_objects.clear();
  for (const auto& resource : catalog.resources()) {
    if (catalog.stored(resource->group, resource->kind) != resource || !is_stored(*resource)) continue;
    const auto count = backend_.count(kind_of(*resource), {});
    const auto number = count ? static_cast<double>(*count) : -1.0;
    families_->objects.set({{"resource", qualified(*resource)}}, number);
    families_->resource_objects.set({{"group", resource->group}, {"resource", resource->plural}}, number);
  }
}

std::string Metrics::render(const Catalog& catalog) {
  count_objects(catalog);
  std::string out;
  auto& f = *families_;
  for (const auto* family : {&f.requests, &f.seconds, &f.in_flight, &f.long_running, &f.events, &f.event_sizes,
                             &f.objects, &f.resource_objects})
    family->render(out);
  Family build("kubernetes_build_info", "The release of Kubernetes whose API this is.", Type::gauge);
  build.set({{"git_version", discovery::git_version()},
             {"major", std::to_string(discovery::kubernetes_major)},
             {"minor", std::to_string(discovery::kubernetes_minor)}},
            1);
  build.render(out);
  return out + core::metrics::render_process(world_.files);
}

}  // namespace slipway::objects::api

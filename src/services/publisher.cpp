#include "services/publisher.hpp"

#include "core/log.hpp"
#include "objects/endpoints.hpp"
#include "objects/kinds.hpp"

namespace slipway::services {
namespace {

namespace kinds = objects::kinds;

constexpr Duration first_look = std::chrono::seconds(1);  // at what the proxy makes of new rules
constexpr Duration look_period = std::chrono::seconds(10);
constexpr Duration retry_period = std::chrono::seconds(1);

// Whom a rule is about, by its name (compile.cpp).
std::pair<const objects::Kind*, objects::Name> subject_of(const std::string& rule) {
  constexpr std::string_view pod = "Pod ";
  const bool is_pod = rule.starts_with(pod);
  std::string text = is_pod ? rule.substr(pod.size()) : rule;
  text = text.substr(0, text.find_first_of(is_pod ? "," : ":"));
  const auto slash = text.find('/');
  if (slash == std::string::npos) return {nullptr, {}};
  return {is_pod ? &kinds::pod : &kinds::service, {text.substr(0, slash), text.substr(slash + 1)}};
}

}  // namespace

struct Publisher::State : std::enable_shared_from_this<State> {
  core::World& world;
  objects::Store& store;
  PublisherOptions options;
  Cluster cluster;
  objects::EventRecorder events;
  std::vector<std::unique_ptr<objects::Watch>> watches;
  std::string written;
  bool planned = false;
  std::string failing;  // why they could not be written last
  bool needs_proxy = false;
  std::set<std::string> told;  // problems
  core::TimerId look_timer = 0;

  State(core::World& w, objects::Store& s, PublisherOptions o)
      : world(w), store(s), options(std::move(o)), events(w, s, "service-proxy") {}

  Result<> follow(const objects::Kind& kind) {
    TRY_ASSIGN(const auto list, store.list(kind));
    for (const objects::Object& object : list.items) cluster.put(object);
    TRY_ASSIGN(auto watch,
               store.watch(kind, list.resource_version, [this](const objects::WatchEvent& event) { on_event(event); }));
    watches.push_back(std::move(watch));
    return {};
  }

  void on_event(const objects::WatchEvent& event) {
    if (event.type == objects::EventType::bookmark) return;
    const bool gone = event.type == objects::EventType::deleted;
    if (gone ? cluster.remove(event.object) : cluster.put(event.object)) plan();
  }

  void plan() { plan(options.coalesce); }

  void plan(Duration delay) {
    if (std::exchange(planned, true)) return;
    world.loop.after(delay, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->planned = false;
      auto published = self->publish();
      const std::string why = published ? "" : published.error().one_line();
      if (std::exchange(self->failing, why) != why && !why.empty())
        log::error("services", "cannot leave rules for the proxy", {{"why", why}});
      if (!published) self->plan(retry_period);
    });
  }

  Result<> publish() {
    const Rules rules = cluster.compile(options.node_addresses());
    if (!needs_proxy && need_proxy(rules)) {
      needs_proxy = true;
      if (options.on_needed) options.on_needed();
    }
    const std::string text = render(rules);
    if (text == written) return {};
    TRY(world.files.write_derived(options.file, text, 0600));
    written = text;
    plan_look(first_look);
    return {};
  }

  void plan_look(Duration delay) {
    world.loop.cancel(look_timer);
    look_timer = world.loop.after(delay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look();
    });
  }

  void look() {
    plan_look(look_period);
    plan();  // the machine may have other addresses now
    if (!needs_proxy) return;
    core::HttpRequest request;
    request.url = options.proxy_url + "/problems";
    world.http.send(std::move(request), [weak = weak_from_this()](const Result<core::HttpResponse>& answer) {
      const auto self = weak.lock();
      if (!self || !answer || answer->status != 200) return;
      if (const auto problems = doc::parse_json(answer->body, "problems"); problems && problems->is_array())
        self->tell(problems->as_array());
    });
  }

  void tell(const doc::Array& problems) {
    std::set<std::string> now;
    for (const doc::Value& problem : problems) {
      const std::string key = doc::render_json(problem);
      now.insert(key);
      if (told.contains(key)) continue;
      const auto [kind, name] = subject_of(problem["rule"].string_or(""));
      if (kind == nullptr) continue;
      if (const auto object = store.find(*kind, name); object && *object)
        events.warn(**object, "PortNotServed", problem["why"].string_or(""));
    }
    told = std::move(now);
  }
};

Publisher::Publisher(core::World& world, objects::Store& store, PublisherOptions options)
    : state_(std::make_shared<State>(world, store, std::move(options))) {}

Publisher::~Publisher() {
  state_->watches.clear();
  state_->world.loop.cancel(state_->look_timer);
}

Result<> Publisher::start() {
  State& s = *state_;
  TRY(s.world.files.make_directories(s.options.file.substr(0, s.options.file.rfind('/'))));
  for (const objects::Kind& kind : {kinds::service, kinds::endpoint_slice, objects::endpoints_kind, kinds::pod})
    TRY(s.follow(kind));
  return s.publish();
}

}  // namespace slipway::services

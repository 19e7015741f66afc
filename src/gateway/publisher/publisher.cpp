#include "gateway/publisher/publisher.hpp"

#include <set>

#include "core/log.hpp"
#include "core/number.hpp"
#include "gateway/publisher/rule_book.hpp"
#include "objects/kinds.hpp"

namespace slipway::gateway::publisher {
namespace kinds = objects::kinds;

struct Publisher::State : std::enable_shared_from_this<State> {
  core::World& world;
  objects::Store& store;
  Options options;
  RuleBook book;
  traffic::Inputs inputs;
  std::vector<std::unique_ptr<objects::Watch>> watches;
  std::shared_ptr<const traffic::Snapshot> current;
  std::string text;  // current as JSON
  Report report;
  std::vector<std::string> reported;  // what `report` said, to tell whether it changed
  std::vector<std::function<void(std::shared_ptr<const traffic::Snapshot>)>> followers;
  bool planned = false;

  struct Waiting {
    std::shared_ptr<net::Responder> responder;
    core::TimerId timer = 0;
  };
  std::map<std::uint64_t, Waiting> waiting;
  std::uint64_t next_waiting = 1;

  State(core::World& w, objects::Store& s, Options o)
      : world(w), store(s), options(std::move(o)), book(w.files, options.kept_rules) {}

  traffic::ObjectsByName* plain(const std::string& kind) {
    if (kind == kinds::service.kind) return &inputs.services;
    if (kind == kinds::endpoint_slice.kind) return &inputs.endpoint_slices;
    if (kind == kinds::pod.kind) return &inputs.pods;
    return nullptr;
  }

  void on_event(const objects::WatchEvent& event) {
    if (event.type == objects::EventType::bookmark) return;
    const bool gone = event.type == objects::EventType::deleted;
    if (auto* map = plain(event.object.kind())) {
      if (gone)
        map->erase(event.object.name());
      else
        map->insert_or_assign(event.object.name(), event.object);
    } else {
      const bool was_bad = book.problems().contains(event.object.text());
      if (gone)
        book.remove(event.object, inputs);
      else
        book.put(event.object, inputs);
      tell(event.object.text(), was_bad, gone);
    }
    plan();
  }

  void tell(const std::string& object, bool was_bad, bool gone) {
    const auto problem = book.problems().find(object);
    const bool is_bad = problem != book.problems().end();
    if (is_bad) {
      log::warn("gateway", "rule refused; its last good version stays in force",
                {{"object", object}, {"why", problem->second.one_line()}});
    }
    if (!options.events || gone || (!is_bad && !was_bad)) return;
    core::Event event;
    event.actor = "slipway/gateway-publisher";
    event.action = is_bad ? "rejected" : "accepted";
    event.object = object;
    event.detail = is_bad ? problem->second.one_line() : "the rule is in force again";
    options.events->record(std::move(event));
  }

  void plan() {
    if (std::exchange(planned, true)) return;
    world.loop.after(options.coalesce, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->publish();
    });
  }

  void publish() {
    planned = false;
    traffic::Compiled compiled = traffic::compile(inputs);
    make_report(std::move(compiled.warnings));
    if (auto saved = book.save(); !saved)
      log::warn("gateway", "cannot keep the rules", {{"why", saved.error().one_line()}});
    // The same rules and endpoints are no news.
    traffic::Snapshot& next = compiled.snapshot;
    next.version = current ? current->version : 0;
    if (current && core::doc::render_json(to_json(next)) == text) return;
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(world.clock.now().time_since_epoch()).count();
    next.version = std::max(static_cast<std::uint64_t>(std::max<std::int64_t>(now, 1)), next.version + 1);
    text = core::doc::render_json(to_json(next));
    current = std::make_shared<const traffic::Snapshot>(std::move(next));
    for (const auto& follower : followers) follower(current);
    const auto answered = std::exchange(waiting, {});
    for (const auto& [id, w] : answered) {
      world.loop.cancel(w.timer);
      send(*w.responder);
    }
  }

  void make_report(std::vector<Error> warnings) {
    Report next;
    for (const auto& [object, problem] : book.problems()) next.problems.push_back(problem);
    next.warnings = std::move(warnings);
    std::vector<std::string> said;
    for (const Error& e : next.problems) said.push_back("problem " + e.object + " " + e.one_line());
    for (const Error& e : next.warnings) said.push_back("warning " + e.object + " " + e.one_line());
    report = std::move(next);
    if (said == reported) return;
    reported = std::move(said);
    if (options.on_report) options.on_report(report);
  }

  void send(net::Responder& responder) const {
    net::Response response;
    response.status = 200;
    response.headers = {{"content-type", "application/json"}};
    response.body = text;
    responder.send(std::move(response));
  }

  void serve(const net::Request& request, std::shared_ptr<net::Responder> responder) {
    const std::string_view given = request.parameter("after");
    const auto after = given.empty() ? std::uint64_t{0} : core::parse_number<std::uint64_t>(given);
    if (!after)
      return responder->send(net::error_response(Error(Code::invalid_argument, "after must be a version number")));
    if (current && current->version != *after) return send(*responder);
    const std::uint64_t id = next_waiting++;
    Waiting& w = waiting[id];
    w.responder = std::move(responder);
    w.timer = world.loop.after(options.long_poll, [weak = weak_from_this(), id] {
      auto self = weak.lock();
      if (!self) return;
      auto found = self->waiting.extract(id);
      if (!found) return;
      net::Response nothing;
      nothing.status = 204;
      found.mapped().responder->send(std::move(nothing));
    });
  }
};

Publisher::Publisher(core::World& world, objects::Store& store, Options options)
    : state_(std::make_shared<State>(world, store, std::move(options))) {}
Publisher::~Publisher() {
  for (const auto& [id, w] : state_->waiting) state_->world.loop.cancel(w.timer);
  state_->watches.clear();
}

Result<> Publisher::start() {
  State& s = *state_;
  if (auto loaded = s.book.load(); !loaded) {
    log::warn("gateway", "the kept rules are unusable", {{"why", loaded.error().one_line()}});
  }
  std::set<std::string> rules;
  for (const objects::Kind& kind : {kinds::gateway, kinds::virtual_service, kinds::destination_rule}) {
    TRY_ASSIGN(const auto list, s.store.list(kind));
    for (const objects::Object& rule : list.items) rules.insert(rule.text());
  }
  s.book.keep_only(rules);
  for (const objects::Kind& kind : {kinds::service, kinds::endpoint_slice, kinds::pod, kinds::gateway,
                                    kinds::virtual_service, kinds::destination_rule}) {
    TRY_ASSIGN(auto watch, s.store.watch(kind, "", [&s](const objects::WatchEvent& event) { s.on_event(event); }));
    s.watches.push_back(std::move(watch));
  }
  s.plan();
  return {};
}

std::shared_ptr<const traffic::Snapshot> Publisher::current() const { return state_->current; }
const Report& Publisher::report() const { return state_->report; }

void Publisher::follow(std::function<void(std::shared_ptr<const traffic::Snapshot>)> on_snapshot) {
  if (state_->current) on_snapshot(state_->current);
  state_->followers.push_back(std::move(on_snapshot));
}

void Publisher::serve_snapshot(net::Request request, std::shared_ptr<net::Responder> responder) {
  state_->serve(request, std::move(responder));
}

void Publisher::add_routes(net::Router& router) {
  std::weak_ptr<State> weak = state_;
  core::Loop& loop = state_->world.loop;
  router.add("GET", "/api/slipway/v1/gateway/snapshot",
             [weak, &loop](net::Request request, std::shared_ptr<net::Responder> responder) {
               loop.post([weak, request = std::move(request), responder = std::move(responder)]() mutable {
                 if (auto self = weak.lock()) self->serve(request, std::move(responder));
               });
             });
}

}  // namespace slipway::gateway::publisher

#include "server/live.hpp"

#include <charconv>

#include "server/overview.hpp"

namespace slipway::server {
namespace {

constexpr auto period = std::chrono::milliseconds(250);
constexpr auto keep_alive = std::chrono::seconds(15);

// The state without the time it was rendered at: what decides whether anything changed.
std::string fingerprint(doc::Value overview) {
  overview.as_object().erase("time");
  return doc::render_json(overview);
}

}  // namespace

LiveStream::LiveStream(core::World& world, team::AuditLog& audit, std::function<doc::Value()> overview)
    : world_(world), audit_(audit), overview_(std::move(overview)) {
  subscription_ = audit_.subscribe([this](const core::Event& event) { send_timeline(event); });
}

void LiveStream::add_routes(net::Router& router) {
  router.add("GET", "/api/slipway/v1/overview",
             [this](const net::Request&, const std::shared_ptr<net::Responder>& responder) {
               responder->send(net::Response::json(200, overview_()));
             });
  router.add("GET", "/api/slipway/v1/events",
             [this](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
               connect(request, responder);
             });
}

void LiveStream::connect(const net::Request& request, std::shared_ptr<net::Responder> responder) {
  responder->begin(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}});
  const std::string_view resume = request.header("last-event-id");
  std::uint64_t after = 0;
  if (std::from_chars(resume.data(), resume.data() + resume.size(), after).ec == std::errc() && after > 0) {
    if (auto missed = audit_.list(after, 1000)) {
      for (const core::Event& event : *missed) {
        responder->write(
            net::server_sent_event("timeline", doc::render_json(render_event(event)), std::to_string(event.sequence)));
      }
    }
  }
  responder->write(net::server_sent_event("overview", doc::render_json(overview_())));
  clients_.push_back(std::move(responder));
  if (!ticking_) {
    ticking_ = true;
    world_.loop.after(period, [this] { tick(); });
  }
}

void LiveStream::tick() {
  clients_.remove_if([](const auto& client) { return !client->is_open(); });
  if (clients_.empty()) {
    ticking_ = false;
    return;
  }
  doc::Value overview = overview_();
  std::string text = doc::render_json(overview);
  std::string state = fingerprint(std::move(overview));
  const Instant now = world_.clock.monotonic();
  std::string message;
  if (state != last_) {
    message = net::server_sent_event("overview", text);
  } else if (now - last_sent_ > keep_alive) {
    message = ":\n\n";
  }
  if (!message.empty()) {
    last_ = std::move(state);
    last_sent_ = now;
    clients_.remove_if([&](const auto& client) { return !client->write(message); });
  }
  world_.loop.after(period, [this] { tick(); });
}

void LiveStream::send_timeline(const core::Event& event) {
  if (clients_.empty()) return;
  const std::string message =
      net::server_sent_event("timeline", doc::render_json(render_event(event)), std::to_string(event.sequence));
  clients_.remove_if([&](const auto& client) { return !client->write(message); });
}

}  // namespace slipway::server

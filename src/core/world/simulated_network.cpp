#include "core/world/simulated_network.hpp"

#include "core/number.hpp"

namespace slipway::core {
namespace {

struct Address {
  std::string host;
  int port = 80;
};

std::string canonical_host(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host == "::1" ? "127.0.0.1" : std::string(host);
}

// Of "http://host:port/path".
Result<Address> address_of(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return fail(Code::invalid_argument, "\"" + url + "\" is not an http:// URL");
  const std::string_view rest = std::string_view(url).substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t colon = authority.rfind(':');
  Address address;
  if (colon != std::string_view::npos && authority.back() != ']') {
    const auto port = parse_number<int>(authority.substr(colon + 1));
    if (!port) return fail(Code::invalid_argument, "\"" + url + "\" has no valid port");
    address.port = *port;
    address.host = canonical_host(authority.substr(0, colon));
  } else {
    address.host = canonical_host(authority);
  }
  return address;
}

}  // namespace

// What a handler answers with. Dropped unused, the sender sees a closed connection, as when a server dies.
class SimulatedNetwork::Answer {
 public:
  Answer(std::weak_ptr<SimulatedNetwork*> network, std::uint64_t id) : network_(std::move(network)), id_(id) {}
  Answer(Answer&& other) noexcept : network_(std::move(other.network_)), id_(std::exchange(other.id_, 0)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() { give(fail(Code::unavailable, "the connection was closed before an answer")); }

  void operator()(Result<HttpResponse> result) { give(std::move(result)); }

 private:
  void give(Result<HttpResponse> result) {
    const auto network = network_.lock();
    const std::uint64_t id = std::exchange(id_, 0);
    if (network && id != 0) (*network)->answer(id, std::move(result));
  }

  std::weak_ptr<SimulatedNetwork*> network_;
  std::uint64_t id_;  // 0 when answered
};

SimulatedNetwork::~SimulatedNetwork() {
  self_.reset();
  const auto servers = std::move(servers_);
  const auto exchanges = std::move(exchanges_);
}

void SimulatedNetwork::send(HttpRequest request, Done done) {
  const std::uint64_t id = next_exchange_++;
  std::string where = request.method + " " + request.url;
  const TimerId deadline = queue_.plan_for(surroundings, request.timeout, [this, id, where] {
    deliver(id, fail(Code::deadline_exceeded, where + ": no answer in time"));
  });
  exchanges_.emplace(id, Exchange{queue_.current_owner(), where, request.max_response, deadline, std::move(done)});
  const Duration delay = latency();
  if (luck_.chance(faults_.request_lost)) return;
  queue_.plan_for(surroundings, delay,
                  [this, id, late = std::move(request)]() mutable { arrive(id, std::move(late)); });
}

void SimulatedNetwork::arrive(std::uint64_t id, HttpRequest request) {
  const auto address = address_of(request.url);
  if (!address) return deliver(id, fail(address.error()));
  const Server* server = find(address->host, address->port);
  if (server == nullptr) {
    return answer(id, fail(Code::unavailable, "cannot connect to " + address->host + ":" +
                                                  std::to_string(address->port) + ": connection refused"));
  }
  const auto handler = server->handler;  // it may stop serving meanwhile
  queue_.as(server->owner, [&] { (*handler)(std::move(request), Answer(self_, id)); });
}

void SimulatedNetwork::answer(std::uint64_t id, Result<HttpResponse> result) {
  const Duration delay = latency();
  if (luck_.chance(faults_.response_lost)) return;
  queue_.plan_for(surroundings, delay,
                  [this, id, late = std::move(result)]() mutable { deliver(id, std::move(late)); });
}

void SimulatedNetwork::deliver(std::uint64_t id, Result<HttpResponse> result) {
  auto exchange = exchanges_.extract(id);
  if (!exchange) return;
  queue_.cancel(exchange.mapped().deadline);
  if (result && result->body.size() > exchange.mapped().max_response) {
    result = fail(Code::resource_exhausted, exchange.mapped().where + ": the answer is too large");
  }
  queue_.as(exchange.mapped().sender, [&] { exchange.mapped().done(std::move(result)); });
}

const SimulatedNetwork::Server* SimulatedNetwork::find(const std::string& host, int port) const {
  auto found = servers_.find({host, port});
  if (found == servers_.end()) found = servers_.find({"0.0.0.0", port});
  return found == servers_.end() ? nullptr : &found->second;
}

Result<> SimulatedNetwork::listen(Owner owner, const std::string& host, int port, Handler handler) {
  const std::string name = canonical_host(host);
  if (find(name, port) != nullptr) {
    return fail(Code::already_exists, "cannot listen on " + host + ":" + std::to_string(port) + ": address in use");
  }
  servers_.emplace(std::pair(name, port), Server{owner, std::make_shared<Handler>(std::move(handler))});
  return {};
}

void SimulatedNetwork::close(const std::string& host, int port) { servers_.erase({canonical_host(host), port}); }

void SimulatedNetwork::close_all_of(Owner owner) {
  std::erase_if(servers_, [owner](const auto& server) { return server.second.owner == owner; });
}

void SimulatedNetwork::forget_requests_of(Owner owner) {
  std::vector<Exchange> forgotten;  // destroyed last: destructors may send
  for (auto it = exchanges_.begin(); it != exchanges_.end();) {
    if (it->second.sender != owner) {
      ++it;
      continue;
    }
    queue_.cancel(it->second.deadline);
    forgotten.push_back(std::move(it->second));
    it = exchanges_.erase(it);
  }
}

}  // namespace slipway::core

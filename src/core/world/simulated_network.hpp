#pragma once
// SimulatedNetwork: who serves which host:port, and what happens to a message on its way. Inside the simulated world
// only.

#include <map>
#include <memory>

#include "core/world/simulated.hpp"
#include "core/world/simulated_queue.hpp"

namespace slipway::core {

class SimulatedNetwork final : public HttpClient {
 public:
  using Handler = SimulatedProcess::Handler;
  using Done = std::move_only_function<void(Result<HttpResponse>)>;

  SimulatedNetwork(SimulatedQueue& queue, const Faults& faults, SeededRandom& luck)
      : queue_(queue), faults_(faults), luck_(luck) {}
  ~SimulatedNetwork() override;

  // `done` runs on behalf of who sends.
  void send(HttpRequest request, Done done) override;

  Result<> listen(Owner owner, const std::string& host, int port, Handler handler);
  void close(const std::string& host, int port);
  void close_all_of(Owner owner);
  // Its requests in flight still arrive; nobody waits for the answers.
  void forget_requests_of(Owner owner);

 private:
  struct Server {
    Owner owner;
    std::shared_ptr<Handler> handler;
  };
  struct Exchange {
    Owner sender;
    std::string where;  // "GET http://...", for messages
    std::size_t max_response;
    TimerId deadline;
    Done done;
  };
  class Answer;

  void arrive(std::uint64_t id, HttpRequest request);
  void answer(std::uint64_t id, Result<HttpResponse> result);   // sets out on the way back
  void deliver(std::uint64_t id, Result<HttpResponse> result);  // reaches the sender
  Duration latency() { return luck_.between(faults_.latency_min, faults_.latency_max); }
  const Server* find(const std::string& host, int port) const;

  SimulatedQueue& queue_;
  const Faults& faults_;
  SeededRandom& luck_;
  std::map<std::pair<std::string, int>, Server> servers_;
  std::map<std::uint64_t, Exchange> exchanges_;
  std::uint64_t next_exchange_ = 1;
  std::shared_ptr<SimulatedNetwork*> self_ = std::make_shared<SimulatedNetwork*>(this);  // null once destroyed
};

}  // namespace slipway::core

#include "services/proxy/switchboard.hpp"

#include <doctest/doctest.h>

#include <array>
#include <future>
#include <list>
#include <thread>

#include "services/proxy/test_sockets.hpp"

using namespace slipway;
using namespace slipway::services;
using namespace slipway::services::proxy;
using namespace slipway::services::proxy::test;

namespace {

// A switchboard on a thread of its own; what is asked of it is done when the call returns.
class Running {
 public:
  Running() {
    REQUIRE(poller_.open());
    thread_ = std::thread([this] { poller_.run(); });
  }
  ~Running() {
    ask([](Switchboard& board) { board.close(); });
    poller_.stop();
    thread_.join();
  }
  void ask(const std::function<void(Switchboard&)>& question) {
    std::promise<void> done;
    poller_.post([&] {
      question(board_);
      done.set_value();
    });
    done.get_future().get();
  }
  void follow(const Rules& rules) {
    ask([&](Switchboard& board) { board.follow(rules); });
  }

 private:
  Poller poller_;
  Switchboard board_{poller_};
  std::thread thread_;
};

Rule rule(const std::vector<Address>& listen, const std::vector<Address>& endpoints,
          Protocol protocol = Protocol::tcp) {
  return {"shop/web", protocol, listen, endpoints, 0};
}

// Sends back what it gets, until the test is over.
class Echo {
 public:
  Echo() : thread_([this] { accept(); }) {}
  ~Echo() {
    ::shutdown(server_.socket.get(), SHUT_RDWR);
    thread_.join();
    for (auto& thread : answering_) thread.join();
  }
  const Address& at() const { return server_.at; }

 private:
  void accept() {
    while (true) {
      core::Descriptor client(::accept4(server_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client && (errno == EAGAIN || errno == EINTR)) continue;
      if (!client) return;
      answering_.emplace_back([socket = std::move(client)] { answer(socket); });
    }
  }
  static void answer(const core::Descriptor& socket) {
    std::array<char, 20'000> bytes{};
    while (true) {
      const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) return;
      std::string_view left(bytes.data(), static_cast<std::size_t>(got));
      while (!left.empty()) {
        const ssize_t sent = ::send(socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
  }

  Server server_;
  std::list<std::thread> answering_;
  std::thread thread_;
};

// One client's conversations, each ended in another way. How many were whole; -1: an answer was wrong.
int converse(const Address& at, std::uint64_t seed, int times) {
  int whole = 0;
  for (int i = 0; i < times; ++i) {
    const std::uint64_t draw = (seed * 1'000 + static_cast<std::uint64_t>(i)) * 0x9E3779B97F4A7C15ULL >> 33;
    core::Descriptor socket = open_blocking(SOCK_STREAM);
    if (try_connect(socket, at) != 0) continue;
    const std::string text(draw % 300'000, static_cast<char>('a' + i % 26));
    std::thread writer([&socket, &text] {
      ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
      ::shutdown(socket.get(), SHUT_WR);
    });
    std::string got(draw % 3 == 0 ? text.size() / 2 : text.size(), '\0');  // some leave before the end
    std::size_t have = 0;
    while (have < got.size()) {
      const ssize_t count = ::recv(socket.get(), got.data() + have, got.size() - have, 0);
      if (count <= 0) break;
      have += static_cast<std::size_t>(count);
    }
    if (draw % 3 == 0) ::shutdown(socket.get(), SHUT_RDWR);
    writer.join();
    if (draw % 2 == 0) reset(socket);
    if (got.substr(0, have) != text.substr(0, have)) return -1;
    if (have == text.size()) ++whole;
  }
  return whole;
}

// One endpoint behind one address.
struct Served {
  Running proxy;
  const Server server;
  const Address at = free_address();
  Served() { proxy.follow({rule({at}, {server.at})}); }
};

}  // namespace

TEST_CASE("bytes go both ways, and connections round") {
  Running proxy;
  const Server a, b;
  const Address at = free_address();
  proxy.follow({rule({at}, {a.at, b.at})});
  for (const Server* server : {&a, &b, &a}) {
    const auto client = connected(at);
    const auto endpoint = server->accept();
    say(client, "question");
    CHECK(hear(endpoint, 8) == "question");
    say(endpoint, "answer");
    CHECK(hear(client, 6) == "answer");
  }
}

TEST_CASE_FIXTURE(Served, "an endpoint may speak first") {
  for (int i = 0; i < 200; ++i) {
    const auto client = connected(at);
    say(server.accept(), "hello");  // and leaves
    CHECK(hear(client, 100) == "hello");
  }
}

TEST_CASE_FIXTURE(Served, "each side may end alone, and the other is told") {
  auto client = connected(at);
  auto endpoint = server.accept();
  say(client, "all of it");
  ::shutdown(client.get(), SHUT_WR);
  CHECK(hear(endpoint, 100) == "all of it");
  say(endpoint, "the answer, after the end of the question");
  endpoint.close();
  CHECK(hear(client, 100) == "the answer, after the end of the question");
}

TEST_CASE_FIXTURE(Served, "a connection that an endpoint breaks is broken for the client") {
  const auto client = connected(at);
  auto endpoint = server.accept();
  say(client, "x");
  CHECK(hear(endpoint, 1) == "x");
  reset(endpoint);
  CHECK(hear_end(client) == ECONNRESET);
}

TEST_CASE_FIXTURE(Served, "who goes on after the other has gone is told by a reset, which side it may be") {
  auto client = connected(at);
  auto endpoint = server.accept();
  const auto is_told = [](const core::Descriptor& socket) {  // who goes on sending, within some seconds
    const std::string text(1000, 'x');
    for (int i = 0; i < 5000; ++i) {
      if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
        return errno == EPIPE || errno == ECONNRESET;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  SUBCASE("an endless answer") {
    client.close();
    CHECK(is_told(endpoint));
  }
  SUBCASE("a client that only writes") {
    endpoint.close();
    CHECK(is_told(client));
  }
  std::size_t left = 1;
  for (int i = 0; i < 1000 && left > 0; ++i) {
    proxy.ask([&](Switchboard& board) { left = board.traffic().flows.size(); });
    if (left > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(left == 0);
}

TEST_CASE("an endpoint that does not listen is passed over before the client sees it") {
  Running proxy;
  const Server server;
  const Address at = free_address();
  proxy.follow({rule({at}, {free_address(), server.at, free_address()})});
  for (int i = 0; i < 4; ++i) {
    const auto client = connected(at);
    const auto endpoint = server.accept();
    say(client, "x");
    CHECK(hear(endpoint, 1) == "x");
  }
}

TEST_CASE("where nobody answers the connection is refused, or broken at once") {
  Running proxy;
  const Address at = free_address();
  proxy.follow({rule({at}, {})});
  CHECK(try_connect(open_blocking(SOCK_STREAM), at) == ECONNREFUSED);
  proxy.follow({rule({at}, {free_address()})});  // it says that it is ready, and is not
  const auto client = connected(at);
  CHECK(hear_end(client) == ECONNRESET);
}

TEST_CASE("connections outlive their endpoint's place in the rules, and the rule") {
  Running proxy;
  const Server a, b;
  const Address at = free_address();
  proxy.follow({rule({at}, {a.at})});
  const auto client = connected(at);
  const auto endpoint = a.accept();
  proxy.follow({rule({at}, {b.at})});
  const auto next = connected(at);
  const auto next_endpoint = b.accept();
  proxy.follow({});
  CHECK(try_connect(open_blocking(SOCK_STREAM), at) == ECONNREFUSED);
  say(client, "still");
  CHECK(hear(endpoint, 5) == "still");
  say(next_endpoint, "there");
  CHECK(hear(next, 5) == "there");
}

TEST_CASE_FIXTURE(Served, "who does not read is waited for, and nothing is lost") {
  const auto client = connected(at);
  const auto endpoint = server.accept();
  std::string sent(32 * 1024 * 1024, '\0');  // more than the kernel and the proxy hold
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 65536);
  std::thread writer([&] {
    std::string_view left = sent;
    while (!left.empty()) {
      const ssize_t count = ::send(client.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    ::shutdown(client.get(), SHUT_WR);
  });
  const std::string got = hear(endpoint, sent.size() + 1);
  writer.join();
  CHECK((got == sent));
}

TEST_CASE_FIXTURE(Served, "who comes waits while connections have taken the descriptors that are for them") {
  proxy.ask([](Switchboard& board) { board.limit_descriptors(4); });  // two connections
  std::vector<core::Descriptor> clients, endpoints;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connected(at));  // by the kernel
    say(clients.back(), "hello");
    if (i < 2) endpoints.push_back(server.accept());
  }
  std::size_t now = 0;
  proxy.ask([&](Switchboard& board) { now = board.traffic().flows.size(); });
  CHECK(now == 2);
  clients.erase(clients.begin());
  endpoints.erase(endpoints.begin());
  CHECK(hear(server.accept(), 5) == "hello");
}

TEST_CASE("a place that is taken is told, and served once it is free") {
  Running proxy;
  const Server server;
  std::optional<Server> squatter(std::in_place);
  const Address at = squatter->at;
  proxy.follow({rule({at}, {server.at})});
  proxy.ask([&](Switchboard& board) {
    REQUIRE(board.problems().size() == 1);
    CHECK(board.problems().begin()->second.rule == "shop/web");
    CHECK(board.problems().begin()->second.why.find(at.text()) != std::string::npos);
  });
  squatter.reset();
  proxy.follow({rule({at}, {server.at})});
  proxy.ask([](Switchboard& board) { CHECK(board.problems().empty()); });
  const auto client = connected(at);
  const auto endpoint = server.accept();
}

TEST_CASE("datagrams find the endpoint, answers find back, and a removed endpoint gets no more") {
  Running proxy;
  const Address at = free_address(), one = free_address(), two = free_address();
  const auto a = open_blocking(SOCK_DGRAM), b = open_blocking(SOCK_DGRAM), client = open_blocking(SOCK_DGRAM);
  for (const auto& [socket, address] : {std::pair(&a, one), std::pair(&b, two)}) {
    const SocketAddress name = socket_address(address);
    REQUIRE(::bind(socket->get(), name.get(), name.size) == 0);
  }
  proxy.follow({rule({at}, {one}, Protocol::udp)});
  REQUIRE(try_connect(client, at) == 0);
  const auto exchange = [&](const core::Descriptor& server, std::string_view question, std::string_view answer) {
    say(client, question);
    std::string text(100, '\0');
    SocketAddress from;
    const ssize_t got = ::recvfrom(server.get(), text.data(), text.size(), 0, from.get(), &from.size);
    REQUIRE(got == static_cast<ssize_t>(question.size()));
    CHECK(text.substr(0, question.size()) == question);
    REQUIRE(::sendto(server.get(), answer.data(), answer.size(), 0, from.get(), from.size) > 0);
    const ssize_t back = ::recv(client.get(), text.data(), text.size(), 0);
    CHECK(text.substr(0, static_cast<std::size_t>(std::max<ssize_t>(back, 0))) == answer);
  };
  exchange(a, "first", "one");
  exchange(a, "second", "two");
  proxy.ask([](Switchboard& board) { CHECK(board.traffic().exchanges == 1); });
  proxy.follow({rule({at}, {two}, Protocol::udp)});
  exchange(b, "third", "three");
}

TEST_CASE_FIXTURE(Served, "a client's end in the middle of nothing leaves nothing behind") {
  for (int i = 0; i < 50; ++i) {
    auto client = connected(at);
    auto endpoint = server.accept();
    client.close();
    CHECK(hear_end(endpoint) == 0);
    endpoint.close();
  }
  const auto last = connected(at);  // what came before was seen by now, or is seen with it
  const auto endpoint = server.accept();
  say(endpoint, "x");
  CHECK(hear(last, 1) == "x");
  proxy.ask([](Switchboard& board) { CHECK(board.traffic().connections == 51); });
}

TEST_CASE("whoever comes, leaves and breaks while the rules change: what arrives is right, and nothing is left") {
  constexpr int clients = 6, conversations = 25;
  const Echo a, b;
  const Address at = free_address(), nobody = free_address();
  Running proxy;
  const std::vector<std::vector<Address>> choices{{a.at()}, {b.at(), nobody}, {}, {nobody}, {a.at(), b.at()}};
  std::vector<std::future<int>> talking;
  proxy.follow({rule({at}, choices.back())});
  for (int i = 0; i < clients; ++i)
    talking.push_back(std::async(std::launch::async, converse, at, static_cast<std::uint64_t>(i), conversations));
  for (std::size_t i = 0; i < 200; ++i) proxy.follow({rule({at}, choices[i % choices.size()])});
  proxy.follow({rule({at}, choices.back())});
  for (auto& each : talking) CHECK(each.get() >= 0);
  CHECK(converse(at, 99, conversations) > 0);
}

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "gateway/traffic/balance.hpp"
#include "gateway/traffic/split.hpp"
#include "gateway/traffic/test_rules.hpp"

using namespace slipway;
using namespace slipway::gateway::traffic;

namespace {
struct Draws : core::Random {
  explicit Draws(std::uint64_t seed) : engine(seed) {}
  std::uint64_t next() override { return engine(); }
  std::mt19937_64 engine;
};
constexpr std::uint64_t seed = 20261123;

std::size_t of_user(const std::string& salt, const std::string& user, const std::vector<int>& weights) {
  return *pick_sticky(bucket_of(salt, user), weights);
}
}  // namespace

TEST_CASE("raising the canary's weight only ever adds users, for any number of destinations and any ramp") {
  INFO("seed ", seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::string salt = "prod/chat/" + std::to_string(random());
    const std::size_t count = 2 + random() % 3;
    std::vector<int> weights(count);
    weights[0] = 1000;
    for (std::size_t i = 1; i + 1 < count; ++i) weights[i] = static_cast<int>(random() % 100), weights[0] -= weights[i];
    std::set<std::string> on_canary;
    while (true) {
      std::set<std::string> now;
      for (int user = 0; user < 100; ++user) {
        const std::string name = "user-" + std::to_string(user);
        if (of_user(salt, name, weights) == count - 1) now.insert(name);
      }
      CHECK(std::includes(now.begin(), now.end(), on_canary.begin(), on_canary.end()));
      on_canary = std::move(now);
      if (weights[0] == 0) break;
      const int step = std::min(weights[0], 1 + static_cast<int>(random() % 300));
      weights[0] -= step;  // the stable's loss is the canary's gain
      weights[count - 1] += step;
    }
  }
}

TEST_CASE("lowering the weight again sends exactly the users back that came last") {
  std::set<std::string> at_10, at_50, back_at_10;
  for (int user = 0; user < 2000; ++user) {
    const std::string name = "u" + std::to_string(user);
    if (of_user("s", name, {90, 10}) == 1) at_10.insert(name);
    if (of_user("s", name, {50, 50}) == 1) at_50.insert(name);
    if (of_user("s", name, {90, 10}) == 1) back_at_10.insert(name);
  }
  CHECK(at_10 == back_at_10);
  CHECK(std::includes(at_50.begin(), at_50.end(), at_10.begin(), at_10.end()));
}

TEST_CASE("each destination gets its share of users, whatever they are called") {
  for (const auto& weights : std::vector<std::vector<int>>{{95, 5}, {90, 10}, {1, 1, 2}, {999, 1}}) {
    std::map<std::size_t, int> users;
    constexpr int many = 40000;
    for (int user = 0; user < many; ++user)
      ++users[of_user("prod/chat/primary", "user-" + std::to_string(user), weights)];
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double share = weights[i] / total;
      const double tolerance = 4 * std::sqrt(share * (1 - share) / many);  // four standard deviations
      CHECK(users[i] / double{many} == doctest::Approx(share).epsilon(0).scale(1).epsilon(tolerance));
    }
  }
}

TEST_CASE("another route puts the same users in another order") {
  int same = 0;
  for (int user = 0; user < 10000; ++user) {
    const std::string name = "u" + std::to_string(user);
    same += of_user("a", name, {90, 10}) == 1 && of_user("b", name, {90, 10}) == 1;
  }
  CHECK(same > 50);
  CHECK(same < 150);  // 1 % of them, not 10 %
}

TEST_CASE("zero weights get nobody, and a lone destination gets everybody whatever its weight") {
  for (int i = 0; i < 1000; ++i) CHECK(of_user("s", std::to_string(i), {1, 0}) == 0);
  CHECK(!pick_sticky(0.5, std::vector<int>{0, 0}));
  CHECK(*pick_sticky(0.0, std::vector<int>{50, 50}) == 1);
  CHECK(*pick_sticky(std::nextafter(1.0, 0.0), std::vector<int>{50, 50, 0}) == 0);
  Route route;
  route.rule.destinations.resize(1);
  CHECK(pick_destination(route, {}, 0.99) == 0);
}

TEST_CASE("the hash is what it was: users keep their bucket across versions") {
  CHECK(stable_hash("") == 17280346270528514342ULL);
  CHECK(stable_hash("ada", 7) == 1280464850843322427ULL);
}

TEST_CASE("who asks: the session, then the user header, then the body's user, then nobody") {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"\"user\":\"liar\""}],"user":"ada"})";
  CHECK(session_key({{"X-Session-Id", "s"}, {"x-user", "u"}}, body).text == "s");
  CHECK(session_key({{"X-User", "u"}}, body).text == "u");
  CHECK(session_key({}, body).text == "ada");
  CHECK(session_key({}, "{}").source == SessionKey::Source::none);
}

TEST_CASE("the body's user is found at the top level only, in whole bodies and in beginnings of bodies") {
  CHECK(top_level_string(R"({"a":{"user":"x"},"user":"y"})", "user") == "y");
  CHECK(top_level_string(R"({"a":[1,{"b":"}"},"]"], "b" : tru, "user" : "y\"z"})", "user") == "y\"z");
  CHECK(!top_level_string(R"({"a":{"user":"x"}})", "user"));
  CHECK(!top_level_string(R"({"user":5})", "user"));
  CHECK(!top_level_string(R"({"user":"cut o)", "user"));
  CHECK(!top_level_string(R"(["user","x"])", "user"));
  CHECK(!top_level_string("", "user"));
  for (std::size_t n = 0; n < 40; ++n)
    CHECK_NOTHROW((void)top_level_string(std::string(R"({"k":"\\\"","a":[{}],"user":"y"})").substr(0, n), "user"));
}

TEST_CASE("of two drawn endpoints the less loaded one is taken") {
  const std::vector<std::uint32_t> loads{5, 1, 9};
  for (std::uint64_t a = 0; a < 6; ++a) {
    for (std::uint64_t b = 0; b < 6; ++b) CHECK(pick_least_request(loads, a, b) != 2);  // the fullest never wins a pair
  }
}

TEST_CASE("requests in flight are counted while they last, and spread load") {
  Draws random(seed);
  Balancer balancer;
  Backend backend;
  for (int port = 1; port <= 4; ++port) backend.endpoints.push_back({"", "127.0.0.1", port, "", ""});
  std::vector<Balancer::Lease> leases;
  for (int i = 0; i < 400; ++i) leases.emplace_back(balancer, backend.endpoints[*balancer.pick(backend, {}, random)]);
  for (const Endpoint& e : backend.endpoints) {
    CHECK(balancer.in_flight(e) > 80);
    CHECK(balancer.in_flight(e) < 120);
  }
  leases.clear();
  CHECK(balancer.in_flight(backend.endpoints[0]) == 0);
}

TEST_CASE("round robin takes turns; a retry avoids the endpoint that failed when there is another") {
  Draws random(seed);
  Balancer balancer;
  Backend backend;
  backend.load_balancer.balance = Balance::round_robin;
  for (int port = 1; port <= 3; ++port) backend.endpoints.push_back({"", "127.0.0.1", port, "", ""});
  std::vector<std::size_t> turns;
  for (int i = 0; i < 6; ++i) turns.push_back(*balancer.pick(backend, {}, random));
  CHECK(turns == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});
  for (int i = 0; i < 20; ++i) CHECK(*balancer.pick(backend, {}, random, "127.0.0.1:2") != 1);
  backend.endpoints.resize(1);
  CHECK(*balancer.pick(backend, {}, random, "127.0.0.1:1") == 0);
  backend.endpoints.clear();
  CHECK(!balancer.pick(backend, {}, random));
}

TEST_CASE("a hashed key stays with its endpoint when others come and go") {
  Draws random(seed);
  Balancer balancer;
  Backend all;
  all.load_balancer = {Balance::header_hash, "x-user"};
  for (int port = 1; port <= 5; ++port) all.endpoints.push_back({"", "127.0.0.1", port, "", ""});
  Backend fewer = all;
  fewer.endpoints.erase(fewer.endpoints.begin() + 2);
  std::set<std::string> used;
  for (int i = 0; i < 500; ++i) {
    const core::Headers headers{{"X-User", "u" + std::to_string(i)}};
    const std::string before = all.endpoints[*balancer.pick(all, headers, random)].text();
    const std::string after = fewer.endpoints[*balancer.pick(fewer, headers, random)].text();
    if (before != "127.0.0.1:3") CHECK(before == after);
    used.insert(before);
  }
  CHECK(used.size() == 5);
}

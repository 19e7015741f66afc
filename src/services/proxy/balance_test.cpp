#include "services/proxy/balance.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::services;
using namespace slipway::services::proxy;

namespace {

constexpr Duration three_hours = std::chrono::hours(3);
const Address a{"127.0.0.2", 80}, b{"127.0.0.3", 80}, c{"127.0.0.4", 80};

}  // namespace

TEST_CASE("connections go round") {
  Balance balance;
  balance.set({a, b, c}, {});
  std::vector<Address> got;
  for (int i = 0; i < 6; ++i) got.push_back(balance.pick("10.0.0.1", Instant{}, {}).value());
  CHECK(got == std::vector{a, b, c, a, b, c});
}

TEST_CASE("what was tried is passed over until nothing is left") {
  Balance balance;
  balance.set({a, b}, {});
  CHECK(balance.pick("10.0.0.1", Instant{}, {a}) == b);
  CHECK(balance.pick("10.0.0.1", Instant{}, {a, b}) == std::nullopt);
  balance.set({}, {});
  CHECK(balance.pick("10.0.0.1", Instant{}, {}) == std::nullopt);
}

TEST_CASE("with affinity a client keeps its endpoint until it was away for too long") {
  Balance balance;
  balance.set({a, b, c}, three_hours);
  Instant now{};
  const auto first = balance.pick("10.0.0.1", now, {});
  for (int i = 0; i < 4; ++i) {
    now += std::chrono::hours(2);  // each connection begins the time anew
    CHECK(balance.pick("10.0.0.1", now, {}) == first);
    CHECK(balance.pick("10.0.0." + std::to_string(10 + i), now, {}).has_value());
  }
  now += three_hours + std::chrono::seconds(1);
  CHECK(balance.pick("10.0.0.1", now, {}) != first);
}

TEST_CASE("a client whose endpoint went, or does not answer, gets another and keeps that") {
  Balance balance;
  balance.set({a, b, c}, three_hours);
  const Instant now{};
  CHECK(balance.pick("10.0.0.1", now, {}) == a);
  balance.set({b, c}, three_hours);
  const auto second = balance.pick("10.0.0.1", now, {});
  CHECK(balance.pick("10.0.0.1", now, {}) == second);
  const auto third = balance.pick("10.0.0.1", now, {*second});
  CHECK(third != second);
  CHECK(balance.pick("10.0.0.1", now, {}) == third);
}

TEST_CASE("the clients that are remembered are so many and no more") {
  Balance balance;
  balance.set({a, b}, three_hours);
  CHECK(balance.pick("first", Instant{}, {}) == a);
  for (std::size_t i = 0; i < Balance::most_remembered; ++i) {
    CHECK(balance.pick("client " + std::to_string(i), Instant{}, {}).has_value());
  }
  CHECK(balance.pick("first", Instant{}, {}) == b);  // it was forgotten
}

#include "core/ids.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace slipway::core;

TEST_CASE("DNS labels and subdomains are RFC 1123's") {
  for (const char* name : {"a", "0", "a-b", "7b-model"}) CHECK(is_dns_label(name));
  CHECK(is_dns_label(std::string(63, 'a')));
  for (const char* name : {"", "-a", "a-", "A", "a.b", "a_b"}) CHECK(!is_dns_label(name));
  CHECK(!is_dns_label(std::string(64, 'a')));
  for (const char* name : {"a", "a.b", "slipway.dev", "a-b.c-d"}) CHECK(is_dns_subdomain(name));
  for (const char* name : {"", ".", "a.", ".a", "a..b", "a.-b", "A.b"}) CHECK(!is_dns_subdomain(name));
  CHECK(!is_dns_subdomain(std::string(254, 'a')));
}

TEST_CASE("any text becomes a DNS label, and different texts stay different") {
  CHECK(to_dns_label("support-assistant") == "support-assistant");
  CHECK(to_dns_label("v1.2") == "v1-2");
  std::set<std::string> labels;
  const std::string texts[] = {
      "Foo", "foo_", "FOO", "7b", "", "---", ".", std::string(100, 'a'), std::string(101, 'a'), "\xC3\xA9t\xC3\xA9",
      "a b"};
  for (const std::string& text : texts) {
    CAPTURE(text);
    const std::string label = to_dns_label(text);
    CHECK(is_dns_label(label));
    CHECK(label.front() >= 'a');
    CHECK(labels.insert(label).second);
  }
}

TEST_CASE("short hashes are ten safe letters, the same everywhere") {
  CHECK(short_hash("abc").size() == 10);
  CHECK(short_hash("abc") == short_hash("abc"));
  CHECK(short_hash("abc") != short_hash("abd"));
  CHECK(short_hash("").find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
}

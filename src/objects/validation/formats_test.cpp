#include "objects/validation/formats.hpp"

#include <doctest/doctest.h>

#include "objects/validation/workloads.hpp"

using namespace slipway::objects::validation;

TEST_CASE("names are of their kind") {
  struct Case {
    Format format;
    const char* text;
    bool is_legal;
  };
  const Case cases[] = {{dns1123_label, "a-1", true},
                        {dns1123_label, "", false},
                        {dns1123_label, "a.b", false},
                        {dns1123_label, "-a", false},
                        {dns1123_subdomain, "a.b-c.1", true},
                        {dns1123_subdomain, "a..b", false},
                        {dns1123_subdomain, ".a", false},
                        {dns1123_subdomain, "", false},
                        {dns1123_subdomain_with_underscore, "_a.b_c", true},
                        {dns1123_subdomain_with_underscore, "a_.b", false},
                        {wildcard_dns1123_subdomain, "*.a.b", true},
                        {wildcard_dns1123_subdomain, "a.b", false},
                        {dns1035_label, "a1", true},
                        {dns1035_label, "1a", false},
                        {qualified_name, "a.b/C_d", true},
                        {qualified_name, "a/", false},
                        {label_value, "", true},
                        {label_value, "a.b", true},
                        {label_value, ".a", false},
                        {path_segment_name, "system:a b", true},
                        {path_segment_name, "a%", false},
                        {port_name, "http-1", true},
                        {port_name, "1", false},
                        {percent, "10%", true},
                        {percent, "%", false},
                        {env_var_name, "a b", true},
                        {env_var_name, "", false},
                        {config_map_key, "A.b_c-d", true},
                        {config_map_key, "...", false},
                        {http_header_name, "X-A", true},
                        {c_identifier, "_a1", true},
                        {c_identifier, "1a", false}};
  for (const Case& each : cases) {
    CAPTURE(each.text);
    CHECK(each.format(each.text).empty() == each.is_legal);
  }
}

TEST_CASE("addresses and ranges tell their family") {
  CHECK(ip_family("10.0.0.1") == 4);
  CHECK(ip_family("::1") == 6);
  CHECK(ip_family("10.0.0") == 0);
  CHECK(ip_family("") == 0);
  CHECK(cidr_family("10.0.0.0/8") == 4);
  CHECK(cidr_family("fd00::/64") == 6);
  CHECK(cidr_family("10.0.0.0/33") == 0);
  CHECK(cidr_family("10.0.0.0") == 0);
  CHECK(cidr_family("10.0.0.0/a") == 0);
}

TEST_CASE("a schedule is five fields of cron") {
  for (const char* good :
       {"* * * * *", "*/15 0-6,22 1 jan,DEC sun", "@daily", "@every 90s", "? ? ? ? ?", "5/10 * * * 0"}) {
    CAPTURE(good);
    CHECK(cron_complaint(good).empty());
  }
  for (const char* bad :
       {"", "*", "* * * * * *", "a * * * *", "-1 * * * *", "* * * 13 *", "@", "99999999999999999999 * * * *"}) {
    CAPTURE(bad);
    CHECK_FALSE(cron_complaint(bad).empty());
  }
}

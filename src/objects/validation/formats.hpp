#pragma once
// Formats of names, keys and values that many fields share, and what a Kubernetes API server says of a text that is not
// of one (k8s.io/apimachinery/pkg/util/validation). Pure; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

namespace slipway::objects::validation {

// What is wrong, a sentence each; empty: nothing.
using Complaints = std::vector<std::string>;
using Format = Complaints (*)(std::string_view);

Complaints dns1123_label(std::string_view text);
Complaints dns1123_subdomain(std::string_view text);
Complaints dns1123_subdomain_with_underscore(std::string_view text);
Complaints wildcard_dns1123_subdomain(std::string_view text);  // "*.example.com"
Complaints dns1035_label(std::string_view text);
Complaints qualified_name(std::string_view text);  // "example.com/name": keys of labels, finalizers
Complaints label_value(std::string_view text);
Complaints path_segment_name(std::string_view text);  // names of RBAC kinds
Complaints port_name(std::string_view text);
Complaints port_number(std::int64_t port);
Complaints percent(std::string_view text);
Complaints env_var_name(std::string_view text);  // printable ASCII without '='
Complaints config_map_key(std::string_view text);
Complaints http_header_name(std::string_view text);
Complaints c_identifier(std::string_view text);

// A generateName ends in a random part: a '-' at its end is none.
std::string without_dash_at_end(std::string_view text);

std::string in_range_sentence(std::int64_t low, std::int64_t high);  // "must be between 1 and 65535, inclusive"

// Of net.ParseIP's grammar: 0 none, 4 or 6 the family.
int ip_family(std::string_view text);
// Of an IP and a prefix length behind a slash: 0 none, 4 or 6 the family.
int cidr_family(std::string_view text);

}  // namespace slipway::objects::validation

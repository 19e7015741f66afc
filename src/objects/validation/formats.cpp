#include "objects/validation/formats.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>

#include "core/number.hpp"
#include "core/text.hpp"

namespace slipway::objects::validation {

namespace {

using core::is_alphanumeric;
using core::is_digit;
using core::is_letter;

constexpr bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }

#define LABEL "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define LABEL_WITH_UNDERSCORE "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN LABEL "(\\." LABEL ")*"
#define NAME "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

std::string at_most(std::size_t length) { return "must be no more than " + std::to_string(length) + " characters"; }

std::string like(std::string_view sentence, std::string_view pattern,
                 std::initializer_list<std::string_view> examples) {
  std::string text(sentence);
  text += " (e.g. ";
  for (const std::string_view example : examples) {
    if (example != *examples.begin()) text += " or ";
    text.append("'").append(example).append("', ");
  }
  return text.append("regex used for validation is '").append(pattern).append("')");
}

bool is_label(std::string_view text) {
  return !text.empty() && is_lower_alphanumeric(text.front()) && is_lower_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

bool is_label_with_underscore(std::string_view text) {
  if (text.starts_with('_')) text.remove_prefix(1);
  return !text.empty() && is_lower_alphanumeric(text.front()) && is_lower_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_alphanumeric(c) || c == '-' || c == '_'; });
}

template <class IsLabel>
bool is_dotted(std::string_view text, IsLabel is_one) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_one(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_subdomain(std::string_view text) { return is_dotted(text, is_label); }

bool is_name(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void refuse_parent_directories(std::string_view text, Complaints& complaints) {
  if (text == "." || text == "..") {
    complaints.push_back("must not be '" + std::string(text) + "'");
  } else if (text.starts_with("..")) {
    complaints.emplace_back("must not start with '..'");
  }
}

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_subdomain = 253;
constexpr std::string_view name_sentence =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

}  // namespace

Complaints dns1123_label(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_label) complaints.push_back(at_most(longest_label));
  if (is_label(text)) return complaints;
  if (is_subdomain(text)) {
    complaints.emplace_back("must not contain dots");
  } else {
    complaints.push_back(
        like("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
             "end with an alphanumeric character",
             LABEL, {"my-name", "123-abc"}));
  }
  return complaints;
}

Complaints dns1123_subdomain(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_subdomain) complaints.push_back(at_most(longest_subdomain));
  if (is_subdomain(text)) return complaints;
  complaints.push_back(
      like("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
           "start and end with an alphanumeric character",
           SUBDOMAIN, {"example.com"}));
  return complaints;
}

Complaints dns1123_subdomain_with_underscore(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_subdomain) complaints.push_back(at_most(longest_subdomain));
  if (is_dotted(text, is_label_with_underscore)) return complaints;
  complaints.push_back(
      like("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and "
           "must start and end with an alphanumeric character",
           LABEL_WITH_UNDERSCORE "(\\." LABEL_WITH_UNDERSCORE ")*", {"example.com"}));
  return complaints;
}

Complaints wildcard_dns1123_subdomain(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_subdomain) complaints.push_back(at_most(longest_subdomain));
  if (text.starts_with("*.") && is_subdomain(text.substr(2))) return complaints;
  complaints.push_back(like(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
      "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      "\\*\\." SUBDOMAIN, {"*.example.com"}));
  return complaints;
}

Complaints dns1035_label(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_label) complaints.push_back(at_most(longest_label));
  if (is_label(text) && !is_digit(text.front())) return complaints;
  complaints.push_back(
      like("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
           "character, and end with an alphanumeric character",
           "[a-z]([-a-z0-9]*[a-z0-9])?", {"my-name", "abc-123"}));
  return complaints;
}

Complaints qualified_name(std::string_view text) {
  Complaints complaints;
  const auto slashes = std::ranges::count(text, '/');
  if (slashes > 1) {
    complaints.push_back("a qualified name " + like(name_sentence, NAME, {"MyName", "my.name", "123-abc"}) +
                         " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    return complaints;
  }
  if (slashes == 1) {
    const std::string_view prefix = text.substr(0, text.find('/'));
    text.remove_prefix(prefix.size() + 1);
    if (prefix.empty()) complaints.emplace_back("prefix part must be non-empty");
    if (!prefix.empty() && (!is_subdomain(prefix) || prefix.size() > longest_subdomain)) {
      for (const std::string& complaint : dns1123_subdomain(prefix)) complaints.push_back("prefix part " + complaint);
    }
  }
  if (text.empty()) {
    complaints.emplace_back("name part must be non-empty");
  } else if (text.size() > longest_label) {
    complaints.push_back("name part " + at_most(longest_label));
  }
  if (!is_name(text)) {
    complaints.push_back("name part " + like(name_sentence, NAME, {"MyName", "my.name", "123-abc"}));
  }
  return complaints;
}

Complaints label_value(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_label) complaints.push_back(at_most(longest_label));
  if (text.empty() || is_name(text)) return complaints;
  complaints.push_back(like("a valid label must be an empty string or " + std::string(name_sentence.substr(5)),
                            "(" NAME ")?", {"MyValue", "my_value", "12345"}));
  return complaints;
}

Complaints path_segment_name(std::string_view text) {
  if (text == "." || text == "..") return {"may not be '" + std::string(text) + "'"};
  Complaints complaints;
  for (const char illegal : {'/', '%'}) {
    if (text.find(illegal) != std::string_view::npos) {
      complaints.push_back(std::string("may not contain '") + illegal + "'");
    }
  }
  return complaints;
}

Complaints port_name(std::string_view text) {
  Complaints complaints;
  if (text.size() > 15) complaints.push_back(at_most(15));
  const auto is_legal = [](char c) { return is_lower_alphanumeric(c) || c == '-'; };
  if (text.empty() || !std::ranges::all_of(text, is_legal)) {
    complaints.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; })) {
    complaints.emplace_back("must contain at least one letter (a-z)");
  }
  if (text.find("--") != std::string_view::npos) complaints.emplace_back("must not contain consecutive hyphens");
  if (text.starts_with('-') || text.ends_with('-')) complaints.emplace_back("must not begin or end with a hyphen");
  return complaints;
}

Complaints port_number(std::int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return {in_range_sentence(1, 65535)};
}

Complaints percent(std::string_view text) {
  if (text.size() > 1 && text.ends_with('%') && std::ranges::all_of(text.substr(0, text.size() - 1), is_digit))
    return {};
  return {like("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", {"1%", "93%"})};
}

Complaints env_var_name(std::string_view text) {
  if (text.empty()) return {"environment variable name must be non-empty"};
  if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '='; })) return {};
  return {"a valid environment variable name must consist only of printable ASCII characters other than '='"};
}

Complaints config_map_key(std::string_view text) {
  Complaints complaints;
  if (text.size() > longest_subdomain) complaints.push_back(at_most(longest_subdomain));
  const auto is_legal = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty() || !std::ranges::all_of(text, is_legal)) {
    complaints.push_back(like("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                              "[-._a-zA-Z0-9]+", {"key.name", "KEY_NAME", "key-name"}));
  }
  refuse_parent_directories(text, complaints);
  return complaints;
}

Complaints http_header_name(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; })) return {};
  return {
      like("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", {"X-Header-Name"})};
}

Complaints c_identifier(std::string_view text) {
  if (!text.empty() && !is_digit(text.front()) &&
      std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '_'; })) {
    return {};
  }
  return {
      like("a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
           "characters or '_'",
           "[A-Za-z_][A-Za-z0-9_]*", {"my_name", "MY_NAME", "MyName"})};
}

std::string without_dash_at_end(std::string_view text) {
  std::string masked(text);
  if (masked.size() > 1 && masked.ends_with('-')) masked.replace(masked.size() - 2, 2, "a");  // two, as the server
  return masked;
}

std::string in_range_sentence(std::int64_t low, std::int64_t high) {
  return "must be between " + std::to_string(low) + " and " + std::to_string(high) + ", inclusive";
}

int ip_family(std::string_view text) {
  char copy[64];
  if (text.size() >= sizeof copy) return 0;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  std::array<unsigned char, 16> bytes;
  if (inet_pton(AF_INET, copy, bytes.data()) == 1) return 4;
  if (inet_pton(AF_INET6, copy, bytes.data()) == 1) return 6;
  return 0;
}

int cidr_family(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return 0;
  const int family = ip_family(text.substr(0, slash));
  const auto bits = core::parse_number<int>(text.substr(slash + 1));
  return bits && *bits >= 0 && *bits <= (family == 4 ? 32 : 128) ? family : 0;
}

}  // namespace slipway::objects::validation

#include "objects/crd/formats.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "core/time.hpp"
#include "objects/crd/addresses.hpp"

namespace slipway::objects::crd {

namespace {

using core::is_alphanumeric;
using core::is_digit;
using core::is_letter;

bool is_hex(char c) { return is_digit(c) || (core::lower(c) >= 'a' && core::lower(c) <= 'f'); }
bool all_hex(std::string_view text) { return std::ranges::all_of(text, is_hex); }
bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

std::string only(std::string_view text, bool (*keep)(char)) {
  std::string kept;
  std::ranges::copy_if(text, std::back_inserter(kept), keep);
  return kept;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(at, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool is_bson_id(std::string_view text) { return text.size() == 24 && all_hex(text); }

// --- names and addresses ---------------------------------------------------------------------------------------

// A letter, digit or sign of any script.
bool is_host_sign(char c) { return is_alphanumeric(c) || is_beyond_ascii(c); }

bool is_lone_host(std::string_view text) {
  if (text.empty() || !is_host_sign(text[0])) return false;
  text.remove_prefix(1);
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() <= 62 && std::ranges::all_of(text, is_host_sign);
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  const auto labels = split(text, '.');
  if (labels.size() == 1) return text.size() <= 63 && is_lone_host(text);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string_view label = labels[i];
    if (label.empty() || label.size() > 63) return false;
    if (i + 1 == labels.size())
      return label.size() >= 2 && std::ranges::all_of(label, [](char c) { return is_letter(c) || is_beyond_ascii(c); });
    const auto fits = [](char c) { return is_host_sign(c) || c == '-'; };
    if (label.front() == '-' || label.back() == '-' || !std::ranges::all_of(label, fits)) return false;
  }
  return false;
}

bool is_atom(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || is_beyond_ascii(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_dotted_atom(std::string_view text) { return std::ranges::all_of(split(text, '.'), is_atom); }

bool is_plain_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const bool quoted = local.size() >= 2 && local.front() == '"' && local.back() == '"';
  const bool literal = domain.size() > 2 && domain.front() == '[' && domain.back() == ']';
  return (quoted || is_dotted_atom(local)) && (literal || is_dotted_atom(domain));
}

// `name@host`, or `Some Name <name@host>`.
bool is_email(std::string_view text) {
  text = core::trimmed(text);
  if (!text.ends_with('>')) return is_plain_email(text);
  const std::size_t open = text.rfind('<');
  return open != std::string_view::npos && is_plain_email(text.substr(open + 1, text.size() - open - 2));
}

bool is_uri(std::string_view text) {
  if (text.empty()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) return false;
  }
  if (text.front() == '/') return true;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text.front())) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (!std::ranges::all_of(scheme, [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; }))
    return false;
  if (!text.substr(colon + 1).starts_with("//")) return true;
  const std::string_view host = text.substr(colon + 3, text.find_first_of("/?#", colon + 3) - colon - 3);
  return host.find(' ') == std::string_view::npos;
}

// --- times -----------------------------------------------------------------------------------------------------

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t at, std::size_t length) {
    const auto part = text.substr(at, length);
    return all_digits(part) ? std::atoi(std::string(part).c_str()) : -1;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  return year >= 0 && month > 0 && day > 0 && (std::chrono::year(year) / month / day).ok();
}

// HH:MM:SS, perhaps a fraction, then z or an offset.
bool is_time_of_day(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const std::string_view hour = text.substr(0, 2);
  const std::string_view minute = text.substr(3, 2);
  const std::string_view second = text.substr(6, 2);
  if (!all_digits(hour) || !all_digits(minute) || !all_digits(second)) return false;
  if (hour > "23" || minute > "59" || second > "59") return false;
  text.remove_prefix(8);
  if (text.size() > 1 && is_digit(text[1]) && text[0] != '+' && text[0] != '-') {
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  if (text == "z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' && all_digits(text.substr(1, 2)) &&
         all_digits(text.substr(4, 2));
}

bool is_date_time(std::string_view text) {
  const std::string lower = core::in_lower(text);
  const std::size_t t = lower.find('t');
  if (t == std::string::npos) return false;
  const std::string_view rest = std::string_view(lower).substr(t + 1);
  return is_date(std::string_view(lower).substr(0, t)) && is_time_of_day(rest.substr(0, rest.find('t')));
}

bool is_unit(std::string_view unit) {
  constexpr std::array<std::string_view, 12> exact{"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk", "μs"};
  constexpr std::array<std::string_view, 8> stems{"nano", "micro", "milli", "sec", "min", "hour", "day", "week"};
  const std::string lower = core::in_lower(unit);
  return std::ranges::find(exact, lower) != exact.end() ||
         std::ranges::any_of(stems, [&](std::string_view stem) { return lower.starts_with(stem); });
}

// Go's, or number and unit somewhere in the text: "3 days".
bool is_duration(std::string_view text) {
  if (core::parse_go_duration(text)) return true;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    while (i < text.size() && is_digit(text[i])) ++i;
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
    const std::size_t begin = i;
    while (i < text.size() && (is_letter(text[i]) || is_beyond_ascii(text[i]))) ++i;
    if (is_unit(text.substr(begin, i - begin))) return true;
  }
  return false;
}

// --- numbers of things -----------------------------------------------------------------------------------------

// `version` 0: any.
bool is_uuid_of(std::string_view text, char version, bool variant) {
  std::string digits;
  constexpr std::array<std::size_t, 5> groups{8, 4, 4, 4, 12};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i > 0 && text.starts_with('-')) text.remove_prefix(1);
    if (text.size() < groups[i] || !all_hex(text.substr(0, groups[i]))) return false;
    digits += text.substr(0, groups[i]);
    text.remove_prefix(groups[i]);
  }
  constexpr std::string_view variants = "89abAB";
  return text.empty() && (version == 0 || digits[12] == version) &&
         (!variant || variants.find(digits[16]) != std::string_view::npos);
}
bool is_uuid(std::string_view text) { return is_uuid_of(text, 0, false); }
bool is_uuid3(std::string_view text) { return is_uuid_of(text, '3', false); }
bool is_uuid4(std::string_view text) { return is_uuid_of(text, '4', true); }
bool is_uuid5(std::string_view text) { return is_uuid_of(text, '5', true); }

bool is_isbn10(std::string_view text) {
  const std::string digits = only(text, [](char c) { return c != '-' && c != ' '; });
  if (digits.size() != 10) return false;
  int sum = 0;
  for (int i = 0; i < 10; ++i) {
    const char c = digits[static_cast<std::size_t>(i)];
    if (!is_digit(c) && !(i == 9 && (c == 'X' || c == 'x'))) return false;
    sum += (i + 1) * (is_digit(c) ? c - '0' : 10);
  }
  return sum % 11 == 0;
}

bool is_isbn13(std::string_view text) {
  const std::string digits = only(text, [](char c) { return c != '-' && c != ' '; });
  if (digits.size() != 13 || !all_digits(digits)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 13; ++i) sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
  return sum % 10 == 0;
}

bool is_isbn(std::string_view text) { return is_isbn10(text) || is_isbn13(text); }

bool is_credit_card(std::string_view text) {
  const std::string digits = only(text, is_digit);
  const std::size_t n = digits.size();
  const auto begins = [&](std::string_view low, std::string_view high) {
    const auto head = std::string_view(digits).substr(0, low.size());
    return head >= low && head <= high;
  };
  const bool known = (begins("4", "4") && (n == 13 || n == 16)) || (begins("51", "55") && n == 16) ||
                     ((begins("6011", "6011") || begins("65", "65")) && n == 16) ||
                     ((begins("34", "34") || begins("37", "37")) && n == 15) ||
                     ((begins("300", "305") || begins("36", "36") || begins("38", "38")) && n == 14) ||
                     ((begins("2131", "2131") || begins("1800", "1800")) && n == 15) || (begins("35", "35") && n == 16);
  if (!known) return false;
  int sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    int digit = digits[n - 1 - i] - '0';
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

bool is_ssn(std::string_view text) {
  if (text.size() != 11) return false;
  const auto take = [&](std::size_t count) {
    if (text.size() < count || !all_digits(text.substr(0, count))) return false;
    text.remove_prefix(count);
    return true;
  };
  const auto blank = [&] {
    if (text.starts_with('-') || text.starts_with(' ')) text.remove_prefix(1);
  };
  if (!take(3)) return false;
  blank();
  if (!take(2)) return false;
  blank();
  return take(4) && text.empty();
}

bool is_hex_color(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  return (text.size() == 3 || text.size() == 6) && all_hex(text);
}

bool is_rgb_color(std::string_view text) {
  if (!text.starts_with("rgb(") || !text.ends_with(')')) return false;
  const auto parts = split(text.substr(4, text.size() - 5), ',');
  return parts.size() == 3 && std::ranges::all_of(parts, [](std::string_view part) {
           part = core::trimmed(part);
           return all_digits(part) && part.size() <= 3 && (part.size() == 1 || part[0] != '0') &&
                  std::atoi(std::string(part).c_str()) <= 255;
         });
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return std::ranges::all_of(text.substr(0, text.size() - padding),
                             [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

bool is_anything(std::string_view) { return true; }

constexpr std::array<std::pair<std::string_view, FormatCheck>, 24> formats{{
    {"bsonobjectid", is_bson_id},
    {"uri", is_uri},
    {"email", is_email},
    {"hostname", is_hostname},
    {"ipv4", is_ipv4},
    {"ipv6", is_ipv6},
    {"cidr", is_cidr},
    {"mac", is_mac},
    {"uuid", is_uuid},
    {"uuid3", is_uuid3},
    {"uuid4", is_uuid4},
    {"uuid5", is_uuid5},
    {"isbn", is_isbn},
    {"isbn10", is_isbn10},
    {"isbn13", is_isbn13},
    {"creditcard", is_credit_card},
    {"ssn", is_ssn},
    {"hexcolor", is_hex_color},
    {"rgbcolor", is_rgb_color},
    {"byte", is_base64},
    {"password", is_anything},
    {"date", is_date},
    {"duration", is_duration},
    {"datetime", is_date_time},
}};

}  // namespace

FormatCheck find_format(std::string_view name) {
  const std::string plain = only(name, [](char c) { return c != '-'; });
  const auto at = std::ranges::find(formats, std::string_view(plain), &std::pair<std::string_view, FormatCheck>::first);
  return at == formats.end() ? nullptr : at->second;
}

}  // namespace slipway::objects::crd

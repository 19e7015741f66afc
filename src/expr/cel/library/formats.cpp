// Kubernetes' format library: named formats, and what is wrong with a text in the words of its validation.

#include <array>

#include "core/text.hpp"
#include "expr/cel/functions.hpp"
#include "expr/cel/text.hpp"
#include "expr/cel/url.hpp"

namespace slipway::expr::cel::library {

namespace {

using Problems = std::vector<std::string>;
using Check = Problems (*)(std::string_view);

const std::string label_pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const std::string dns1035_pattern = "[a-z]([-a-z0-9]*[a-z0-9])?";
const std::string qualified_pattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

std::string pattern_problem(std::string what, const std::string& examples, const std::string& pattern) {
  return what + " (e.g. " + examples + "regex used for validation is '" + pattern + "')";
}
std::string too_long(std::size_t most) { return "must be no more than " + std::to_string(most) + " characters"; }

bool lower_or_digit(char c) { return core::is_digit(c) || (c >= 'a' && c <= 'z'); }

bool is_label(std::string_view text) {
  if (text.empty() || !lower_or_digit(text.front()) || !lower_or_digit(text.back())) return false;
  for (const char c : text) {
    if (!lower_or_digit(c) && c != '-') return false;
  }
  return true;
}

bool is_subdomain(std::string_view text) {
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_qualified(std::string_view text) {
  if (text.empty() || !core::is_alphanumeric(text.front()) || !core::is_alphanumeric(text.back())) return false;
  for (const char c : text) {
    if (!core::is_alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

Problems dns1123_label(std::string_view text) {
  Problems out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (is_label(text)) return out;
  if (is_subdomain(text)) {
    out.emplace_back("must not contain dots");
  } else {
    out.push_back(
        pattern_problem("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                        "'-', and must start and end with an alphanumeric character",
                        "'my-name',  or '123-abc', ", label_pattern));
  }
  return out;
}

Problems dns1123_subdomain(std::string_view text) {
  Problems out;
  if (text.size() > 253) out.push_back(too_long(253));
  if (!is_subdomain(text)) {
    out.push_back(
        pattern_problem("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
                        "'-' or '.', and must start and end with an alphanumeric character",
                        "'example.com', ", label_pattern + "(\\." + label_pattern + ")*"));
  }
  return out;
}

Problems dns1035_label(std::string_view text) {
  Problems out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (!is_label(text) || core::is_digit(text.front())) {
    out.push_back(
        pattern_problem("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
                        "with an alphabetic character, and end with an alphanumeric character",
                        "'my-name',  or 'abc-123', ", dns1035_pattern));
  }
  return out;
}

// A prefix of a generated name may end in dashes.
template <Check check>
Problems prefix(std::string_view text) {
  if (text.size() <= 1 || !text.ends_with('-')) return check(text);
  return check(std::string(text.substr(0, text.size() - 2)) + "a");
}

Problems qualified_name(std::string_view text) {
  const auto problem = pattern_problem(
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      "alphanumeric character",
      "'MyName',  or 'my.name',  or '123-abc', ", qualified_pattern);
  Problems out;
  auto name = text;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto domain = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return {"a qualified name " + problem +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    }
    if (domain.empty()) {
      out.emplace_back("prefix part must be non-empty");
    } else {
      for (const auto& each : dns1123_subdomain(domain)) out.push_back("prefix part " + each);
    }
  }
  if (name.empty()) {
    out.emplace_back("name part must be non-empty");
  } else if (name.size() > 63) {
    out.push_back("name part " + too_long(63));
  }
  if (!is_qualified(name)) out.push_back("name part " + problem);
  return out;
}

Problems label_value(std::string_view text) {
  Problems out;
  if (text.size() > 63) out.push_back(too_long(63));
  if (!text.empty() && !is_qualified(text)) {
    out.push_back(
        pattern_problem("a valid label must be an empty string or consist of alphanumeric characters, '-', "
                        "'_' or '.', and must start and end with an alphanumeric character",
                        "'MyValue',  or 'my_value',  or '12345', ", "(" + qualified_pattern + ")?"));
  }
  return out;
}

Problems uri(std::string_view text) {
  const auto url = parse_url(text);
  if (url) return {};
  return {"parse \"" + std::string(text) + "\": " + url.error()};
}

Problems uuid(std::string_view text) {
  static constexpr std::array<std::size_t, 5> groups{8, 4, 4, 4, 12};
  bool fine = true;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (group > 0 && text.starts_with('-')) text.remove_prefix(1);
    const auto digits = text.substr(0, groups[group]);
    fine = fine && digits.size() == groups[group];
    for (const char c : digits) fine = fine && (core::is_digit(c) || (core::lower(c) >= 'a' && core::lower(c) <= 'f'));
    text.remove_prefix(digits.size());
  }
  if (fine && text.empty()) return {};
  return {"does not match the UUID format"};
}

Problems byte(std::string_view text) {
  if (!text.empty() && text.size() % 4 == 0 && base64_decode(text)) return {};
  return {"invalid base64"};
}

Problems date(std::string_view text) {
  if (text.size() == 10 && parse_date(text)) return {};
  return {"invalid date"};
}

Problems datetime(std::string_view text) {
  if (parse_timestamp(text)) return {};
  return {"invalid datetime"};
}

struct Named {
  std::string_view name;
  Check check;
};
constexpr std::array<Named, 13> all{{{"dns1123Label", dns1123_label},
                                     {"dns1123Subdomain", dns1123_subdomain},
                                     {"dns1035Label", dns1035_label},
                                     {"qualifiedName", qualified_name},
                                     {"dns1123LabelPrefix", prefix<dns1123_label>},
                                     {"dns1123SubdomainPrefix", prefix<dns1123_subdomain>},
                                     {"dns1035LabelPrefix", prefix<dns1035_label>},
                                     {"labelValue", label_value},
                                     {"uri", uri},
                                     {"uuid", uuid},
                                     {"byte", byte},
                                     {"date", date},
                                     {"datetime", datetime}}};

class Format : public Opaque {
 public:
  explicit Format(const Named& one) : named(&one) {}
  std::string_view type_name() const override { return "kubernetes.NamedFormat"; }
  bool equals(const Opaque& other) const override { return static_cast<const Format&>(other).named == named; }
  const Named* named;
};

Value find_named(const Call& call) {
  for (const auto& each : all) {
    if (each.name == call.text(0)) return Value(Optional{std::make_shared<const Value>(make_opaque(Format(each)))});
  }
  return Value(Optional{});
}

template <std::size_t index>
Value format(const Call&) {
  return make_opaque(Format(all[index]));
}

Value validate(const Call& call) {
  std::vector<Value> out;
  for (auto& problem : opaque_as<Format>(call[0]).named->check(call.text(1)))
    out.push_back(text_value(std::move(problem)));
  if (out.empty()) return Value(Optional{});
  return Value(Optional{std::make_shared<const Value>(Value::list(std::move(out)))});
}

constexpr Line lines[] = {
    {"format.named(string): optional<format>", find_named},
    {"format->validate(string): optional<list<string>>", validate, Cost::format_check},
    {"format.dns1123Label(): format", format<0>},
    {"format.dns1123Subdomain(): format", format<1>},
    {"format.dns1035Label(): format", format<2>},
    {"format.qualifiedName(): format", format<3>},
    {"format.dns1123LabelPrefix(): format", format<4>},
    {"format.dns1123SubdomainPrefix(): format", format<5>},
    {"format.dns1035LabelPrefix(): format", format<6>},
    {"format.labelValue(): format", format<7>},
    {"format.uri(): format", format<8>},
    {"format.uuid(): format", format<9>},
    {"format.byte(): format", format<10>},
    {"format.date(): format", format<11>},
    {"format.datetime(): format", format<12>},
};

}  // namespace

Library formats() { return lines; }

}  // namespace slipway::expr::cel::library

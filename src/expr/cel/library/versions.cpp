// Kubernetes' semver library: Semantic Versioning 2.0.0, and with normalize also "v1.2" and leading zeros.

#include <array>
#include <charconv>
#include <optional>

#include "core/text.hpp"
#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

struct Version {
  std::array<std::uint64_t, 3> numbers{};
  std::vector<std::string> pre;
};

class Semver : public Opaque {
 public:
  explicit Semver(Version parsed) : version(std::move(parsed)) {}
  std::string_view type_name() const override { return "kubernetes.Semver"; }
  bool equals(const Opaque& other) const override;
  Version version;
};

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!core::is_digit(c)) return false;
  }
  return !text.empty();
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(by);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

using Read = std::expected<Version, std::string>;

std::optional<std::string> check_identifiers(const std::vector<std::string>& parts, const char* what, bool numbers) {
  for (const auto& part : parts) {
    if (part.empty())
      return std::string(what == std::string_view("build") ? "Build meta data is empty" : "Prerelease is empty");
    for (const char c : part) {
      if (!core::is_alphanumeric(c) && c != '-') {
        return "Invalid character(s) found in " + std::string(what) + " \"" + part + "\"";
      }
    }
    if (numbers && all_digits(part) && part.size() > 1 && part[0] == '0') {
      return "Numeric PreRelease version must not contain leading zeroes \"" + part + "\"";
    }
  }
  return std::nullopt;
}

Read parse(std::string_view text) {
  static constexpr std::array<const char*, 3> names{"major", "minor", "patch"};
  if (text.empty()) return std::unexpected("Version string empty");
  Version out;
  auto rest = text;
  const auto first = rest.find('.');
  const auto second = first == std::string_view::npos ? first : rest.find('.', first + 1);
  if (second == std::string_view::npos) return std::unexpected("No Major.Minor.Patch elements found");
  auto patch = rest.substr(second + 1);
  std::string_view build;
  std::string_view pre;
  bool has_build = false;
  bool has_pre = false;
  if (const auto plus = patch.find('+'); plus != std::string_view::npos) {
    build = patch.substr(plus + 1);
    patch = patch.substr(0, plus);
    has_build = true;
  }
  if (const auto dash = patch.find('-'); dash != std::string_view::npos) {
    pre = patch.substr(dash + 1);
    patch = patch.substr(0, dash);
    has_pre = true;
  }
  const std::array<std::string_view, 3> parts{rest.substr(0, first), rest.substr(first + 1, second - first - 1), patch};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto quoted = "\"" + std::string(parts[i]) + "\"";
    if (!all_digits(parts[i])) {
      return std::unexpected("Invalid character(s) found in " + std::string(names[i]) + " number " + quoted);
    }
    if (parts[i].size() > 1 && parts[i][0] == '0') {
      std::string name = names[i];
      name[0] = static_cast<char>(name[0] - 'a' + 'A');
      return std::unexpected(name + " number must not contain leading zeroes " + quoted);
    }
    if (std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), out.numbers[i]).ec != std::errc()) {
      return std::unexpected("strconv.ParseUint: parsing " + quoted + ": value out of range");
    }
  }
  if (has_pre) {
    out.pre = split(pre, '.');
    if (auto problem = check_identifiers(out.pre, "prerelease", true)) return std::unexpected(std::move(*problem));
  }
  if (has_build) {
    if (auto problem = check_identifiers(split(build, '.'), "build", false))
      return std::unexpected(std::move(*problem));
  }
  return out;
}

Read parse_normalized(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < 2 && text.find('.') != std::string_view::npos; ++i) {
    parts.emplace_back(text.substr(0, text.find('.')));
    text.remove_prefix(text.find('.') + 1);
  }
  parts.emplace_back(text);
  for (auto& part : parts) {
    if (part.size() <= 1) continue;
    part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
    if (part.empty() || !core::is_digit(part[0])) part.insert(0, "0");
  }
  if (parts.size() < 3 && parts.back().find_first_of("+-") != std::string::npos) {
    return std::unexpected("short version cannot contain PreRelease/Build meta data");
  }
  while (parts.size() < 3) parts.emplace_back("0");
  return parse(parts[0] + "." + parts[1] + "." + parts[2]);
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_identifiers(const std::string& a, const std::string& b) {
  const bool numeric_a = all_digits(a);
  const bool numeric_b = all_digits(b);
  if (numeric_a != numeric_b) return numeric_a ? -1 : 1;
  if (numeric_a && a.size() != b.size()) return order(a.size(), b.size());
  return order(a, b);
}

int compare(const Version& a, const Version& b) {
  if (const int numbers = order(a.numbers, b.numbers); numbers != 0) return numbers;
  if (a.pre.empty() || b.pre.empty()) return order(a.pre.empty(), b.pre.empty());
  for (std::size_t i = 0; i < a.pre.size() && i < b.pre.size(); ++i) {
    if (const int found = compare_identifiers(a.pre[i], b.pre[i]); found != 0) return found;
  }
  return order(a.pre.size(), b.pre.size());
}

bool Semver::equals(const Opaque& other) const {
  return compare(version, static_cast<const Semver&>(other).version) == 0;
}

Read read(const Call& call) {
  const bool normalize = call.arguments.size() == 2 && call[1].as_bool();
  return normalize ? parse_normalized(call.text(0)) : parse(call.text(0));
}
const Version& version(const Call& call, std::size_t index) { return opaque_as<Semver>(call[index]).version; }

Value of_text(const Call& call) {
  auto made = read(call);
  return made ? make_opaque(Semver(std::move(*made))) : Value::failure(made.error());
}
Value is_semver(const Call& call) { return Value(read(call).has_value()); }
template <std::size_t part>
Value number(const Call& call) {
  return Value(static_cast<std::int64_t>(version(call, 0).numbers[part]));
}
Value is_greater(const Call& call) { return Value(compare(version(call, 0), version(call, 1)) > 0); }
Value is_less(const Call& call) { return Value(compare(version(call, 0), version(call, 1)) < 0); }
Value compare_to(const Call& call) { return Value(std::int64_t{compare(version(call, 0), version(call, 1))}); }

constexpr Line lines[] = {
    {"semver(string): semver", of_text, Cost::text},
    {"semver(string, bool): semver", of_text, Cost::text},
    {"isSemver(string): bool", is_semver, Cost::text},
    {"isSemver(string, bool): bool", is_semver, Cost::text},
    {"semver->major(): int", number<0>},
    {"semver->minor(): int", number<1>},
    {"semver->patch(): int", number<2>},
    {"semver->isGreaterThan(semver): bool", is_greater},
    {"semver->isLessThan(semver): bool", is_less},
    {"semver->compareTo(semver): int", compare_to},
};

}  // namespace

Library versions() { return lines; }

}  // namespace slipway::expr::cel::library

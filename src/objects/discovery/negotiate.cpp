#include "objects/discovery/negotiate.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.hpp"

namespace slipway::objects::discovery {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view yaml = "application/yaml";
constexpr std::string_view meta = "meta.k8s.io";

constexpr std::array json_only = {Form{json, {}, {}, {}, {}}};

constexpr std::array shapes = {
    Form{json, {}, {}, {}, {}},
    Form{json, "Table", meta, "v1", {}},
    Form{json, "Table", meta, "v1beta1", {}},
    Form{json, "PartialObjectMetadata", meta, "v1", {}},
    Form{json, "PartialObjectMetadata", meta, "v1beta1", {}},
    Form{json, "PartialObjectMetadataList", meta, "v1", {}},
    Form{json, "PartialObjectMetadataList", meta, "v1beta1", {}},
    Form{yaml, {}, {}, {}, {}},
    Form{yaml, "Table", meta, "v1", {}},
    Form{yaml, "Table", meta, "v1beta1", {}},
    Form{yaml, "PartialObjectMetadata", meta, "v1", {}},
    Form{yaml, "PartialObjectMetadata", meta, "v1beta1", {}},
    Form{yaml, "PartialObjectMetadataList", meta, "v1", {}},
    Form{yaml, "PartialObjectMetadataList", meta, "v1beta1", {}},
};
constexpr std::size_t json_shapes = 7;

// What stands before the next `separator` outside quotes; `text` loses it and the separator.
std::string_view next_part(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (quoted && c == '\\') {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      break;
    }
  }
  const std::string_view part = text.substr(0, std::min(end, text.size()));
  text.remove_prefix(std::min(end + 1, text.size()));
  return core::trimmed(part);
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// "0.5"; what is no such number counts as 1, as in Kubernetes.
double quality_of(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1;
  double value = text[0] - '0';
  if (text.size() > 1 && text[1] != '.') return 1;
  double unit = 0.1;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!core::is_digit(c)) return 1;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1.0);
}

std::optional<MediaRange> read_range(std::string_view text) {
  const std::string name = core::in_lower(next_part(text, ';'));
  const std::size_t slash = name.find('/');
  MediaRange range;
  if (name == "*") {
    range.type = range.subtype = "*";
  } else if (slash == std::string::npos || slash == 0 || slash + 1 == name.size()) {
    return std::nullopt;
  } else {
    range.type = name.substr(0, slash);
    range.subtype = name.substr(slash + 1);
  }
  while (!text.empty()) {
    const std::string_view parameter = next_part(text, ';');
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key = core::in_lower(core::trimmed(parameter.substr(0, equals)));
    const std::string value = unquoted(core::trimmed(parameter.substr(equals + 1)));
    if (key == "q") range.quality = quality_of(value);
    if (key == "as") range.as = value;
    if (key == "g") range.group = value;
    if (key == "v") range.version = value;
    if (key == "pretty") range.pretty = value == "1";
  }
  return range;
}

int stars(const MediaRange& range) { return (range.type == "*" ? 1 : 0) + (range.subtype == "*" ? 1 : 0); }

bool covers_type(const MediaRange& range, std::string_view media_type) {
  const std::size_t slash = media_type.find('/');
  return (range.type == "*" || range.type == media_type.substr(0, slash)) &&
         (range.subtype == "*" || range.subtype == media_type.substr(slash + 1));
}

bool covers(const MediaRange& range, const Form& form) {
  return covers_type(range, form.media_type) && range.as == form.as &&
         (range.as.empty() || (range.group == form.group && range.version == form.version));
}

}  // namespace

std::vector<MediaRange> parse_accept(std::string_view accept) {
  std::vector<MediaRange> ranges;
  if (core::trimmed(accept).empty()) accept = "*/*";
  while (!accept.empty()) {
    if (auto range = read_range(next_part(accept, ','))) ranges.push_back(std::move(*range));
  }
  std::ranges::stable_sort(ranges, [](const MediaRange& a, const MediaRange& b) {
    return a.quality != b.quality ? a.quality > b.quality : stars(a) < stars(b);
  });
  return ranges;
}

Choice negotiate(std::string_view accept, std::span<const Form> offered) {
  const auto ranges = parse_accept(accept);
  const auto refused = [&](const Form& form) {
    return std::ranges::any_of(ranges, [&](const MediaRange& range) {
      return range.quality == 0 && stars(range) == 0 && covers(range, form);
    });
  };
  for (const MediaRange& range : ranges) {
    if (range.quality == 0) break;
    for (const Form& form : offered) {
      if (covers(range, form) && !refused(form)) return {&form, range.pretty};
    }
  }
  return {};
}

std::span<const Form> object_forms() { return shapes; }
std::span<const Form> watch_forms() { return std::span<const Form>(shapes).first(json_shapes); }
std::span<const Form> json_forms() { return json_only; }

}  // namespace slipway::objects::discovery

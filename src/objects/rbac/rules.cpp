#include "objects/rbac/rules.hpp"

#include <algorithm>

namespace slipway::objects::rbac {
namespace {

using Texts = std::vector<std::string>;

bool has(const Texts& list, std::string_view text) { return std::ranges::find(list, text) != list.end(); }

bool has_all(const Texts& list, const Texts& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& text) { return has(list, text); });
}

Texts texts_of(const doc::Value& list) {
  Texts texts;
  for (std::size_t i = 0; i < list.size(); ++i) texts.push_back(list[i].string_or(""));
  return texts;
}

doc::Array array_of(const Texts& texts) { return {texts.begin(), texts.end()}; }

bool matches_resource(const Rule& rule, const Attributes& wanted) {
  const auto whole = wanted.subresource.empty() ? wanted.resource : wanted.resource + "/" + wanted.subresource;
  return std::ranges::any_of(rule.resources, [&](const std::string& resource) {
    return resource == "*" || resource == whole ||
           (!wanted.subresource.empty() && resource == "*/" + wanted.subresource);
  });
}

bool matches_url(const Rule& rule, std::string_view path) {
  return std::ranges::any_of(rule.urls, [&](std::string_view url) {
    if (url == "*" || url == path) return true;
    if (!url.ends_with('*')) return false;
    while (url.ends_with('*')) url.remove_suffix(1);
    return path.starts_with(url);
  });
}

// Rules of one verb on one resource, by one name at most; or of one verb on one URL.
Rules pieces_of(const Rule& rule) {
  Rules pieces;
  const auto add = [&](const std::string& verb, const std::string& group, const std::string& resource) {
    if (rule.names.empty()) return pieces.push_back({{verb}, {group}, {resource}, {}, {}});
    for (const auto& name : rule.names) pieces.push_back({{verb}, {group}, {resource}, {name}, {}});
  };
  for (const auto& group : rule.groups) {
    for (const auto& resource : rule.resources) {
      for (const auto& verb : rule.verbs) add(verb, group, resource);
    }
  }
  for (const auto& url : rule.urls) {
    for (const auto& verb : rule.verbs) pieces.push_back({{verb}, {}, {}, {}, {url}});
  }
  return pieces;
}

bool covers_resources(const Texts& held, const Texts& wanted) {
  if (has(held, "*") || has_all(held, wanted)) return true;
  return std::ranges::all_of(wanted, [&](const std::string& resource) {
    const auto slash = resource.find('/');
    return has(held, resource) || (slash != std::string::npos && has(held, "*" + resource.substr(slash)));
  });
}

bool covers_urls(const Texts& held, const Texts& wanted) {
  return std::ranges::all_of(wanted, [&](std::string_view url) {
    return std::ranges::any_of(held, [&](std::string_view own) {
      if (own == "*" || own == url) return true;
      return own.ends_with('*') && url.starts_with(own.substr(0, own.size() - 1));
    });
  });
}

bool covers(const Rule& held, const Rule& piece) {
  const bool names = piece.names.empty() ? held.names.empty() : held.names.empty() || has_all(held.names, piece.names);
  return (has(held.verbs, "*") || has_all(held.verbs, piece.verbs)) &&
         (has(held.groups, "*") || has_all(held.groups, piece.groups)) &&
         covers_resources(held.resources, piece.resources) && names && covers_urls(held.urls, piece.urls);
}

std::string quoted(const Texts& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "\"" : " \"") + text + "\"";
  return "[" + list + "]";
}

std::string line_of(const Rule& rule) {
  std::string line;
  const auto add = [&](const char* name, const Texts& texts) {
    if (!texts.empty()) line += (line.empty() ? "" : ", ") + std::string(name) + ":" + quoted(texts);
  };
  add("APIGroups", rule.groups);
  add("Resources", rule.resources);
  add("NonResourceURLs", rule.urls);
  add("ResourceNames", rule.names);
  add("Verbs", rule.verbs);
  return "{" + line + "}";
}

}  // namespace

Rules rules_from(const doc::Value& list) {
  Rules rules;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& rule = list[i];
    rules.push_back({texts_of(rule["verbs"]), texts_of(rule["apiGroups"]), texts_of(rule["resources"]),
                     texts_of(rule["resourceNames"]), texts_of(rule["nonResourceURLs"])});
  }
  return rules;
}

doc::Value to_value(const Rule& rule) {
  doc::Object value;
  if (!rule.groups.empty()) value.append("apiGroups", array_of(rule.groups));
  if (!rule.urls.empty()) value.append("nonResourceURLs", array_of(rule.urls));
  if (!rule.names.empty()) value.append("resourceNames", array_of(rule.names));
  if (!rule.resources.empty()) value.append("resources", array_of(rule.resources));
  value.append("verbs", array_of(rule.verbs));
  return value;
}

bool allows(const Rule& rule, const Attributes& wanted) {
  if (!has(rule.verbs, "*") && !has(rule.verbs, wanted.verb)) return false;
  if (!wanted.is_resource) return matches_url(rule, wanted.path);
  return (has(rule.groups, "*") || has(rule.groups, wanted.group)) && matches_resource(rule, wanted) &&
         (rule.names.empty() || has(rule.names, wanted.name));
}

bool allows(const Rules& rules, const Attributes& wanted) {
  return std::ranges::any_of(rules, [&](const Rule& rule) { return allows(rule, wanted); });
}

Rules missing(const Rules& held, const Rules& wanted) {
  Rules lacking;
  for (const auto& rule : wanted) {
    for (auto& piece : pieces_of(rule)) {
      const bool is_held = std::ranges::any_of(held, [&](const Rule& own) { return covers(own, piece); });
      if (!is_held) lacking.push_back(std::move(piece));
    }
  }
  return lacking;
}

std::string render(const Rules& rules) {
  Rules together;
  for (const auto& rule : rules) {
    const auto same = std::ranges::find_if(together, [&](const Rule& other) {
      return other.groups == rule.groups && other.resources == rule.resources && other.names == rule.names &&
             other.urls == rule.urls;
    });
    if (same == together.end()) {
      together.push_back(rule);
      continue;
    }
    for (const auto& verb : rule.verbs) {
      if (!has(same->verbs, verb)) same->verbs.push_back(verb);
    }
  }
  Texts lines;
  for (const auto& rule : together) lines.push_back(line_of(rule));
  std::ranges::sort(lines);
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace slipway::objects::rbac

#include "core/ids.hpp"

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace slipway::core {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_label_char(char c) { return is_lower(c) || is_digit(c); }

constexpr std::size_t longest_label = 63;

}  // namespace

bool is_dns_label(std::string_view name) {
  if (name.empty() || name.size() > longest_label) return false;
  if (!is_label_char(name.front()) || !is_label_char(name.back())) return false;
  for (char c : name) {
    if (!is_label_char(c) && c != '-') return false;
  }
  return true;
}

bool is_dns_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  // Kubernetes limits the whole, not each part.
  std::size_t start = 0;
  while (true) {
    const std::size_t dot = name.find('.', start);
    const std::string_view part = name.substr(start, dot == std::string_view::npos ? dot : dot - start);
    if (part.empty() || !is_label_char(part.front()) || !is_label_char(part.back())) return false;
    for (char c : part) {
      if (!is_label_char(c) && c != '-') return false;
    }
    if (dot == std::string_view::npos) return true;
    start = dot + 1;
  }
}

std::string to_dns_label(std::string_view text) {
  std::string label;
  bool exact = true;  // only dots were changed
  for (char c : text) {
    if (is_label_char(c) || c == '-') {
      label += c;
    } else if (c == '.') {
      label += '-';
    } else {
      exact = false;
      label += is_letter(c) ? lower(c) : '-';
    }
  }
  exact = exact && label.size() <= longest_label && is_dns_label(label) && is_lower(label.front());
  if (exact) return label;
  const std::size_t first = label.find_first_not_of('-');
  label.erase(0, first == std::string::npos ? label.size() : first);
  if (label.empty() || !is_lower(label.front())) label.insert(0, "x");
  label.resize(std::min(label.size(), longest_label - 11));
  while (label.back() == '-') label.pop_back();
  return label + "-" + short_hash(text);
}

std::string short_hash(std::string_view text) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::uint64_t hash = 14695981039346656037ULL;
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  std::string out;
  for (int i = 0; i < 10; ++i) {
    out += alphabet[hash % alphabet.size()];
    hash /= alphabet.size();
  }
  return out;
}

}  // namespace slipway::core

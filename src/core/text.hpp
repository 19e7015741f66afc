#pragma once
// Letters, digits and blanks of ASCII, which is what protocols and file formats mean by them. Pure; safe from any
// thread. Not for people's text: nothing here knows a locale or UTF-8.

#include <string>
#include <string_view>

namespace slipway::core {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string in_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// `text` without the `blanks` at both ends; a part of `text`, so it lives no longer.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t");

}  // namespace slipway::core

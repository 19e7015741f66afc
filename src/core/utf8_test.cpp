#include "core/utf8.hpp"

#include <doctest/doctest.h>

using namespace slipway::core;

TEST_CASE("characters are told from bytes that are none") {
  for (const char32_t c :
       {U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xd7ff', U'\xe000', U'\xffff', U'\x10000', U'\x10ffff'}) {
    std::string text;
    append_utf8(text, c);
    CAPTURE(text);
    CHECK(character_length(text + "a") == text.size());
    CHECK(find_invalid_utf8(text + text) == std::string_view::npos);
    if (text.size() == 1) continue;
    CHECK(character_length(text.substr(0, text.size() - 1)) == 0);
    CHECK(find_invalid_utf8(std::string(40, 'a') + text.substr(1)) == 40);
  }
  for (const char* none :
       {"", "\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF"})
    CHECK(character_length(none) == 0);
}

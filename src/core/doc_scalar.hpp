#pragma once
// What a plain word of YAML means, and how numbers and strings are spelled. Shared by the parsers and renderers of
// core; others use doc.hpp.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::core::doc {

constexpr int depth_limit = 200;  // of arrays and objects inside each other

// YAML 1.2 core schema, without its traps: numbers with leading zeros ("010"), sexagesimals ("12:30") and words that
// only YAML 1.1 took for booleans (yes, no, on, off) stay strings, and so do .inf and .nan, which JSON cannot say.
Value resolve_plain(std::string_view text);
// True when this string, written plain, would be something else to us or to a YAML 1.1 reader.
bool looks_typed(std::string_view text);

// The shortest text that reads back as the same double, laid out as ECMAScript does; "null" for what JSON cannot say.
std::string render_number(double number);
// A scalar's text: as it stands in its file when it has a mark there ("1.10" stays "1.10"), else as JSON spells it.
std::string text_as_written(const Value& scalar);

// How many characters at the beginning of `text` stand in JSON's quotes as they are: ASCII without '"', '\\' and
// controls.
std::size_t plain_run(std::string_view text);
// Appends `text` in JSON quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// A mark at a byte offset of the source.
Mark mark_at(std::shared_ptr<const Source> source, std::size_t offset, std::size_t length = 1);

}  // namespace slipway::core::doc

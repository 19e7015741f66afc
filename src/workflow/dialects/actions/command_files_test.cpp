#include <doctest/doctest.h>

#include "workflow/dialects/actions/command_files.hpp"

using namespace slipway::workflow::actions;

namespace {
std::string read(std::string_view text) {
  const auto parsed = parse_assignments(text, "GITHUB_OUTPUT");
  if (!parsed) return parsed.error().message;
  std::string result;
  for (const auto& [name, value] : *parsed) result += name + "[" + value + "]";
  return result;
}
}  // namespace

TEST_CASE("GITHUB_OUTPUT is read as the runner reads it") {
  CHECK(read("") == "");
  CHECK(read("a=1\nb=x=y\r\n\nempty=\n") == "a[1]b[x=y]empty[]");
  CHECK(read("text<<EOF\none\n\n two=2\nEOF\nafter=1") == "text[one\n\n two=2]after[1]");
  CHECK(read("none<<E\nE\n") == "none[]");
  CHECK(read("a=b<<c") == "a[b<<c]");
  CHECK(read("nonsense") == "unable to process GITHUB_OUTPUT: Invalid format 'nonsense'");
  CHECK(read("a<<EOF\nnever") == "unable to process GITHUB_OUTPUT: Invalid value. Matching delimiter not found 'EOF'");
  CHECK(read("=x") == "unable to process GITHUB_OUTPUT: Invalid format '=x'. Name must not be empty");
}

TEST_CASE("GITHUB_PATH has one directory a line") {
  CHECK(parse_lines("/a\n\n/b\r\n") == std::vector<std::string>{"/a", "/b"});
}

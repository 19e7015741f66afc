// Any text must parse or be refused with a message, and what parses must evaluate or fail with one.

#include "expr/github.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace slipway::expr::github;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const Allowed allowed{{"github", "env"}, true};
  const slipway::doc::Value contexts = slipway::doc::Object{
      {"github", slipway::doc::Object{{"ref", "refs/heads/main"}, {"list", slipway::doc::Array{1, "a", nullptr}}}},
      {"env", slipway::doc::Object{{"A", "b"}}}};
  const Scope scope{&contexts.as_object()};
  if (const auto parsed = parse_template(text, {}, allowed)) (void)evaluate(*parsed, scope);
  if (const auto parsed = parse_condition(text, {}, allowed)) (void)evaluate_condition(*parsed, scope);
  return 0;
}

// Any text must compile or be refused with a message, and what compiles must evaluate or fail with one, within its
// cost. The first line is the expression, the rest, when it is JSON, the document.

#include "core/doc.hpp"
#include "expr/cel/program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace slipway;
  using namespace slipway::expr::cel;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto rest = text.substr(std::min(end + 1, text.size()));
  const auto parsed = doc::parse_json(rest);
  const doc::Value document =
      parsed ? *parsed : doc::Value(doc::Object{{"a", 1}, {"b", doc::Array{1.5, "x", nullptr, true}}});
  const auto program = compile(text.substr(0, end), Declarations().add("self"));
  if (!program) {
    (void)render_mistakes(program.error());
    return 0;
  }
  (void)program->estimated_cost();
  Budget budget(100'000, 100'000);
  const auto value = program->evaluate(Bindings().document("self", document), budget);
  if (value) (void)to_document(*value);
  return 0;
}

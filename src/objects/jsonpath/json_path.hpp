#pragma once
// JsonPath: where a value stands in a document, as printer columns, selectable fields and kubectl say it:
// ".spec.color",
// ".status.conditions[?(@.type==\"Ready\")].status", ".metadata.annotations['a\.b/c']". The dialect is that of
// k8s.io/client-go/util/jsonpath inside one pair of braces, with its surprises: a dot inside quotes separates keys
// unless a backslash stands before it, an index that is out of bounds is an error, a missing key is not. Not RFC 9535;
// not the templates of kubectl (range, end, text). Immutable once parsed, safe from any thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::jsonpath {

struct Step;

class JsonPath {
 public:
  // invalid_argument with the place in the text, in client-go's words where it has some.
  static Result<JsonPath> parse(std::string_view text);

  // The values in the order of the document; none where a key is missing. They live as long as the document and this
  // path do. invalid_argument: an index out of bounds, a list wanted and something else found, values that cannot be
  // compared, more than kMaxFound values.
  static constexpr std::size_t kMaxFound = 100'000;
  Result<std::vector<const doc::Value*>> find(const doc::Value& document) const;

  // The first of them as printer columns take it; nullptr where nothing is found or find() fails.
  const doc::Value* find_first(const doc::Value& document) const;

  const std::string& text() const { return text_; }

 private:
  JsonPath() = default;
  std::string text_;
  std::shared_ptr<const std::vector<Step>> steps_;
};

}  // namespace slipway::objects::jsonpath

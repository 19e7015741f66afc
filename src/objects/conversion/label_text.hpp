#pragma once
// Labels and label selectors as the server writes them: in Scale's status.selector, in columns of tables. Pure.

#include <string>

#include "core/doc.hpp"

namespace slipway::objects::conversion {

// A LabelSelector as a selector's text: "app=web,tier in (a,b),!legacy", sorted by key; "" for one that is absent or
// empty. invalid_argument when an expression is none.
Result<std::string> selector_text(const doc::Value& label_selector);

// A map as "a=1,b=2", sorted; "" when there is nothing.
std::string labels_text(const doc::Value& labels);

}  // namespace slipway::objects::conversion

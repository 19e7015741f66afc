#pragma once
// Numbers of expression languages as text. Not for YAML or JSON: core/doc.hpp reads those.

#include <optional>
#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::expr {

// Decimal with exponent, 0x and 0o, [+-]Infinity, NaN; nullopt for anything else. No surrounding space.
std::optional<double> parse_number(std::string_view text);
// At most 15 significant digits, as .NET's "G15" and Go's shortest form agree for everyday numbers: 3, 0.5, 1E+20.
std::string render_number(double number);
// An integer Value when the number is one exactly, else a double.
core::doc::Value number_value(double number);

}  // namespace slipway::expr

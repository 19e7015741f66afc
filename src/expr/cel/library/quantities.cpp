// Kubernetes' quantity library. Kept in billionths, the finest that Kubernetes keeps, up to 2^63.

#include "core/quantity.hpp"
#include "core/text.hpp"
#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

__extension__ typedef __int128 Wide;
constexpr Wide one = 1'000'000'000;
constexpr Wide largest = (static_cast<Wide>(INT64_MAX) + 1) * one;  // beyond what asInteger() gives

class Amount : public Opaque {
 public:
  explicit Amount(Wide value) : billionths(value) {}
  std::string_view type_name() const override { return "kubernetes.Quantity"; }
  bool equals(const Opaque& other) const override { return static_cast<const Amount&>(other).billionths == billionths; }
  Wide billionths;
};

// How many billionths `text`, which core::Quantity has accepted, is; rounded away from zero, capped.
Wide billionths_of(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  Wide number = 0;
  int power = 9;
  bool decimals = false;
  bool lost = false;
  constexpr Wide plenty = largest * 1000;
  std::size_t i = 0;
  for (; i < text.size() && (core::is_digit(text[i]) || text[i] == '.'); ++i) {
    if (text[i] == '.') {
      decimals = true;
    } else if (number > plenty) {
      lost = lost || text[i] != '0';
      power += decimals ? 0 : 1;
    } else {
      number = number * 10 + (text[i] - '0');
      power -= decimals ? 1 : 0;
    }
  }
  const auto suffix = text.substr(i);
  if (suffix.ends_with('i')) {
    const auto steps = std::string_view("KMGTPE").find(suffix[0]) + 1;
    for (std::size_t step = 0; step < steps && number < plenty; ++step) number *= 1024;
  } else if (suffix.size() == 1) {
    constexpr std::string_view letters = "num kMGTPE";
    power += 3 * static_cast<int>(letters.find(suffix[0])) - 9;
  } else if (!suffix.empty()) {
    int exponent = 0;
    for (const char c : suffix.substr(1)) {
      if (core::is_digit(c) && exponent < 10'000) exponent = exponent * 10 + (c - '0');
    }
    power += suffix[1] == '-' ? -exponent : exponent;
  }
  for (; power > 0 && number != 0 && number <= plenty; --power) number *= 10;
  for (; power < 0 && number != 0; ++power) {
    lost = lost || number % 10 != 0;
    number /= 10;
  }
  if (lost) number += 1;
  number = std::min(number, largest);
  return negative ? -number : number;
}

Wide amount(const Call& call, std::size_t index) { return opaque_as<Amount>(call[index]).billionths; }

Value of_text(const Call& call) {
  const auto parsed = core::Quantity::parse(call.text(0));
  if (!parsed) return Value::failure(parsed.error().message);
  return make_opaque(Amount(billionths_of(call.text(0))));
}
Value is_quantity(const Call& call) { return Value(core::Quantity::parse(call.text(0)).has_value()); }

int order(Wide a, Wide b) { return a < b ? -1 : a > b ? 1 : 0; }
Value sign(const Call& call) { return Value(std::int64_t{order(amount(call, 0), 0)}); }
Value is_greater(const Call& call) { return Value(amount(call, 0) > amount(call, 1)); }
Value is_less(const Call& call) { return Value(amount(call, 0) < amount(call, 1)); }
Value compare_to(const Call& call) { return Value(std::int64_t{order(amount(call, 0), amount(call, 1))}); }
Value add(const Call& call) { return make_opaque(Amount(amount(call, 0) + amount(call, 1))); }
Value add_int(const Call& call) { return make_opaque(Amount(amount(call, 0) + call.integer(1) * one)); }
Value subtract(const Call& call) { return make_opaque(Amount(amount(call, 0) - amount(call, 1))); }
Value subtract_int(const Call& call) { return make_opaque(Amount(amount(call, 0) - call.integer(1) * one)); }

bool whole(Wide value) { return value % one == 0 && value / one <= INT64_MAX && value / one >= INT64_MIN; }
Value is_integer(const Call& call) { return Value(whole(amount(call, 0))); }
Value as_integer(const Call& call) {
  const auto value = amount(call, 0);
  return whole(value) ? Value(static_cast<std::int64_t>(value / one))
                      : Value::failure("cannot convert value to integer");
}
Value as_float(const Call& call) {
  const auto value = amount(call, 0);
  if (value % one == 0) return Value(static_cast<double>(value / one));
  return Value(static_cast<double>(value) / 1e9);
}

constexpr Line lines[] = {
    {"quantity(string): quantity", of_text, Cost::text},
    {"isQuantity(string): bool", is_quantity, Cost::text},
    {"sign(quantity): int", sign},
    {"quantity->isGreaterThan(quantity): bool", is_greater},
    {"quantity->isLessThan(quantity): bool", is_less},
    {"quantity->compareTo(quantity): int", compare_to},
    {"quantity->asApproximateFloat(): double", as_float},
    {"quantity->asInteger(): int", as_integer},
    {"quantity->isInteger(): bool", is_integer},
    {"quantity->add(quantity): quantity", add},
    {"quantity->add(int): quantity", add_int},
    {"quantity->sub(quantity): quantity", subtract},
    {"quantity->sub(int): quantity", subtract_int},
};

}  // namespace

Library quantities() { return lines; }

}  // namespace slipway::expr::cel::library

#include "expr/cel/value.hpp"

#include "core/digest.hpp"
#include "expr/cel/map.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel {

Value Value::string(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  return Value(Text{view, std::move(owner)});
}

Value Value::bytes(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *owner;
  return Value(Bytes{view, std::move(owner)});
}

Value Value::list(std::vector<Value> elements) {
  List list;
  list.made = std::make_shared<const std::vector<Value>>(std::move(elements));
  return Value(std::move(list));
}

Value Value::failure(std::string message) {
  Value value;
  value.data_ = std::make_shared<const Failure>(Failure{std::move(message)});
  return value;
}

Value Value::failure_at(const Failure& failure, std::uint32_t offset) {
  Value value;
  value.data_ = std::make_shared<const Failure>(Failure{failure.message, offset, failure.limit});
  return value;
}

Value Value::cost_limit() {
  Value value;
  value.data_ = std::make_shared<const Failure>(Failure{"operation cancelled: actual cost limit exceeded", 0, true});
  return value;
}

namespace {

// What a document writes as text and its type reads as something else; nullopt: it is text.
std::optional<Value> value_of_text(const std::string& text, Kind kind) {
  if (kind == Kind::timestamp) {
    if (const auto time = parse_date(text)) return Value(*time);
    return Value::failure("\"" + text + "\" is not a time");
  }
  if (kind == Kind::duration) {
    if (const auto duration = parse_duration(text)) return Value(*duration);
    return Value::failure("\"" + text + "\" is not a duration");
  }
  if (kind == Kind::bytes) {
    if (auto bytes = base64_decode(text)) return Value::bytes(std::move(*bytes));
    return Value::failure("\"" + text + "\" is not base64");
  }
  return std::nullopt;
}

}  // namespace

Value Value::of(const doc::Value& document, Declared declared) {
  switch (document.type()) {
    case doc::Type::null:
      return {};
    case doc::Type::boolean:
      return Value(document.as_bool());
    case doc::Type::integer:
      if (declared.source != nullptr && declared.kind() == Kind::number) return Value(document.as_double());
      if (declared.source != nullptr && declared.kind() == Kind::uinteger && document.as_int() >= 0) {
        return Value(static_cast<std::uint64_t>(document.as_int()));
      }
      return Value(document.as_int());
    case doc::Type::number:
      return Value(document.as_double());
    case doc::Type::string:
      if (declared.source != nullptr) {
        if (auto read = value_of_text(document.as_string(), declared.kind())) return std::move(*read);
      }
      return Value(Text{document.as_string(), nullptr});
    case doc::Type::array: {
      List list;
      list.document = &document.as_array();
      if (declared.source != nullptr && declared.kind() == Kind::list) list.declared = declared;
      return Value(std::move(list));
    }
    case doc::Type::object: {
      Map map;
      map.document = &document.as_object();
      if (declared.kind() == Kind::object || declared.kind() == Kind::map) map.declared = declared;
      return Value(std::move(map));
    }
  }
  return {};
}

Kind Value::kind() const {
  static constexpr Kind kinds[] = {Kind::null,   Kind::boolean,  Kind::integer,   Kind::uinteger, Kind::number,
                                   Kind::string, Kind::bytes,    Kind::timestamp, Kind::duration, Kind::list,
                                   Kind::map,    Kind::optional, Kind::type,      Kind::opaque,   Kind::dyn};
  return kinds[data_.index()];
}

std::string Value::type_name() const {
  switch (kind()) {
    case Kind::null:
      return "null_type";
    case Kind::timestamp:
      return "google.protobuf.Timestamp";
    case Kind::duration:
      return "google.protobuf.Duration";
    case Kind::list:
      return "list";
    case Kind::map: {
      const auto& map = *get<Map>();
      return map.declared.source != nullptr && map.declared.kind() == Kind::object ? "object" : "map";
    }
    case Kind::optional:
      return "optional_type";
    case Kind::opaque:
      return std::string((*get<std::shared_ptr<const Opaque>>())->type_name());
    case Kind::dyn:
      return "error";
    default:
      return Type(kind()).render();
  }
}

Result<doc::Value> to_document(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return doc::Value();
    case Kind::boolean:
      return doc::Value(value.as_bool());
    case Kind::integer:
      return doc::Value(*value.get<std::int64_t>());
    case Kind::uinteger:
      if (*value.get<std::uint64_t>() > INT64_MAX) return doc::Value(static_cast<double>(*value.get<std::uint64_t>()));
      return doc::Value(*value.get<std::uint64_t>());
    case Kind::number:
      return doc::Value(*value.get<double>());
    case Kind::string:
      return doc::Value(value.as_string());
    case Kind::bytes:
      return doc::Value(core::base64(value.get<Bytes>()->view));
    case Kind::timestamp:
      return doc::Value(render_timestamp(*value.get<Timestamp>()));
    case Kind::duration:
      return doc::Value(render_duration(*value.get<std::chrono::nanoseconds>()));
    case Kind::list: {
      doc::Array out;
      const auto& list = *value.get<List>();
      for (std::size_t i = 0; i < list.size(); ++i) {
        TRY_ASSIGN(auto element, to_document(list.at(i)));
        out.push_back(std::move(element));
      }
      return doc::Value(std::move(out));
    }
    case Kind::map: {
      doc::Object out;
      for (const auto& [key, element] : entries_of(*value.get<Map>())) {
        if (!key.is_string()) return fail(Code::invalid_argument, "a map with other keys than text has no JSON form");
        TRY_ASSIGN(auto converted, to_document(element));
        out.append(std::string(key.as_string()), std::move(converted));
      }
      return doc::Value(std::move(out));
    }
    case Kind::optional: {
      const auto& held = value.get<Optional>()->held;
      if (held == nullptr) return doc::Value();
      return to_document(*held);
    }
    default:
      if (value.is_failure()) return fail(Code::invalid_argument, value.failure_of().message);
      return fail(Code::invalid_argument, "a value of type " + value.type_name() + " has no JSON form");
  }
}

}  // namespace slipway::expr::cel

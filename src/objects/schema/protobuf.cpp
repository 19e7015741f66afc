#include "objects/schema/protobuf.hpp"

#include <bit>

#include "core/digest.hpp"
#include "core/time.hpp"
#include "core/utf8.hpp"
#include "objects/schema/protobuf_wire.hpp"

namespace slipway::objects::schema {

namespace {

constexpr std::string_view magic("k8s\0", 4);

struct TypeMeta {
  std::string api_version;  // "apps/v1"
  std::string kind;
};

struct Envelope {
  TypeMeta meta;
  std::string_view raw;
  std::size_t raw_offset = 0;
  std::string content_type;
};

Result<Envelope> read_envelope(std::string_view body, std::size_t base) {
  if (!is_protobuf(body)) return wire_error(base, "the body does not begin with \"k8s\\0\"");
  Envelope envelope;
  WireReader reader(body.substr(magic.size()), base + magic.size());
  while (!reader.at_end()) {
    TRY_ASSIGN(const WireField field, reader.next());
    if (field.type != WireType::bytes) continue;
    if (field.number == 1) {
      WireReader meta(field.bytes, field.offset);
      while (!meta.at_end()) {
        TRY_ASSIGN(const WireField part, meta.next());
        if (part.number == 1) envelope.meta.api_version = part.bytes;
        if (part.number == 2) envelope.meta.kind = part.bytes;
      }
    } else if (field.number == 2) {
      envelope.raw = field.bytes;
      envelope.raw_offset = field.offset;
    } else if (field.number == 3 && !field.bytes.empty()) {
      return wire_error(field.offset, "content encoding \"" + std::string(field.bytes) + "\" is not known");
    } else if (field.number == 4) {
      envelope.content_type = field.bytes;
    }
  }
  return envelope;
}

bool is_message(const Type& type) {
  switch (type.shape) {
    case Shape::object:
    case Shape::any:
    case Shape::int_or_string:
    case Shape::quantity:
    case Shape::time:
    case Shape::micro_time:
    case Shape::duration:
      return true;
    default:
      return type.wire != Wire::plain;
  }
}

// What a field that is not on the wire is.
doc::Value zero_of(const Type& type) {
  switch (type.shape) {
    case Shape::object:
    case Shape::map:
      return doc::Object();
    case Shape::list:
      return doc::Array();
    case Shape::string:
    case Shape::bytes:
      return "";
    case Shape::integer:
      return 0;
    case Shape::number:
      return 0.0;
    case Shape::boolean:
      return false;
    case Shape::quantity:
      return "0";
    default:
      return nullptr;
  }
}

bool is_zero(const doc::Value& value) {
  switch (value.type()) {
    case doc::Type::boolean:
      return !value.as_bool();
    case doc::Type::integer:
      return value.as_int() == 0;
    case doc::Type::number:
      return value.as_double() == 0;
    case doc::Type::string:
      return value.as_string().empty();
    default:
      return false;
  }
}

class Decoder {
 public:
  Decoder(const Registry& registry, ProtobufLimits limits) : registry_(registry), limits_(limits) {}

  Result<doc::Value> decode_body(std::string_view body, std::size_t base, const Type* expected) {
    TRY_ASSIGN(const Envelope envelope, read_envelope(body, base));
    const TypeMeta& meta = envelope.meta;
    if (envelope.content_type == "application/json") return doc::parse_json(envelope.raw, "<request body>");
    const Type* type = meta.kind.empty() ? expected : registry_.find_body(meta.api_version, meta.kind);
    if (!type) {
      return fail(Code::invalid_argument,
                  "no kind \"" + meta.kind + "\" is registered for version \"" + meta.api_version + "\"",
                  "custom resources are sent as JSON");
    }
    doc::Object object;
    if (!meta.api_version.empty()) object.append("apiVersion", meta.api_version);
    if (!meta.kind.empty()) object.append("kind", meta.kind);
    TRY(read_fields(object, envelope.raw, envelope.raw_offset, *type));
    return doc::Value(std::move(object));
  }

  Result<doc::Value> decode_message(std::string_view bytes, std::size_t base, const Type& type) {
    if (++depth_ > limits_.depth) return wire_error(base, "messages nested too deep");
    auto value = read_message(bytes, base, type);
    --depth_;
    return value;
  }

 private:
  Result<doc::Value> read_message(std::string_view bytes, std::size_t base, const Type& type) {
    if (type.wire == Wire::wrapped) return read_wrapped(bytes, base, type);
    if (type.wire != Wire::plain) return read_choice(bytes, base, type);
    switch (type.shape) {
      case Shape::object: {
        doc::Object object;
        TRY(read_fields(object, bytes, base, type));
        return doc::Value(std::move(object));
      }
      case Shape::any:
        return read_raw(bytes, base);
      default:
        return read_special(bytes, base, type);
    }
  }

  Result<> read_fields(doc::Object& object, std::string_view bytes, std::size_t base, const Type& type) {
    WireReader reader(bytes, base);
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField wire, reader.next());
      if (const Field* field = find(type.fields, wire.number)) {
        TRY(read_field(object, wire, *field));
      } else if (const Field* part = find(type.inlined, wire.number); part && wire.type == WireType::bytes) {
        if (++depth_ > limits_.depth) return wire_error(base, "messages nested too deep");
        TRY(read_fields(object, wire.bytes, wire.offset, *part->type));
        --depth_;
      }
    }
    return {};
  }

  static const Field* find(const std::vector<Field>& fields, std::uint32_t number) {
    for (const Field& field : fields) {
      if (field.number == number) return &field;
    }
    return nullptr;
  }

  Result<> read_field(doc::Object& object, const WireField& wire, const Field& field) {
    const Type& type = *field.type;
    if (type.shape == Shape::list && type.wire == Wire::plain) return read_elements(object[field.name], wire, type);
    if (type.shape == Shape::map) return read_entry(object[field.name], wire, *type.element);
    TRY_ASSIGN(doc::Value value, read_value(wire, type));
    if (value.is_null() || (!field.keep_zero && is_zero(value))) return {};
    object.set(field.name, std::move(value));
    return {};
  }

  Result<> read_elements(doc::Value& list, const WireField& wire, const Type& type) {
    if (list.is_null()) list = doc::Array();
    const Type& element = *type.element;
    const bool packable = element.shape == Shape::integer || element.shape == Shape::boolean;
    if (packable && wire.type == WireType::bytes) {
      WireReader reader(wire.bytes, wire.offset);
      while (!reader.at_end()) {
        TRY_ASSIGN(const std::uint64_t number, reader.varint());
        const WireField one{wire.number, WireType::varint, number, {}, reader.offset()};
        TRY_ASSIGN(list.as_array().emplace_back(), read_value(one, element));
      }
      return {};
    }
    TRY_ASSIGN(list.as_array().emplace_back(), read_value(wire, element));
    return {};
  }

  Result<> read_entry(doc::Value& map, const WireField& wire, const Type& element) {
    if (wire.type != WireType::bytes) return wrong_type(wire);
    if (map.is_null()) map = doc::Object();
    std::string key;
    doc::Value value = zero_of(element);
    WireReader reader(wire.bytes, wire.offset);
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField part, reader.next());
      if (part.number == 1) {
        TRY_ASSIGN(key, read_text(part));
      } else if (part.number == 2) {
        TRY_ASSIGN(value, read_value(part, element));
      }
    }
    // Keys come sorted from Go's encoder; a look at the last one is enough to append most of the time.
    doc::Object& object = map.as_object();
    if (object.empty() || (object.end() - 1)->first < key) {
      object.append(std::move(key), std::move(value));
    } else {
      if (object.size() > most_unsorted) return wire_error(wire.offset, "a large map is not sorted");
      object.set(key, std::move(value));
    }
    return {};
  }

  Result<doc::Value> read_value(const WireField& wire, const Type& type) {
    if (++values_ > limits_.values)
      return wire_error(wire.offset, "more than " + std::to_string(limits_.values) + " values");
    if (is_message(type)) {
      if (wire.type != WireType::bytes) return wrong_type(wire);
      return decode_message(wire.bytes, wire.offset, type);
    }
    switch (type.shape) {
      case Shape::string: {
        TRY_ASSIGN(std::string text, read_text(wire));
        return doc::Value(std::move(text));
      }
      case Shape::bytes:
        if (wire.type != WireType::bytes) return wrong_type(wire);
        return doc::Value(core::base64(wire.bytes));
      case Shape::integer:
        if (wire.type != WireType::varint) return wrong_type(wire);
        if (type.format == "int32")
          return doc::Value(static_cast<std::int64_t>(static_cast<std::int32_t>(wire.scalar)));
        return doc::Value(static_cast<std::int64_t>(wire.scalar));
      case Shape::boolean:
        if (wire.type != WireType::varint) return wrong_type(wire);
        return doc::Value(wire.scalar != 0);
      case Shape::number:
        if (wire.type != WireType::fixed64) return wrong_type(wire);
        return doc::Value(std::bit_cast<double>(wire.scalar));
      default:
        return wrong_type(wire);
    }
  }

  Result<std::string> read_text(const WireField& wire) {
    if (wire.type != WireType::bytes) return wrong_type(wire);
    const std::size_t invalid = core::find_invalid_utf8(wire.bytes);
    if (invalid != std::string_view::npos) return wire_error(wire.offset + invalid, "a string is not UTF-8");
    return std::string(wire.bytes);
  }

  // Times, durations, quantities, IntOrString: all have one to three numbers or strings.
  Result<doc::Value> read_special(std::string_view bytes, std::size_t base, const Type& type) {
    std::int64_t numbers[4] = {};
    std::string text;
    WireReader reader(bytes, base);
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField field, reader.next());
      if (field.type == WireType::varint && field.number < 4) {
        numbers[field.number] = static_cast<std::int64_t>(field.scalar);
      } else if (field.type == WireType::bytes) {
        TRY_ASSIGN(text, read_text(field));
      }
    }
    switch (type.shape) {
      case Shape::int_or_string:  // {type, intVal, strVal}
        if (numbers[1] == 0) return doc::Value(static_cast<std::int64_t>(static_cast<std::int32_t>(numbers[2])));
        return doc::Value(std::move(text));
      case Shape::quantity:
        return doc::Value(text.empty() ? std::string("0") : std::move(text));
      case Shape::duration:  // nanoseconds
        return doc::Value(core::render_go_duration(core::Duration(numbers[1] / 1000)));
      default:
        break;
    }
    if (bytes.empty()) return doc::Value();                            // the zero time
    constexpr std::int64_t first = -62135596800, last = 253402300799;  // the years 1 to 9999
    if (numbers[1] < first || numbers[1] > last || numbers[2] < 0 || numbers[2] > 999'999'999)
      return wire_error(base, "a time is out of range");
    const core::Time time(std::chrono::seconds(numbers[1]) + core::Duration(numbers[2] / 1000));
    return doc::Value(type.shape == Shape::time ? core::render_rfc3339(time) : core::render_rfc3339_micro(time));
  }

  // RawExtension, FieldsV1, JSON: a message around JSON, or around an object in protobuf.
  Result<doc::Value> read_raw(std::string_view bytes, std::size_t base) {
    WireReader reader(bytes, base);
    doc::Value value;
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField field, reader.next());
      if (field.number != 1 || field.type != WireType::bytes || field.bytes.empty()) continue;
      if (is_protobuf(field.bytes)) {
        if (++depth_ > limits_.depth) return wire_error(base, "messages nested too deep");
        TRY_ASSIGN(value, decode_body(field.bytes, field.offset, nullptr));
        --depth_;
      } else {
        TRY_ASSIGN(value, doc::parse_json(field.bytes, "<raw JSON in protobuf>"));
      }
    }
    return value;
  }

  Result<doc::Value> read_wrapped(std::string_view bytes, std::size_t base, const Type& type) {
    doc::Value list = doc::Array();
    WireReader reader(bytes, base);
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField field, reader.next());
      if (field.number == 1) TRY(read_elements(list, field, type));
    }
    return list;
  }

  // JSONSchemaPropsOr...: Array {1: schema, 2: schemas}, StringArray {1: schema, 2: strings}, Bool {1: allows, 2:
  // schema}.
  Result<doc::Value> read_choice(std::string_view bytes, std::size_t base, const Type& type) {
    const bool or_bool = type.wire == Wire::schema_or_bool;
    doc::Value schema, other;
    if (or_bool) other = false;
    WireReader reader(bytes, base);
    while (!reader.at_end()) {
      TRY_ASSIGN(const WireField field, reader.next());
      if (field.number == (or_bool ? 2u : 1u)) {
        TRY_ASSIGN(schema, read_value(field, *type.element));
      } else if (or_bool && field.number == 1) {
        other = field.scalar != 0;
      } else if (field.number == 2) {
        if (other.is_null()) other = doc::Array();
        if (type.wire == Wire::schema_or_array) {
          TRY_ASSIGN(other.as_array().emplace_back(), read_value(field, *type.element));
        } else {
          TRY_ASSIGN(other.as_array().emplace_back(), read_text(field));
        }
      }
    }
    return schema.is_null() ? std::move(other) : std::move(schema);
  }

  static std::unexpected<Error> wrong_type(const WireField& wire) {
    return wire_error(wire.offset,
                      "field " + std::to_string(wire.number) + " is of another wire type than its kind says");
  }

  static constexpr std::size_t most_unsorted = 10'000;  // finding a place in it takes a walk

  const Registry& registry_;
  ProtobufLimits limits_;
  std::size_t values_ = 0;
  int depth_ = 0;
};

}  // namespace

bool is_protobuf(std::string_view body) { return body.starts_with(magic); }

Result<doc::Value> decode_protobuf(std::string_view body, const Registry& registry, const Type* expected,
                                   ProtobufLimits limits) {
  return Decoder(registry, limits).decode_body(body, 0, expected);
}

Result<doc::Value> decode_message(std::string_view bytes, const Type& type, ProtobufLimits limits) {
  return Decoder(builtin(), limits).decode_message(bytes, 0, type);
}

}  // namespace slipway::objects::schema

#include "expr/cel/type.hpp"

namespace slipway::expr::cel {

namespace {

std::shared_ptr<const std::vector<Type>> parts_of(std::vector<Type> parts) {
  return std::make_shared<const std::vector<Type>>(std::move(parts));
}

}  // namespace

const std::vector<std::string>& TypeSource::keys(Handle) const {
  static const std::vector<std::string> none;
  return none;
}

Type Type::list(Type element) {
  Type type(Kind::list);
  type.parts_ = parts_of({std::move(element)});
  return type;
}

Type Type::map(Type key, Type value) {
  Type type(Kind::map);
  type.parts_ = parts_of({std::move(key), std::move(value)});
  return type;
}

Type Type::optional(Type of) {
  Type type(Kind::optional);
  type.parts_ = parts_of({std::move(of)});
  return type;
}

Type Type::type(Type of) {
  Type type(Kind::type);
  type.parts_ = parts_of({std::move(of)});
  return type;
}

Type Type::opaque(std::string_view name) {
  Type type(Kind::opaque);
  type.name_ = name;
  return type;
}

Type Type::parameter(std::string_view name) {
  Type type(Kind::parameter);
  type.name_ = name;
  return type;
}

Type Type::of(Declared declared) {
  const Kind kind = declared.kind();
  Type type(kind);
  if (kind == Kind::list) type = list(of(declared.element()));
  if (kind == Kind::map) type = map(Kind::string, of(declared.element()));
  type.declared_ = declared;
  return type;
}

std::string Type::render() const {
  switch (kind_) {
    case Kind::dyn:
      return "dyn";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::uinteger:
      return "uint";
    case Kind::number:
      return "double";
    case Kind::string:
      return "string";
    case Kind::bytes:
      return "bytes";
    case Kind::timestamp:
      return "timestamp";
    case Kind::duration:
      return "duration";
    case Kind::list:
      return parts() == 0 ? "list(dyn)" : "list(" + part(0).render() + ")";
    case Kind::map:
      return parts() == 0 ? "map(dyn, dyn)" : "map(" + part(0).render() + ", " + part(1).render() + ")";
    case Kind::object:
      return "object";
    case Kind::type:
      return parts() == 0 ? "type" : "type(" + part(0).render() + ")";
    case Kind::optional:
      return parts() == 0 ? "optional_type(dyn)" : "optional_type(" + part(0).render() + ")";
    case Kind::parameter:
    case Kind::opaque:
      return name_;
  }
  return "dyn";
}

}  // namespace slipway::expr::cel

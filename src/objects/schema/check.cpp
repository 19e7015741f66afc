#include <algorithm>

#include "objects/schema/decode.hpp"
#include "objects/schema/go_words.hpp"

namespace slipway::objects::schema {

namespace {

constexpr std::size_t most_findings = 100;

bool is_implied(const Type& type, std::string_view field) {
  return type.embedded_resource && (field == "apiVersion" || field == "kind" || field == "metadata");
}

class Checker {
 public:
  Findings run(const doc::Value& value, const Type& type) {
    visit(value, type);
    if (type.name.empty()) std::ranges::sort(findings_.strict);  // those of custom resources are told in order
    return std::move(findings_);
  }

 private:
  void visit(const doc::Value& value, const Type& type) {
    if (value.is_null()) return;
    switch (type.shape) {
      case Shape::any:
        return visit_any(value, type);
      case Shape::object:
        return visit_object(value, type);
      case Shape::map:
        if (!value.is_object()) return mistyped(value, type);
        for (const auto& [key, member] : value.as_object()) {
          const Step step(path_, key, '.');
          visit(member, *type.element);
        }
        return;
      case Shape::list:
        if (!value.is_array()) return mistyped(value, type);
        for (std::size_t i = 0; i < value.as_array().size(); ++i) {
          const Step step(path_, "[" + std::to_string(i) + "]", '\0');
          visit(value.as_array()[i], *type.element);
        }
        return;
      default:
        if (!is_go()) return;
        if (std::string problem = scalar_problem(value, type, where()); !problem.empty()) note(std::move(problem));
    }
  }

  // JSON has a schema, or something simpler in its place; only the schema has fields to be wrong about.
  void visit_any(const doc::Value& value, const Type& type) {
    if (type.wire == Wire::plain) {
      if (value.is_object() && !type.fields.empty()) visit_object(value, type);
      return;
    }
    if (value.is_object()) return visit(value, *type.element);
    if (type.wire != Wire::schema_or_array || !value.is_array()) return;
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      const Step step(path_, "[" + std::to_string(i) + "]", '\0');
      visit(value.as_array()[i], *type.element);
    }
  }

  void visit_object(const doc::Value& value, const Type& type) {
    if (!value.is_object()) {
      if (is_go() || !type.name.empty()) mistyped(value, type);
      return;
    }
    const Type* const outer = struct_;
    struct_ = &type;
    for (const auto& [key, member] : value.as_object()) {
      const Field* field = type.find(key);
      const Step step(path_, key, '.');
      if (field) {
        const Step go_step(go_path_, key, '.');
        visit(member, *field->type);
      } else if (!type.preserve_unknown && !is_implied(type, key) && findings_.strict.size() < most_findings) {
        findings_.strict.push_back("unknown field \"" + path_ + "\"");
      }
    }
    struct_ = outer;
  }

  // Inside a type of Kubernetes, which is read into a Go struct.
  bool is_go() const { return struct_ && !struct_->name.empty(); }

  std::string where() const {
    if (!struct_) return {};
    return struct_->name.substr(struct_->name.rfind('.') + 1) + "." + go_path_;
  }

  void mistyped(const doc::Value& value, const Type& type) {
    if (is_go() || !struct_) note(cannot_unmarshal(value, go_name(type), where()));
  }

  void note(std::string problem) {
    if (findings_.mistyped.empty()) findings_.mistyped = std::move(problem);
  }

  // One step down a path, taken back at the end of the scope.
  class Step {
   public:
    Step(std::string& path, std::string_view part, char separator) : path_(path), length_(path.size()) {
      if (separator && !path.empty()) path += separator;
      path += part;
    }
    ~Step() { path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    std::string& path_;
    std::size_t length_;
  };

  Findings findings_;
  std::string path_;     // spec.template.spec.containers[0].foo
  std::string go_path_;  // spec.template.spec.containers.foo
  const Type* struct_ = nullptr;
};

}  // namespace

Findings check(const doc::Value& value, const Type& type) { return Checker().run(value, type); }

Result<FieldValidation> parse_field_validation(std::string_view text) {
  if (text.empty() || text == "Warn") return FieldValidation::warn;
  if (text == "Ignore") return FieldValidation::ignore;
  if (text == "Strict") return FieldValidation::strict;
  return fail(Code::invalid_argument, "fieldValidation: Unsupported value: \"" + std::string(text) +
                                          "\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
}

Result<std::vector<std::string>> judge(const Findings& findings, FieldValidation how, std::string_view version,
                                       std::string_view kind) {
  std::string prefix;
  if (!kind.empty()) {
    const std::string name(kind);
    prefix = name + " in version \"" + std::string(version) + "\" cannot be handled as a " + name + ": ";
  }
  if (!findings.mistyped.empty()) return fail(Code::invalid_argument, prefix + findings.mistyped);
  if (how == FieldValidation::ignore) return std::vector<std::string>();
  if (how == FieldValidation::warn || findings.strict.empty()) return findings.strict;
  std::string sentence = prefix + "strict decoding error: ";
  for (const std::string& finding : findings.strict) {
    if (&finding != findings.strict.data()) sentence += ", ";
    sentence += finding;
  }
  return fail(Code::invalid_argument, std::move(sentence));
}

}  // namespace slipway::objects::schema

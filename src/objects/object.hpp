#pragma once
// Object: apiVersion, kind, metadata, spec, status; and Kind, what the store knows of each kind.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::objects {

// A kind of object. The constants are in kinds.hpp; a catalog has those of Kubernetes and of definitions beside.
struct Kind {
  std::string_view group;    // "" for core
  std::string_view version;  // the one it is stored and shown as
  std::string_view kind;     // "Pod"
  std::string_view plural;   // "pods"
  bool namespaced = true;

  std::string api_version() const;  // "v1", "apps/v1"
  bool operator==(const Kind& other) const { return group == other.group && kind == other.kind; }
};

// An apiVersion taken apart, as views into it: "apps" and "v1" of "apps/v1", "" and "v1" of "v1".
struct GroupVersion {
  std::string_view group, version;
};
GroupVersion group_version_of(std::string_view api_version);
GroupVersion group_version_of(std::string&&) = delete;

// A name inside a kind. `ns` is empty for cluster-wide kinds.
struct Name {
  std::string ns;
  std::string name;
  std::string text() const { return ns.empty() ? name : ns + "/" + name; }
  auto operator<=>(const Name&) const = default;
};

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  bool blocks_deletion = false;  // blockOwnerDeletion: the owner, when deleted in the foreground, waits
};

// A value: copy it, change it, hand it to Store::update. The accessors read the document; nothing is cached.
class Object {
 public:
  Object() = default;
  explicit Object(core::doc::Value document) : document_(std::move(document)) {}
  // A new one of this kind, without spec.
  static Object make(const Kind& kind, const Name& name);

  const core::doc::Value& document() const { return document_; }
  core::doc::Value& document() { return document_; }

  std::string api_version() const;
  std::string kind() const;
  Name name() const;
  std::string uid() const;
  std::string resource_version() const;
  std::int64_t generation() const;
  std::optional<core::Time> created() const;
  bool is_being_deleted() const;  // metadata.deletionTimestamp is set
  std::map<std::string, std::string> labels() const;
  std::string label(std::string_view key) const;       // "" when absent
  std::string annotation(std::string_view key) const;  // "" when absent
  std::vector<std::string> finalizers() const;
  bool has_finalizer(std::string_view finalizer) const;
  std::vector<OwnerReference> owners() const;
  bool is_owned_by(const Object& owner) const;  // by uid
  std::string text() const;                     // "Pod llm-d-system/x-0", for messages

  const core::doc::Value& spec() const;
  const core::doc::Value& status() const;
  core::doc::Value& spec();
  core::doc::Value& status();
  void set_label(std::string_view key, std::string_view value);
  void set_annotation(std::string_view key, std::string_view value);
  void add_owner(const Object& owner, bool controller = true);
  void add_finalizer(std::string_view finalizer);
  void remove_finalizer(std::string_view finalizer);

  // status.conditions: sets or adds the condition of that type. lastTransitionTime changes only when its status does.
  // Returns whether anything changed. `status` is "True", "False" or "Unknown".
  bool set_condition(std::string_view type, std::string_view status, std::string_view reason, std::string_view message,
                     core::Time now);
  bool remove_condition(std::string_view type);               // whether it was there
  std::string condition_status(std::string_view type) const;  // "" when absent
  // The whole condition; null when absent.
  const core::doc::Value& condition(std::string_view type) const;
  std::optional<core::Time> condition_since(std::string_view type) const;  // its lastTransitionTime

 private:
  core::doc::Value document_;
};

// Whether everything that `wanted` says is so in `stored` already, which may say more: defaults, what others set. A
// controller compares with it, since a store fills in what was left out.
bool says_already(const core::doc::Value& stored, const core::doc::Value& wanted);

// Parses every document of a manifest (YAML or JSON, List kinds are flattened): each must have apiVersion, kind and
// metadata.name. All problems at once.
core::Result<std::vector<Object>> parse_manifest(std::string_view text, std::string_view source_name);

// "app=web,tier!=cache,env in (a,b),!legacy". An empty text matches all.
class LabelSelector {
 public:
  static core::Result<LabelSelector> parse(std::string_view text);
  // A LabelSelector object: matchLabels and matchExpressions; or a plain map (Service.spec.selector).
  static core::Result<LabelSelector> from_value(const core::doc::Value& value);
  bool matches(const std::map<std::string, std::string>& labels) const;
  // Whether an object of this compact JSON can match at all: a look at the bytes that saves parsing most that do not.
  bool may_match(std::string_view json) const;
  bool empty() const { return terms_.empty(); }
  std::string text() const;  // what parse() reads back

 private:
  enum class Op { in, not_in, exists, absent };
  struct Term {
    std::string key;
    Op op;
    std::vector<std::string> values;
  };
  std::vector<Term> terms_;
};

}  // namespace slipway::objects

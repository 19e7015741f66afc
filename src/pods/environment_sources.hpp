#pragma once
// What a container's variables may be taken from beside its Pod: ConfigMaps and Secrets of the Pod's namespace, as
// env.valueFrom and envFrom name them. Inside the room only.

#include <functional>
#include <map>
#include <optional>

#include "objects/store.hpp"

namespace slipway::pods {

using Variables = std::vector<std::pair<std::string, std::string>>;

// nullopt: it is not there. Errors are the store's.
using FindSource = std::function<Result<std::optional<objects::Object>>(const objects::Kind&, const objects::Name&)>;
FindSource sources_in(objects::Store& store);

// Everything a ConfigMap or Secret holds, decoded, as volumes show it: variables are made of text alone.
std::map<std::string, std::string> contents_of(const objects::Object& object, bool is_secret);

// What is named and not there, unless it is said to be optional: not_found in the kubelet's words, or left out.
enum class Absent { refused, left_out };

// Of one container; each object is read once.
class EnvironmentSources {
 public:
  // `find` outlives it.
  EnvironmentSources(const FindSource& find, std::string ns, Absent absent)
      : find_(find), ns_(std::move(ns)), absent_(absent) {}

  // Of configMapKeyRef or secretKeyRef; nullopt: it is not set at all.
  Result<std::optional<std::string>> value(const doc::Value& reference, bool is_secret);
  // Of an entry of envFrom, with its prefix.
  Result<Variables> all(const doc::Value& entry);

 private:
  // The object's data, decoded; nullptr when it is not there and need not be.
  Result<const std::map<std::string, std::string>*> data(const std::string& name, bool is_secret, bool is_optional);

  const FindSource& find_;
  std::string ns_;
  Absent absent_;
  std::map<std::pair<bool, std::string>, std::map<std::string, std::string>> read_;
};

}  // namespace slipway::pods

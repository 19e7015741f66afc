#include "objects/admission/limits.hpp"

#include <algorithm>
#include <cstdio>

#include "objects/admission/pods.hpp"
#include "objects/validation/pod_resources.hpp"

namespace slipway::objects::admission {
namespace {

using core::Quantity;
using validation::ResourceList;

constexpr std::string_view annotation = "kubernetes.io/limit-ranger";

const doc::Array& elements(const doc::Value& list) {
  static const doc::Array none;
  return list.is_array() ? list.as_array() : none;
}

std::string joined(const std::vector<std::string>& texts, const char* separator) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : separator) + text;
  return all;
}

// The names that were set, sorted.
std::vector<std::string> fill_in(doc::Value& container, const char* list, const doc::Value& defaults) {
  std::vector<std::string> set;
  if (!defaults.is_object()) return set;
  for (const auto& [name, quantity] : defaults.as_object()) {
    auto& said = container.at_or_insert("resources").at_or_insert(list);
    if (said.is_null()) said = doc::Object{};
    if (said.as_object().contains(name)) continue;
    said.as_object().set(name, quantity);
    set.push_back(name);
  }
  std::ranges::sort(set);
  return set;
}

// As Go's %f.
std::string ratio_text(double ratio) {
  char text[64];
  std::snprintf(text, sizeof text, "%f", ratio);
  return text;
}

struct Usage {
  ResourceList requests, limits;
};

const Quantity* find(const ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? nullptr : &found->second;
}

void check_item(const doc::Value& item, const std::string& type, const Usage& usage,
                std::vector<std::string>& problems) {
  for (const auto& [name, least] : validation::resource_list(item["min"])) {
    const auto start = "minimum " + name + " usage per " + type + " is " + least.render();
    const auto* request = find(usage.requests, name);
    const auto* limit = find(usage.limits, name);
    if (request == nullptr) {
      problems.push_back(start + ".  No request is specified");
    } else if (*request < least) {
      problems.push_back(start + ", but request is " + request->render());
    } else if (limit != nullptr && *limit < least) {
      problems.push_back(start + ", but limit is " + limit->render());
    }
  }
  for (const auto& [name, most] : validation::resource_list(item["max"])) {
    const auto start = "maximum " + name + " usage per " + type + " is " + most.render();
    const auto* request = find(usage.requests, name);
    const auto* limit = find(usage.limits, name);
    if (type == "PersistentVolumeClaim") {
      if (request == nullptr) {
        problems.push_back(start + ".  No request is specified");
      } else if (*request > most) {
        problems.push_back(start + ", but request is " + request->render());
      }
    } else if (limit == nullptr) {
      problems.push_back(start + ".  No limit is specified");
    } else if (*limit > most) {
      problems.push_back(start + ", but limit is " + limit->render());
    } else if (request != nullptr && *request > most) {
      problems.push_back(start + ", but request is " + request->render());
    }
  }
  for (const auto& [name, most] : validation::resource_list(item["maxLimitRequestRatio"])) {
    const auto start = name + " max limit to request ratio per " + type + " is " + most.render() + ", but ";
    const auto* request = find(usage.requests, name);
    const auto* limit = find(usage.limits, name);
    if (request == nullptr || request->milli() == 0) {
      problems.push_back(start + "no request is specified or request is 0");
    } else if (limit == nullptr || limit->milli() == 0) {
      problems.push_back(start + "no limit is specified or limit is 0");
    } else {
      const double ratio = static_cast<double>(limit->milli()) / static_cast<double>(request->milli());
      if (ratio * 1000 > static_cast<double>(most.milli()))
        problems.push_back(start + "provided ratio is " + ratio_text(ratio));
    }
  }
}

}  // namespace

bool apply_defaults(doc::Value& pod, const doc::Value& limit_range) {
  doc::Object requests;
  doc::Object limits;
  for (const auto& item : elements(limit_range["spec"]["limits"])) {
    if (item["type"].string_or("") != "Container") continue;
    const auto gather = [&](const doc::Value& from, doc::Object& to) {
      if (!from.is_object()) return;
      for (const auto& [name, quantity] : from.as_object()) to.set(name, quantity);
    };
    gather(item["defaultRequest"], requests);
    gather(item["default"], limits);
  }
  const doc::Value wanted_requests(std::move(requests));
  const doc::Value wanted_limits(std::move(limits));
  std::vector<std::string> done;
  auto& spec = pod.at_or_insert("spec");
  for (const auto& [list, word] :
       {std::pair("containers", "container"), std::pair("initContainers", "init container")}) {
    if (spec[list].size() == 0) continue;
    for (auto& container : spec.at_or_insert(list).as_array()) {
      const auto name = container["name"].string_or("");
      const auto set_requests = fill_in(container, "requests", wanted_requests);
      const auto set_limits = fill_in(container, "limits", wanted_limits);
      if (!set_requests.empty()) done.push_back(joined(set_requests, ", ") + " request for " + word + " " + name);
      if (!set_limits.empty()) done.push_back(joined(set_limits, ", ") + " limit for " + word + " " + name);
    }
  }
  if (done.empty()) return false;
  auto& annotations = pod.at_or_insert("metadata").at_or_insert("annotations");
  if (annotations.is_null()) annotations = doc::Object{};
  annotations.as_object().set(annotation, "LimitRanger plugin set: " + joined(done, "; "));
  return true;
}

std::vector<std::string> limit_problems(const doc::Value& object, std::string_view kind,
                                        const doc::Value& limit_range) {
  std::vector<std::string> problems;
  for (const auto& item : elements(limit_range["spec"]["limits"])) {
    const auto type = item["type"].string_or("");
    const auto& spec = object["spec"];
    if (kind == "PersistentVolumeClaim") {
      if (type == kind)
        check_item(item, type, {validation::resource_list(spec["resources"]["requests"]), {}}, problems);
      continue;
    }
    if (type == "Container") {
      for (const char* list : {"containers", "initContainers"}) {
        for (const auto& container : elements(spec[list])) {
          const auto& resources = container["resources"];
          check_item(item, type,
                     {validation::resource_list(resources["requests"]), validation::resource_list(resources["limits"])},
                     problems);
        }
      }
    } else if (type == "Pod") {
      check_item(item, type, {validation::pod_requests(spec), validation::pod_limits(spec)}, problems);
    }
  }
  return problems;
}

api::Answer<bool> LimitRanger::mutate(api::Review& review) {
  if (!makes_pod(review)) return false;
  bool is_changed = false;
  for (const auto& limit_range : limits_.all()) {
    if (limit_range.name().ns == review.name.ns) is_changed |= apply_defaults(review.object, limit_range.document());
  }
  return is_changed;
}

api::Answer<> LimitRanger::validate(const api::Review& review) {
  const auto& kind = review.resource->kind;
  const bool is_claim = review.resource->is("", "PersistentVolumeClaim") &&
                        review.operation != api::Operation::remove && review.subresource.empty();
  if (!makes_pod(review) && !is_claim) return {};
  for (const auto& limit_range : limits_.all()) {
    if (limit_range.name().ns != review.name.ns || limit_range.is_being_deleted()) continue;
    const auto problems = limit_problems(review.object, kind, limit_range.document());
    if (problems.empty()) continue;
    const auto text = problems.size() == 1 ? problems.front() : "[" + joined(problems, ", ") + "]";
    return api::refuse(api::forbidden(*review.resource, review.name.name, text));
  }
  return {};
}

}  // namespace slipway::objects::admission

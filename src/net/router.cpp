#include "net/impl/router.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <stdexcept>

namespace slipway::net {
namespace {

using Node = RouteTree::Node;
using Routes = std::map<std::string, Route, std::less<>>;

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::size_t slash = std::min(pattern.find('/'), pattern.size());
    segments.emplace_back(pattern.substr(0, slash));
    pattern.remove_prefix(slash);
  }
  return segments;
}

// One walk through the tree for one request.
class Search {
 public:
  Search(std::string_view method, std::span<const std::string> segments) : method_(method), segments_(segments) {}

  RouteMatch run(const Node& root) {
    RouteMatch match;
    match.route = walk(root, 0);
    if (match.route != nullptr) {
      match.parameters = std::move(parameters_);
    } else {
      match.allowed.assign(methods_.begin(), methods_.end());
    }
    return match;
  }

 private:
  const Route* walk(const Node& node, std::size_t depth) {
    if (depth == segments_.size()) return choose(node.here);
    const std::string& segment = segments_[depth];
    if (const auto found = node.literals.find(segment); found != node.literals.end()) {
      if (const Route* route = walk(*found->second, depth + 1)) return route;
    }
    if (const Route* route = walk_parameters(node, depth)) return route;
    return walk_rest(node, depth);
  }

  const Route* walk_parameters(const Node& node, std::size_t depth) {
    const std::string& segment = segments_[depth];
    // From the back: "" sorts first and is the least specific.
    for (auto it = node.suffixed.rbegin(); it != node.suffixed.rend(); ++it) {
      const auto& [suffix, child] = *it;
      if (segment.size() <= suffix.size() || !segment.ends_with(suffix)) continue;
      parameters_.push_back(segment.substr(0, segment.size() - suffix.size()));
      if (const Route* route = walk(*child, depth + 1)) return route;
      parameters_.pop_back();
    }
    return nullptr;
  }

  const Route* walk_rest(const Node& node, std::size_t depth) {
    const Route* route = choose(node.rest);
    if (route == nullptr) return nullptr;
    std::string rest;
    for (const std::string& segment : segments_.subspan(depth)) rest += (rest.empty() ? "" : "/") + segment;
    parameters_.push_back(std::move(rest));
    return route;
  }

  const Route* choose(const Routes& routes) {
    for (const auto& [method, route] : routes) {
      methods_.insert(method);
      if (method == "GET") methods_.insert("HEAD");
    }
    auto found = routes.find(method_);
    if (found == routes.end() && method_ == "HEAD") found = routes.find("GET");
    return found == routes.end() ? nullptr : &found->second;
  }

  std::string_view method_;
  std::span<const std::string> segments_;
  std::vector<std::string> parameters_;
  std::set<std::string> methods_;
};

}  // namespace

void RouteTree::add(std::string_view method, std::string_view pattern, Route route) {
  const auto refuse = [&](const char* why) { throw std::logic_error("route \"" + std::string(pattern) + "\" " + why); };
  if (!pattern.starts_with('/')) refuse("does not begin with a slash");
  Node* node = &root_;
  const std::vector<std::string> segments = split(pattern);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& segment = segments[i];
    if (!segment.starts_with('{')) {
      auto& child = node->literals[segment];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
      continue;
    }
    const std::size_t brace = segment.find('}');
    if (brace == std::string::npos) refuse("has an open brace");
    if (segment.substr(0, brace).ends_with("...")) {
      if (i + 1 != segments.size() || brace + 1 != segment.size()) refuse("goes on after its rest");
      if (!node->rest.emplace(method, std::move(route)).second) refuse("was added twice");
      return;
    }
    auto& child = node->suffixed[segment.substr(brace + 1)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  if (!node->here.emplace(method, std::move(route)).second) refuse("was added twice");
}

RouteMatch RouteTree::find(std::string_view method, std::vector<std::string> segments) const {
  RouteMatch match = Search(method, segments).run(root_);
  const bool is_known = match.route != nullptr || !match.allowed.empty();
  if (is_known || segments.size() < 2 || !segments.back().empty()) return match;
  segments.pop_back();
  return Search(method, segments).run(root_);
}

Router::Router() : state_(std::make_shared<State>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options) {
  state_->routes.add(method, pattern, Route{std::move(handler), options});
}

void Router::set_guard(Guard guard) { state_->guard = std::move(guard); }

}  // namespace slipway::net

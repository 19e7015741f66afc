#include "pods/connect/context.hpp"

#include "core/log.hpp"
#include "core/number.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::connect {

void Sessions::add(std::shared_ptr<Session> session, ContainerId id) {
  const Session* key = session.get();
  sessions_.insert_or_assign(key, Entry{std::move(session), std::move(id)});
}

void Sessions::remove(core::Loop& loop, const Session& session) {
  auto entry = sessions_.extract(&session);
  if (entry) loop.post([kept = std::move(entry.mapped().session)] {});
}

void Sessions::container_ended(const ContainerId& id) {
  std::vector<std::shared_ptr<Session>> concerned;
  for (const auto& [key, entry] : sessions_) {
    if (entry.id == id) concerned.push_back(entry.session);
  }
  for (const auto& session : concerned) session->container_ended();
}

Context::Context(core::World& w, objects::Store& s, std::shared_ptr<Node::State> n, net::IoThread& io,
                 ConnectionOptions o)
    : world(w), store(s), node(std::move(n)), client(net::make_stream_client(io, w.loop)), options(std::move(o)) {}

api::Answer<objects::Object> find_pod(const Context& context, const api::Call& call) {
  auto pod = context.store.find(objects::kinds::pod, {call.info.ns, call.info.name});
  if (!pod) return api::refuse(api::from_error(pod.error()));
  if (!*pod) return api::refuse(api::not_found(*call.resource, call.info.name));
  return std::move(**pod);
}

api::Answer<Target> find_container(const Context& context, const objects::Object& pod, std::string container) {
  const std::string& name = pod.name().name;
  const doc::Value& containers = pod.spec()["containers"];
  if (container.empty()) {
    if (containers.size() != 1) {
      std::string names;
      for (std::size_t i = 0; i < containers.size(); ++i)
        names += (i == 0 ? "" : " ") + containers[i]["name"].string_or("");
      return api::refuse(
          api::bad_request("a container name must be specified for pod " + name + ", choose one of: [" + names + "]"));
    }
    container = containers[0]["name"].string_or("");
  }
  Target target;
  for (const Declared& declared : declared_containers(pod)) {
    if (declared.name() == container) target.container = declared.spec;
  }
  if (!target.container.is_object())
    return api::refuse(api::bad_request("container " + container + " is not valid for pod " + name));
  if (pod.spec()["nodeName"].string_or("").empty())
    return api::refuse(api::bad_request("pod " + name + " does not have a host assigned"));
  const auto id = context.node->pods ? context.node->pods->current(pod, container) : std::nullopt;
  target.id = id.value_or(ContainerId{pod.uid(), container, 0});
  target.pod = pod;
  return target;
}

std::string waiting_reason(const objects::Object& pod, const std::string& container) {
  const std::string reason = container_status(pod, container)["state"]["waiting"]["reason"].string_or("");
  return reason.empty() ? "ContainerCreating" : reason;
}

api::Answer<> check_running(const Context& context, const Target& target) {
  if (context.options.foreign_log && context.options.foreign_log(target.pod)) {
    return api::refuse(api::bad_request("pod " + target.pod.name().name +
                                        " shows a part of the control plane: it is no container to go into"));
  }
  const ContainerRecord record = context.node->runtime.inspect(target.id);
  if (record.state == ContainerRecord::State::running) return {};
  const std::string phase = target.pod.status()["phase"].string_or("Pending");
  if (phase == "Succeeded" || phase == "Failed") {
    return api::refuse(api::bad_request("pod " + target.pod.name().name + " is completed; its phase is " + phase));
  }
  std::string why = record.has_exited() ? "it has ended" : waiting_reason(target.pod, target.name());
  return api::refuse(api::bad_request("container \"" + target.name() + "\" in pod \"" + target.pod.name().name +
                                      "\" does not run: " + why));
}

std::optional<int> port_of(std::string_view text) {
  const auto port = core::parse_number<int>(text);
  return port && *port > 0 && *port < 65536 ? port : std::nullopt;
}

void record(const Context& context, const api::Call& call, std::string action, const objects::Object& pod,
            std::string detail) {
  log::info("pods", action, {{"pod", pod.name().text()}, {"by", call.user()}, {"detail", detail}});
  if (context.options.events == nullptr) return;
  core::Event event;
  event.actor = call.user();
  event.action = std::move(action);
  event.object = "Pod " + pod.name().text();
  event.detail = std::move(detail);
  context.options.events->record(std::move(event));
}

api::Failure needs_websocket(std::string_view subresource) {
  api::Failure failure = api::bad_request(
      std::string(subresource) + " needs a WebSocket: SPDY is not spoken here; kubectl 1.31 and later use one");
  failure.code = 426;
  failure.reason = "BadRequest";
  return failure;
}

}  // namespace slipway::pods::connect

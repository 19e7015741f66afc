#include "server/infrastructure.hpp"

#include "core/digest.hpp"
#include "objects/kinds.hpp"

namespace slipway::server {
namespace {

constexpr std::string_view command_digest = "slipway.dev/command-digest";

}  // namespace

objects::Object render_pod(const InfrastructurePod& pod) {
  objects::Object object = objects::Object::make(objects::kinds::pod, {pod.ns, pod.name});
  doc::Array command;
  for (const std::string& argument : pod.argv) command.emplace_back(argument);
  object.set_label("app", pod.name);
  object.set_label("app.kubernetes.io/part-of", "slipway");
  object.set_annotation(command_digest, Digest::of(doc::render_json(command)).text());
  doc::Object container{
      {"name", pod.container},
      {"image", "slipway.dev/" + pod.container},
      {"command", std::move(command)},
      {"readinessProbe",
       doc::Object{
           {"httpGet", doc::Object{{"host", pod.ready_host}, {"path", pod.ready_path}, {"port", pod.ready_port}}},
           {"periodSeconds", 1},
           {"failureThreshold", 2}}}};
  object.spec() = doc::Object{{"hostNetwork", true},
                              {"restartPolicy", "Always"},
                              {"terminationGracePeriodSeconds", 10},
                              {"containers", doc::Array{std::move(container)}}};
  return object;
}

Result<bool> ensure_pod(objects::Store& store, const InfrastructurePod& pod) {
  objects::Object wanted = render_pod(pod);
  TRY_ASSIGN(const auto found, store.find(objects::kinds::pod, wanted.name()));
  if (!found) {
    TRY(store.create(std::move(wanted)));
    return true;
  }
  if (found->is_being_deleted()) return false;
  if (found->annotation(command_digest) == wanted.annotation(command_digest)) return true;
  TRY(store.remove(objects::kinds::pod, wanted.name()));
  return false;
}

}  // namespace slipway::server

// How the reconciler comes by what a container's image stands for.

#include "pods/environment.hpp"
#include "pods/pod_step.hpp"

namespace slipway::pods {

using objects::Object;

namespace {

std::string name_of_image(const doc::Value& spec) { return spec["image"].string_or(""); }
std::string quoted(const doc::Value& spec) { return "image \"" + name_of_image(spec) + "\""; }

// What the table says wins over what the image says of itself.
ImageRuntime joined(const ImageRuntime& entry, const ImageRuntime& unpacked) {
  ImageRuntime image = unpacked;
  image.match = entry.match;
  image.archive = entry.archive;
  if (!entry.command.empty()) {
    image.command = entry.command;
    image.args = entry.args;
  } else if (!entry.args.empty()) {
    image.args = entry.args;
  }
  for (const auto& [name, value] : entry.environment) {
    std::erase_if(image.environment, [&](const auto& variable) { return variable.first == name; });
    image.environment.emplace_back(name, value);
  }
  return image;
}

}  // namespace

std::optional<ImageRuntime> PodReconciler::image_of(const doc::Value& spec) const {
  const ImageRuntime* entry = find_image(options_.images, name_of_image(spec));
  if (entry == nullptr) return std::nullopt;
  if (entry->archive.empty()) return *entry;
  const ImageRuntime* unpacked = images_.find(entry->archive, name_of_image(spec));
  return unpacked == nullptr ? std::nullopt : std::optional(joined(*entry, *unpacked));
}

std::string PodReconciler::image_id_of(const Object& pod, const doc::Value& spec, const ContainerView& view) const {
  const doc::Value& before = container_status(pod, view.name);
  if (before["restartCount"].int_or(-1) == view.attempt && !before["containerID"].string_or("").empty())
    return before["imageID"].string_or("");
  const auto image = image_of(spec);
  return image ? image->id : "";
}

void PodReconciler::refuse_image(const Step& step, const doc::Value& spec, Container& container, ContainerView& view,
                                 const std::string& reason, const std::string& message) {
  view.waiting_reason = reason;
  view.waiting_message = quoted(spec) + ": " + message;
  if (container.told != view.waiting_message)
    node_events_.warn(step.pod, "Failed", "Error: " + reason + ": " + view.waiting_message, field_of(view.name));
  container.told = view.waiting_message;
}

bool PodReconciler::has_image(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  const ImageRuntime* entry = find_image(options_.images, name_of_image(spec));
  if (entry != nullptr && !entry->archive.empty() && !pull_image(step, spec, *entry, container, view)) return false;
  const std::optional<ImageRuntime> image = image_of(spec);
  if (spec["command"].size() > 0 || (image && !image->command.empty())) return true;
  if (image && !image->id.empty()) {
    if (!image->args.empty() || spec["args"].size() > 0) return true;
    refuse_image(step, spec, container, view, "CreateContainerError", "no command specified");
    return false;
  }
  if (wants_shell(spec)) return true;
  if (spec["imagePullPolicy"].string_or("") == "Never") {
    refuse_image(step, spec, container, view, "ErrImageNeverPull",
                 "it is not in the profile's pods.images, and imagePullPolicy is Never");
    return false;
  }
  refuse_image(step, spec, container, view, "ErrImagePull",
               "images are not pulled here, and the container has no command; say in command what to run, "
               "or in the profile's pods.images what stands for the image");
  return false;
}

// In the kubelet's words, as people look for them. To pull is to unpack: nothing comes over the network.
bool PodReconciler::pull_image(Step& step, const doc::Value& spec, const ImageRuntime& entry, Container& container,
                               ContainerView& view) {
  const std::string name = name_of_image(spec);
  const std::string policy = spec["imagePullPolicy"].string_or("IfNotPresent");
  const bool is_here = images_.find(entry.archive, name) != nullptr;
  const bool is_wanted = !is_here || (policy == "Always" && !images_.is_current(entry.archive, name));
  if (container.pulled_for == view.attempt && is_here) return true;
  if (!is_wanted) {
    node_events_.normal(step.pod, "Pulled",
                        container.has_pulled ? "Successfully pulled image \"" + name + "\""
                                             : "Container image \"" + name + "\" already present on machine",
                        field_of(view.name));
    container.has_pulled = false;
    container.pulled_for = view.attempt;
    view.image_id = images_.find(entry.archive, name)->id;
    return true;
  }
  if (policy == "Never") {
    refuse_image(step, spec, container, view, "ErrImageNeverPull", "it is not unpacked, and imagePullPolicy is Never");
    return false;
  }
  const auto before = images_.pull(entry.archive, name, [this, pod = step.pod.name()] { look_at_(pod); });
  if (before.is_running) {
    if (!std::exchange(container.has_pulled, true))
      node_events_.normal(step.pod, "Pulling", "Pulling image \"" + name + "\"", field_of(view.name));
    view.waiting_reason = "ContainerCreating";
    return false;
  }
  sooner(step.again, before.again_at - world_.clock.monotonic());
  const bool is_news = std::exchange(container.has_pulled, false);
  if (is_news) {
    node_events_.warn(step.pod, "Failed", "Failed to pull image \"" + name + "\": " + before.problem,
                      field_of(view.name));
    node_events_.warn(step.pod, "Failed", "Error: ErrImagePull", field_of(view.name));
  } else {
    node_events_.normal(step.pod, "BackOff", "Back-off pulling image \"" + name + "\"", field_of(view.name));
  }
  view.waiting_reason = is_news ? "ErrImagePull" : "ImagePullBackOff";
  view.waiting_message = (is_news ? "" : "Back-off pulling image \"" + name + "\": ErrImagePull: ") + before.problem;
  if (is_news) sooner(step.again, look_again_soon);
  return false;
}

}  // namespace slipway::pods

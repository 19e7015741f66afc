// Volumes of a Pod.

#include <algorithm>

#include "core/text.hpp"
#include "objects/validation/claims.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view volume_fields[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                              "metadata.namespace", "metadata.uid"};

void validate_mode(At mode) {
  if (!mode || (mode.number() >= 0 && mode.number() <= 0777)) return;
  mode.invalid("must be a number between 0 and 0777 (octal), both inclusive");
}

void validate_items(At items, const At* projection, std::string_view source, Names* paths) {
  for (const At item : items.elements()) {
    item["key"].must_be_given();
    const At path = item["path"];
    path.must_be_given();
    validate_local_path(path, path.text());
    validate_mode(item["mode"]);
    if (projection != nullptr && !path.text().empty() && !paths->add(path.text())) {
      projection->invalid(doc::Value(source), "conflicting duplicate paths");
    }
  }
}

// The server reports these at the volume and leaves the index of the item out.
void validate_downward_file(At place, At file) {
  const At path = place["path"];
  const std::string_view text = file["path"].text();
  if (text.empty()) path.required();
  validate_local_path(path, text);
  if (const At field = file["fieldRef"]) {
    validate_object_field(place["fieldRef"].with(field.value()), volume_fields);
    if (file["resourceFieldRef"]) {
      place.invalid("resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
    }
  } else if (const At resource = file["resourceFieldRef"]) {
    validate_resource_field(place["resourceFieldRef"].with(resource.value()), true);
  } else {
    place.required("one of fieldRef and resourceFieldRef is required");
  }
  validate_mode(place["mode"].with(file["mode"].value()));
}

void validate_token(At projection, At token) {
  const At expiration = token["expirationSeconds"];
  constexpr std::int64_t ten_minutes = 600;
  if (expiration.number() < ten_minutes) expiration.invalid("may not specify a duration less than 10 minutes");
  if (expiration.number() > (std::int64_t{1} << 32)) {
    expiration.invalid("may not specify a duration larger than 2^32 seconds");
  }
  const std::string_view path = token["path"].text();
  if (path.empty()) return projection["path"].required();
  validate_local_path(projection["path"], path);
}

void validate_projection(At projection) {
  validate_mode(projection["defaultMode"]);
  Names paths;
  for (const At source : projection["sources"].elements()) {
    int sources = 0;
    for (const std::string_view kind : {"secret", "configMap"}) {
      const At member = source[kind];
      if (!member) continue;
      ++sources;
      member["name"].must_be_given();
      validate_items(member["items"], &projection, member["name"].text(), &paths);
    }
    if (const At downward = source["downwardAPI"]) {
      ++sources;
      for (const At file : downward["items"].elements()) {
        validate_downward_file(downward, file);
        const std::string_view path = file["path"].text();
        if (!path.empty() && !paths.add(path)) projection.invalid(doc::Value(path), "conflicting duplicate paths");
      }
    }
    if (const At token = source["serviceAccountToken"]) {
      ++sources;
      validate_token(projection, token);
    }
    for (const std::string_view kind : {"clusterTrustBundle", "podCertificate"}) sources += source[kind] ? 1 : 0;
    if (sources > 1) source.forbidden("may not specify more than 1 volume type per source");
  }
}

void validate_host_path(At source) {
  if (!source["path"].must_be_given()) return;
  validate_no_parent_directories(source["path"], source["path"].text());
  if (const At type = source["type"]) {
    type.must_be_one_of(
        {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"});
  }
}

void validate_empty_dir(At source) {
  if (source["sizeLimit"].quantity().milli() >= 0) return;
  source["sizeLimit"].forbidden("SizeLimit field must be a valid resource quantity");
}

void validate_secret(At source) {
  source["secretName"].must_be_given();
  validate_mode(source["defaultMode"]);
  validate_items(source["items"], nullptr, {}, nullptr);
}

void validate_config_map(At source) {
  source["name"].must_be_given();
  validate_mode(source["defaultMode"]);
  validate_items(source["items"], nullptr, {}, nullptr);
}

void validate_nfs(At source) {
  source["server"].must_be_given();
  source["path"].must_be_given();
  if (!source["path"].text().starts_with('/')) source["path"].invalid("must be an absolute path");
}

void validate_downward(At source) {
  validate_mode(source["defaultMode"]);
  for (const At file : source["items"].elements()) validate_downward_file(source, file);
}

void validate_csi(At source) {
  const At driver = source["driver"];
  driver.must_be_given();
  if (driver.text().size() > 63) driver.too_long(63);
  for (const std::string& complaint : dns1123_subdomain(core::in_lower(driver.text()))) {
    driver.invalid(doc::Value(driver.text()), complaint);
  }
  if (const At secret = source["nodePublishSecretRef"]) secret["name"].must_be_given();
}

void validate_ephemeral(At source) {
  const At claim = source["volumeClaimTemplate"];
  if (!claim) return claim.required();
  validate_claim_template_metadata(claim["metadata"]);
  validate_claim_spec(claim["spec"]);
}

struct Source {
  std::string_view name;
  void (*validate)(At source);
};
void accept(At) {}

// In the order in which the server looks at them.
constexpr Source sources[] = {{"emptyDir", validate_empty_dir},
                              {"hostPath", validate_host_path},
                              {"gitRepo", [](At source) { source["repository"].must_be_given(); }},
                              {"gcePersistentDisk", [](At source) { source["pdName"].must_be_given(); }},
                              {"awsElasticBlockStore", [](At source) { source["volumeID"].must_be_given(); }},
                              {"secret", validate_secret},
                              {"nfs", validate_nfs},
                              {"iscsi", [](At source) { source["targetPortal"].must_be_given(); }},
                              {"glusterfs", accept},
                              {"persistentVolumeClaim", [](At source) { source["claimName"].must_be_given(); }},
                              {"rbd", accept},
                              {"cinder", [](At source) { source["volumeID"].must_be_given(); }},
                              {"cephfs", accept},
                              {"flocker", accept},
                              {"quobyte", accept},
                              {"downwardAPI", validate_downward},
                              {"fc", accept},
                              {"flexVolume", [](At source) { source["driver"].must_be_given(); }},
                              {"configMap", validate_config_map},
                              {"azureFile", accept},
                              {"vsphereVolume", [](At source) { source["volumePath"].must_be_given(); }},
                              {"photonPersistentDisk", [](At source) { source["pdID"].must_be_given(); }},
                              {"portworxVolume", [](At source) { source["volumeID"].must_be_given(); }},
                              {"azureDisk", accept},
                              {"storageos", accept},
                              {"projected", validate_projection},
                              {"scaleIO", accept},
                              {"csi", validate_csi},
                              {"ephemeral", validate_ephemeral}};

const Source* find_source(std::string_view name) {
  const auto* found = std::ranges::find(sources, name, &Source::name);
  return found == std::end(sources) ? nullptr : found;
}

void validate_image(const PodView& pod, At image) {
  if (pod.is_pod) image["reference"].must_be_given();
  validate_pull_policy(image["pullPolicy"]);
}

void validate_source(const PodView& pod, At volume) {
  // Nearly always one: looked up by what the volume says, and only a volume of several is walked in order.
  int given = 0;
  const Source* only = nullptr;
  for (const auto& [key, value] : volume.members()) {
    if (value.is_null()) continue;
    const Source* source = find_source(key);
    if (source == nullptr && key != "image") continue;
    ++given;
    only = source;
  }
  const At image = volume["image"];
  if (given == 0) return volume.required("must specify a volume type");
  if (given == 1) {
    if (only != nullptr) return only->validate(volume[only->name]);
    return validate_image(pod, image);
  }
  bool is_first = true;
  for (const Source& source : sources) {
    const At member = volume[source.name];
    if (!member) continue;
    if (is_first) {
      source.validate(member);
    } else {
      member.forbidden("may not specify more than 1 volume type");
    }
    is_first = false;
  }
  if (image) image.forbidden("may not specify more than 1 volume type");
}

}  // namespace

void validate_no_parent_directories(At path, std::string_view text) {
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    if (rest.substr(0, slash) == "..") return path.invalid(doc::Value(text), "must not contain '..'");
    if (slash == std::string_view::npos) return;
    rest.remove_prefix(slash + 1);
  }
}

void validate_relative_path(At path, std::string_view text) {
  if (text.starts_with('/')) path.invalid(doc::Value(text), "must be a relative path");
  validate_no_parent_directories(path, text);
}

void validate_local_path(At path, std::string_view text) {
  validate_relative_path(path, text);
  if (text.starts_with("..") && !text.starts_with("../")) path.invalid(doc::Value(text), "must not start with '..'");
}

const Volumes::Volume* Volumes::find(std::string_view name) const {
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

Volumes validate_volumes(const PodView& pod) {
  Volumes volumes;
  const At list = pod.spec["volumes"];
  const std::string_view pod_name = pod.metadata["name"].text();
  Names ephemeral;
  for (const At volume : list.elements()) {
    if (volume["ephemeral"]) ephemeral.add(volume["name"].text());
  }
  for (const At volume : list.elements()) {
    const Problems& problems = volume.report().problems;
    const std::size_t before = problems.size();
    validate_source(pod, volume);
    const At name = volume["name"];
    if (name.must_be_given()) name.must_be(dns1123_label);
    if (volumes.find(name.text()) != nullptr) name.duplicate(doc::Value(name.text()));
    const At claim = volume["persistentVolumeClaim"];
    if (problems.size() == before) {
      volumes.all.emplace(name.text(), Volumes::Volume{name.text(), claim.exists() || volume["ephemeral"].exists()});
    }
    if (!claim || pod_name.empty()) continue;
    // The claim that is made for a volume NAME of this Pod is called POD-NAME.
    const std::string_view claim_name = claim["claimName"].text();
    if (claim_name.size() <= pod_name.size() || !claim_name.starts_with(pod_name) ||
        claim_name[pod_name.size()] != '-') {
      continue;
    }
    if (ephemeral.contains(claim_name.substr(pod_name.size() + 1))) {
      claim["claimName"].invalid("must not reference a PVC that gets created for an ephemeral volume");
    }
  }
  return volumes;
}

}  // namespace slipway::objects::validation

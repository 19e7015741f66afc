#include "pods/volumes/volumes.hpp"

#include "core/digest.hpp"
#include "core/quantity.hpp"
#include "core/seconds.hpp"
#include "pods/environment.hpp"
#include "pods/security.hpp"
#include "pods/volumes/payload.hpp"

namespace slipway::pods::volumes {
namespace {

using objects::Object;

constexpr objects::Kind claim_kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};
constexpr objects::Kind volume_kind{"", "v1", "PersistentVolume", "persistentvolumes", false};
constexpr Duration look_at_sources = std::chrono::minutes(1);  // as a kubelet syncs
constexpr std::int64_t usual_token_seconds = 3600;
constexpr std::size_t most_token_bytes = 16 * 1024;

// As a kubelet does it.
Time renewal_of(Time issued, Time expires) { return issued + (expires - issued) * 4 / 5; }

std::string name_of(const doc::Value& volume) { return volume["name"].string_or(""); }

std::unexpected<Error> not_yet(const doc::Value& volume, const std::string& why) {
  return fail(Code::unavailable, "MountVolume.SetUp failed for volume \"" + name_of(volume) + "\" : " + why);
}

bool is_in_memory(const doc::Value& volume) { return volume["emptyDir"]["medium"].string_or("") == "Memory"; }

std::string kind_of(const doc::Value& volume) {
  if (!volume.is_object()) return "nothing";
  for (const auto& [key, value] : volume.as_object()) {
    if (key != "name") return key;
  }
  return "nothing";
}

bool is_controlled_by(const Object& object, const std::string& uid) {
  const doc::Value& owners = object.document()["metadata"]["ownerReferences"];
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (owners[i]["uid"].string_or("") == uid && owners[i]["controller"].bool_or(false)) return true;
  }
  return false;
}

std::string path_on_disk(const doc::Value& volume, const std::string& pod_directory) {
  return pod_directory + "/volumes/" + name_of(volume);
}

template <class Visit>
void for_each_volume(const Object& pod, Visit visit) {
  const doc::Value& volumes = pod.spec()["volumes"];
  for (std::size_t i = 0; i < volumes.size(); ++i) visit(volumes[i]);
}

}  // namespace

Volumes::Volumes(core::World& world, objects::Store& store, VolumeDisk& disk, objects::IssueToken issue_token,
                 std::string memory_directory)
    : world_(world),
      store_(store),
      disk_(disk),
      issue_token_(std::move(issue_token)),
      memory_directory_(std::move(memory_directory)),
      find_(sources_in(store)) {}

Result<Places> Volumes::prepare(const Object& pod, const std::string& pod_directory, const std::string& pod_ip) {
  Places places;
  const doc::Value& volumes = pod.spec()["volumes"];
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    TRY_ASSIGN(places[name_of(volumes[i])], make(pod, volumes[i], pod_directory, pod_ip));
  }
  return places;
}

Result<Place> Volumes::make(const Object& pod, const doc::Value& volume, const std::string& pod_directory,
                            const std::string& pod_ip) {
  if (volume["hostPath"].is_object()) {
    auto found = check_host_path(volume["hostPath"]);
    if (!found && found.error().code == Code::failed_precondition) return not_yet(volume, found.error().message);
    return found;
  }
  const bool is_ephemeral = volume["ephemeral"].is_object();
  if (const auto& claim = volume["persistentVolumeClaim"]; claim.is_object() || is_ephemeral) {
    auto found =
        is_ephemeral ? find_own_claim(pod, name_of(volume)) : find_claim(pod, claim["claimName"].string_or(""), "");
    if (found) found->read_only = claim["readOnly"].bool_or(false);
    if (!found && found.error().code == Code::failed_precondition) return not_yet(volume, found.error().message);
    return found;
  }
  if (is_payload(volume)) {
    const std::string path = path_of_payload(pod, volume, pod_directory);
    const auto token = [&](const doc::Value& projection) { return token_for(pod, name_of(volume), path, projection); };
    const PayloadSources sources{find_, pod_ip, token, !has_several_users(pod)};
    auto payload = payload_of(pod, volume, sources);
    if (!payload && payload.error().code == Code::not_found) return not_yet(volume, payload.error().message);
    if (!payload) return fail(std::move(payload).error());
    const Owner owner = owner_of_volumes(pod);
    auto published = disk_.publish(path, *payload, owner);
    if (published) return Place{path, true};
    const std::string on_disk = path_on_disk(volume, pod_directory);
    // There may be little memory; but where a program looks already it is tried again.
    if (path == on_disk || is_shown(path)) return not_yet(volume, published.error().message);
    TRY(disk_.publish(on_disk, *payload, owner));
    return Place{on_disk, true};
  }
  // A volume that says nothing is an emptyDir.
  if (volume["emptyDir"].is_object() || volume.size() == 1) return make_empty(pod, volume, pod_directory);
  return fail(Code::unimplemented, "volume \"" + name_of(volume) + "\": this node has no " + kind_of(volume));
}

// Secrets and tokens touch no disk, as on a kubelet; but what is shown to a program already stays where it is.
std::string Volumes::path_of_payload(const Object& pod, const doc::Value& volume, const std::string& pod_directory) {
  const std::string on_disk = path_on_disk(volume, pod_directory);
  const bool is_secret = volume["secret"].is_object() || volume["projected"].is_object();
  if (!is_secret || memory_directory_.empty() || disk_.kind_of(on_disk) == FileKind::directory) return on_disk;
  std::string in_memory = path_in_memory(pod, volume);
  return disk_.make_private(memory_directory_) || is_shown(in_memory) ? in_memory : on_disk;
}

bool Volumes::is_shown(const std::string& path) const { return disk_.kind_of(path + "/..data") != FileKind::absent; }

std::string Volumes::path_in_memory(const Object& pod, const doc::Value& volume) const {
  return memory_directory_ + "/" + pod.uid() + "/" + name_of(volume);
}

std::string Volumes::path_of_empty(const Object& pod, const doc::Value& volume,
                                   const std::string& pod_directory) const {
  if (is_in_memory(volume)) return path_in_memory(pod, volume);
  return path_on_disk(volume, pod_directory);
}

Result<Place> Volumes::make_empty(const Object& pod, const doc::Value& volume, const std::string& pod_directory) {
  if (is_in_memory(volume) && memory_directory_.empty())
    return fail(Code::invalid_argument,
                "emptyDir \"" + name_of(volume) + "\": /dev/shm, which would be its memory, is not there");
  if (is_in_memory(volume)) TRY(disk_.make_private(memory_directory_));
  const std::string path = path_of_empty(pod, volume, pod_directory);
  const Owner owner{.user = {}, .group = owner_of_volumes(pod).group};
  TRY(disk_.make_directory_of_pod(path, owner.group ? 02777 : 0777, owner));
  return Place{path, false};
}

Result<Place> Volumes::check_host_path(const doc::Value& host_path) {
  const std::string path = host_path["path"].string_or("");
  const std::string type = host_path["type"].string_or("");
  if (!path.starts_with('/')) return fail(Code::invalid_argument, "hostPath \"" + path + "\" is not absolute");
  FileKind kind = disk_.kind_of(path);
  if (kind == FileKind::absent && type == "DirectoryOrCreate") TRY(disk_.make_directory(path, 0755, {}));
  if (kind == FileKind::absent && type == "FileOrCreate") TRY(disk_.make_file(path, 0644));
  kind = disk_.kind_of(path);
  struct Row {
    std::string_view type;
    FileKind kind;
    std::string_view word;
  };
  for (const Row& row :
       {Row{"Directory", FileKind::directory, "directory"}, Row{"DirectoryOrCreate", FileKind::directory, "directory"},
        Row{"File", FileKind::file, "file"}, Row{"FileOrCreate", FileKind::file, "file"},
        Row{"Socket", FileKind::socket, "socket file"},
        Row{"CharDevice", FileKind::character_device, "character device"},
        Row{"BlockDevice", FileKind::block_device, "block device"}}) {
    if (type == row.type && kind != row.kind)
      return fail(Code::failed_precondition,
                  "hostPath type check failed: " + path + " is not a " + std::string(row.word));
  }
  if (kind == FileKind::absent) return fail(Code::failed_precondition, path + " is not there");
  return Place{path, false};
}

// Another's data is not for it, whatever the claim is called.
Result<Place> Volumes::find_own_claim(const Object& pod, const std::string& volume) {
  return find_claim(pod, pod.name().name + "-" + volume, pod.uid());
}

Result<Place> Volumes::find_claim(const Object& pod, const std::string& name, const std::string& made_for) {
  TRY_ASSIGN(const auto found, store_.find(claim_kind, {pod.name().ns, name}));
  if (!found) return fail(Code::failed_precondition, "persistentvolumeclaim \"" + name + "\" not found");
  if (!made_for.empty() && !is_controlled_by(*found, made_for))
    return fail(Code::failed_precondition, "PVC " + pod.name().ns + "/" + name + " was not created for pod " +
                                               pod.name().ns + "/" + pod.name().name + " (pod is not owner)");
  if (found->is_being_deleted())
    return fail(Code::failed_precondition, "persistentvolumeclaim \"" + name + "\" is being deleted");
  if (found->status()["phase"].string_or("") != "Bound")
    return fail(Code::failed_precondition, "persistentvolumeclaim \"" + name + "\" is not bound");
  TRY_ASSIGN(const auto volume, store_.find(volume_kind, {"", found->spec()["volumeName"].string_or("")}));
  if (!volume) return fail(Code::failed_precondition, "the volume of persistentvolumeclaim \"" + name + "\" is gone");
  std::string path = volume->spec()["hostPath"]["path"].string_or("");
  if (path.empty()) path = volume->spec()["local"]["path"].string_or("");
  if (path.empty())
    return fail(Code::unimplemented,
                "volume \"" + volume->name().name + "\": this node has hostPath and local volumes alone");
  const Owner owner{.user = {}, .group = owner_of_volumes(pod).group};
  TRY(disk_.make_directory(path, owner.group ? 02777 : 0777, owner));
  return Place{path, false};
}

// What an earlier control plane published, as far as it is this Pod's: it goes on with it.
std::optional<Volumes::Token> Volumes::published_token(const std::string& file, const std::string& pod_uid) const {
  Token token;
  token.text = disk_.read_first(file, most_token_bytes);
  const auto first = token.text.find('.');
  const auto second = token.text.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const auto json = core::from_base64_url(token.text.substr(first + 1, second - first - 1));
  const auto claims = json ? doc::parse_json(*json, file) : fail(json.error());
  if (!claims || (*claims)["kubernetes.io"]["pod"]["uid"].string_or("") != pod_uid) return std::nullopt;
  const Time issued{std::chrono::seconds((*claims)["iat"].int_or(0))};
  const Time expires{std::chrono::seconds((*claims)["exp"].int_or(0))};
  token.renew_at = renewal_of(issued, expires);
  return token;
}

Result<std::string> Volumes::token_for(const Object& pod, const std::string& volume, const std::string& directory,
                                       const doc::Value& projection) {
  if (!issue_token_)
    return fail(Code::unimplemented, "volume \"" + volume + "\": nobody here issues tokens of service accounts");
  Token& token = tokens_[pod.uid() + "/" + volume + "/" + projection["path"].string_or("")];
  const Time now = world_.clock.now();
  const auto lifetime = core::capped_seconds(projection["expirationSeconds"].int_or(usual_token_seconds));
  if (token.text.empty()) {
    const std::string file = directory + "/..data/" + projection["path"].string_or("token");
    token = published_token(file, pod.uid()).value_or(Token{});
    token.renew_at = std::min(token.renew_at, now + lifetime);
  }
  if (!token.text.empty() && now < token.renew_at) return token.text;
  objects::PodToken wanted;
  wanted.account = {pod.name().ns, pod.spec()["serviceAccountName"].string_or("default")};
  wanted.audience = projection["audience"].string_or("");
  wanted.lifetime = core::capped_seconds(projection["expirationSeconds"].int_or(usual_token_seconds));
  wanted.pod_name = pod.name().name;
  wanted.pod_uid = pod.uid();
  TRY_ASSIGN(auto issued, issue_token_(wanted));
  token.text = std::move(issued.token);
  token.renew_at = renewal_of(now, issued.expires);
  return token.text;
}

std::optional<Duration> Volumes::renewal(const Object& pod) {
  bool any = false;
  for_each_volume(pod, [&](const doc::Value& volume) { any = any || is_payload(volume); });
  return any ? std::optional(look_at_sources) : std::nullopt;
}

std::vector<Limit> Volumes::limits(const Object& pod, const std::string& pod_directory) const {
  std::vector<Limit> limits;
  for_each_volume(pod, [&](const doc::Value& volume) {
    const std::string text = volume["emptyDir"]["sizeLimit"].string_or("");
    const auto size = core::Quantity::parse(text);
    if (text.empty() || !size || size->value() <= 0) return;
    limits.push_back(
        {name_of(volume), path_of_empty(pod, volume, pod_directory), static_cast<std::uint64_t>(size->value()), text});
  });
  return limits;
}

Result<> Volumes::remove(const std::string& pod_uid) {
  const auto first = tokens_.lower_bound(pod_uid + "/");
  tokens_.erase(first, tokens_.lower_bound(pod_uid + "0"));  // '0' comes after '/'
  if (memory_directory_.empty() || !disk_.is_private(memory_directory_)) return {};
  TRY(world_.files.remove_tree(memory_directory_ + "/" + pod_uid));
  if (!tokens_.empty()) return {};  // others have something there
  const auto left = world_.files.list(memory_directory_);
  return left && left->empty() ? world_.files.remove_tree(memory_directory_) : Result<>();
}

void Volumes::sweep(const std::function<bool(const std::string&)>& is_alive) {
  if (memory_directory_.empty() || !disk_.is_private(memory_directory_)) return;
  const auto names = world_.files.list(memory_directory_);
  if (!names) return;
  for (const auto& uid : *names) {
    if (!is_alive(uid)) [[maybe_unused]]
      auto removed = world_.files.remove_tree(memory_directory_ + "/" + uid);
  }
}

Result<std::vector<Mount>> mounts_of(const doc::Value& container, const Places& places, const Variables& variables) {
  std::vector<Mount> mounts;
  if (container["volumeDevices"].size() > 0)
    return fail(Code::unimplemented, "volumeDevices: this node has no block volumes");
  const doc::Value& wanted = container["volumeMounts"];
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const doc::Value& each = wanted[i];
    const std::string name = each["name"].string_or("");
    const auto place = places.find(name);
    if (place == places.end()) return fail(Code::invalid_argument, "volumeMounts: there is no volume \"" + name + "\"");
    Mount mount{place->second.path, each["subPath"].string_or(""), each["mountPath"].string_or(""),
                place->second.read_only || each["readOnly"].bool_or(false)};
    if (const std::string expression = each["subPathExpr"].string_or(""); !expression.empty()) {
      mount.sub_path = expand(expression, variables);
      if (mount.sub_path.find("$(") != std::string::npos)
        return fail(Code::invalid_argument, "subPathExpr \"" + expression + "\" names a variable that is not there");
    }
    if (mount.sub_path.starts_with('/') || ("/" + mount.sub_path + "/").find("/../") != std::string::npos)
      return fail(Code::invalid_argument, "subPath \"" + mount.sub_path + "\" leaves the volume");
    if (!mount.target.starts_with('/')) mount.target.insert(0, "/");
    while (mount.target.size() > 1 && mount.target.ends_with('/')) mount.target.pop_back();
    if (mount.target == "/") return fail(Code::invalid_argument, "mountPath / would hide everything");
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace slipway::pods::volumes

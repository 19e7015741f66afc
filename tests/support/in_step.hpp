#pragma once
// InStep: a store behind a server, used from a simulated world. Calls block, as they do; what watches are told becomes
// tasks of the simulated world; and virtual time does not move on before the watches of this store have been told what
// was written through it.
//
// Thread: the simulated world's.

#include <map>
#include <memory>
#include <vector>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"
#include "net/http.hpp"
#include "objects/kubernetes_store.hpp"

namespace slipway::support {

struct InStepOptions {
  objects::KubernetesOptions store;
  // How long nothing must come after a removal until all its consequences are there; zero: it has none.
  core::Duration settles = {};
};

class InStep final : public objects::Store {
 public:
  // `simulated` outlives it.
  InStep(core::SimulatedWorld& simulated, objects::KubeConfig config, InStepOptions options);
  ~InStep() override;

  core::Result<objects::Object> get(const objects::Kind& kind, const objects::Name& name) override;
  core::Result<std::optional<objects::Object>> find(const objects::Kind& kind, const objects::Name& name) override;
  core::Result<objects::List> list(const objects::Kind& kind, const objects::ListOptions& options) override;
  core::Result<objects::Object> create(objects::Object object) override;
  core::Result<objects::Object> update(objects::Object object) override;
  core::Result<objects::Object> update_status(objects::Object object) override;
  core::Result<objects::Object> apply(objects::Object object) override;
  core::Result<objects::Object> bind(const objects::Object& pod, const std::string& node,
                                     const std::string& finalizer) override;
  core::Result<> remove(const objects::Kind& kind, const objects::Name& name,
                        const objects::DeleteOptions& options) override;
  core::Result<std::unique_ptr<objects::Watch>> watch(
      const objects::Kind& kind, const std::string& version,
      std::function<void(const objects::WatchEvent&)> on_event) override;

  objects::KubernetesStore& server() { return *store_; }

 private:
  // What a watcher must hear of before time moves on.
  enum class What { is_written, begins_to_end, is_gone };
  struct Expected {
    What what;
    std::string uid;
    std::string version;  // of the write
    bool is_met_by(const objects::WatchEvent& event) const;
  };
  struct Watcher;
  class Ticket;

  core::Result<objects::Object> expect(core::Result<objects::Object> written);
  void expect(What what, const objects::Object& object);
  bool is_there(const objects::Object& object);
  void heard(Watcher& watcher, const objects::WatchEvent& event);
  bool is_behind() const;
  void catch_up();
  // Lets real time pass, at most so much; less when something comes.
  void wait(core::Duration duration);

  core::SimulatedWorld& simulated_;
  core::RealWorld real_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_;
  std::optional<core::World> world_;
  core::Duration settles_;
  std::unique_ptr<objects::KubernetesStore> store_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
  bool is_unsettled_ = false;  // something was removed, and what follows is not known
  bool has_heard_ = false;
  bool is_waiting_ = false;
};

}  // namespace slipway::support

#pragma once
// Writes: create, update, patch and apply on their way from a request to a durable object: compose a draft from what is
// stored, ask admission, validate, keep it if nobody changed the object meanwhile, answer when it is safe.
//
// Thread: the control loop only.

#include <functional>

#include "objects/api/context.hpp"
#include "objects/api/draft.hpp"
#include "objects/api/write_queue.hpp"

namespace slipway::objects::api {

class Writes {
 public:
  explicit Writes(Context& context) : context_(context), queue_(context.world, context.database) {}

  void create(CallPtr call);
  void update(CallPtr call);
  void patch(CallPtr call);

  // What is to be written, made of what is there.
  using Compose = std::function<Answer<Draft>(Call&, std::optional<Current>, const Making&)>;
  struct Plan {
    Compose compose;
    // Composed again when the object changed meanwhile: not for an update that names its version.
    bool may_try_again = false;
    std::string action;                                       // for the record: "created"
    std::function<doc::Value(const doc::Value&)> shown = {};  // the answer's document, when it is not the object
    int changed_status = 200;                                 // the answer's, when nothing was made
  };
  void run(CallPtr call, Plan plan);

  WriteQueue& queue() { return queue_; }
  // `write` does one write to the backend; it and its record are durable together.
  Result<Stored> record(const Call& call, const char* action, const std::string& object,
                        const std::function<Result<Stored>()>& write);
  // Answers when what was written in the queue is durable; with a refusal when it could not become so.
  void send_when_durable(const CallPtr& call, net::Response response);

 private:
  struct Attempt;
  void begin(const std::shared_ptr<Attempt>& attempt);
  Answer<std::optional<Current>> find_current(const Call& call);
  Answer<> check_namespace(const Call& call) const;
  Answer<> settle(Review& review, bool is_mutated) const;
  void finish(const std::shared_ptr<Attempt>& attempt);
  Answer<Stored> keep(Attempt& attempt);
  void answer(const Attempt& attempt, int status, std::string body);

  Context& context_;
  WriteQueue queue_;
};

// 413 when the object is larger than a real server's store would take; names the field that is big.
Answer<> check_size(const doc::Value& object);

}  // namespace slipway::objects::api

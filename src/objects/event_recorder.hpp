#pragma once
// EventRecorder: what a controller tells people about an object, as the Events that `kubectl describe` and
// `kubectl events` show. Said again it is counted, not repeated; what differs in its message only is counted in one
// Event from the eleventh on within ten minutes, as client-go does. Not for the record of who did what: that is the
// audit log. An Event that the store does not take is lost, and logged: nothing depends on one.
//
// Thread: the control loop only.

#include <map>
#include <string>
#include <string_view>

#include "objects/store.hpp"

namespace slipway::objects {

class EventRecorder {
 public:
  // `component` is who speaks: "default-scheduler"; `host` its machine, may be empty. World and store outlive it.
  EventRecorder(core::World& world, Store& store, std::string component, std::string host = {});

  // `field` is the part of `about` that is meant: "spec.containers{main}"; may be empty.
  void normal(const Object& about, std::string_view reason, const std::string& message, const std::string& field = {});
  void warn(const Object& about, std::string_view reason, const std::string& message, const std::string& field = {});

 private:
  void record(const Object& about, std::string_view type, std::string_view reason, const std::string& message,
              const std::string& field);
  Result<> say_again(const Name& event, const std::string& message);
  // Whether so much like it was said lately that one Event counts the rest.
  bool is_one_of_many(const std::string& alike);
  Result<Name> say(const Object& about, std::string_view type, std::string_view reason, const std::string& message,
                   const std::string& field);

  core::World& world_;
  Store& store_;
  std::string component_, host_;
  std::map<std::string, Name> said_;  // the Event of what was said last of an object
  struct Similar {
    Instant since;
    int different = 0;
  };
  std::map<std::string, Similar> similar_;  // by all but the message
};

}  // namespace slipway::objects

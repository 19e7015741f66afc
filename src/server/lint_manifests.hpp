#pragma once
// The manifests of a models repository: which kinds they are, and whether what they name is there. Not for the fields
// of each kind (validate.hpp). Pure, except that an Environment's folder is looked for on the disk.

#include <string>
#include <vector>

#include "objects/object.hpp"

namespace slipway::server {

// Whose a kind is. An error when the platform would refuse it: of a group Slipway serves but not one of its kinds, or
// so near to one that it is a slip of the pen. False when it is another tool's.
Result<bool> is_known_kind(const objects::Object& object);

// An object of the repository and the file it stood in, absolute.
struct DeclaredObject {
  std::string file;
  objects::Object object;
  bool asked_for = true;   // problems of the others are not reported
  bool known_kind = true;  // else it may be meant to be anything: what refers to its name is not held wrong
};

// Everything that `declared` names and nothing declares. `root` is the directory of the repository, absolute; empty
// when it is not known, then only what lies in one folder is compared. `complete` is false when a file could not be
// read: what seems to be missing may be in it, and only what does not depend on other files is told.
std::vector<core::Error> broken_references(const std::vector<DeclaredObject>& declared, const std::string& root,
                                           bool complete);

}  // namespace slipway::server

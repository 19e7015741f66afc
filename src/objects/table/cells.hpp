#pragma once
// What cells of several kinds are made of. Inside of table/.

#include <cstdint>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "objects/table/age.hpp"
#include "objects/table/table.hpp"

namespace slipway::objects::table {

Column name_column();
Column age_column();
// Of a plain type, shown always, and only in wide output.
Column column(std::string name, std::string type, std::string description);
Column wide_column(std::string name, std::string description);
// Containers and Images of the pods that the object makes, and Selector.
void append_pod_columns(std::vector<Column>& to, bool with_selector);

std::string text(const doc::Value& value);  // "" for null
std::string text_or(const doc::Value& value, const char* absent);
std::int64_t count(const doc::Value& value);  // an integer, 0 for null
std::string name_of(const doc::Value& object);
std::string age_of(const doc::Value& object, Time now);
bool is_being_deleted(const doc::Value& object);

// The elements of a list; nothing when it is none.
const doc::Array& elements(const doc::Value& list);
const doc::Value& find_by(const doc::Value& list, const char* key, std::string_view value);  // null when absent
std::string joined(const std::vector<std::string>& parts, const char* separator = ",");
// "a,b,c + 2 more..." of a list cut at `shown`; `counted` elements there are.
std::string with_more(const std::vector<std::string>& shown, std::size_t counted);

std::string container_names(const doc::Value& pod_spec);
std::string container_images(const doc::Value& pod_spec);
std::string labels_or_none(const doc::Value& labels);
std::string selector_or_none(const doc::Value& label_selector);
std::string quantity(const doc::Value& value);  // "0" where there is none
std::string in_lower(std::string text);

}  // namespace slipway::objects::table

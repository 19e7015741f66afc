#include "objects/table/usage.hpp"

#include <doctest/doctest.h>

using slipway::objects::table::sum_of_quantities;

TEST_CASE("what containers use is added up to the billionth, in the largest unit without a fraction") {
  CHECK(sum_of_quantities("1500000n", "500000n") == "2m");
  CHECK(sum_of_quantities("1n", "2m") == "2000001n");
  CHECK(sum_of_quantities("250m", "1") == "1250m");
  CHECK(sum_of_quantities("500m", "500m") == "1");
  CHECK(sum_of_quantities("512Ki", "1536Ki") == "2Mi");
  CHECK(sum_of_quantities("1Gi", "0") == "1Gi");
  CHECK(sum_of_quantities("0", "3k") == "3k");
  CHECK(sum_of_quantities("1Ki", "24") == "1048");
  CHECK(sum_of_quantities("1Ki", "5m") == "1024005m");
  CHECK(sum_of_quantities("nonsense", "5m") == "5m");
  CHECK(sum_of_quantities("5m", "") == "5m");
  CHECK(sum_of_quantities("999999999999999999Ei", "1") == "1");
}

#ifndef MONOCOQUE_TESTS_SUPPORT_IDLE_TRIPS_H_
#define MONOCOQUE_TESTS_SUPPORT_IDLE_TRIPS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace monocoque::testing {

// Instructions of a round trip between two sockets of one loop, both sides of it: medians.
struct TripInstructions {
  double alone = 0;
  // With so many links on the loop that nothing happens on; their other ends are in another
  // process.
  double beside = 0;
};

// On an adapter by its name; `trips` are counted each way. Fails as CountInstructions does.
absl::StatusOr<TripInstructions> CountTrips(std::string_view adapter, std::size_t links,
                                            std::size_t trips);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_IDLE_TRIPS_H_

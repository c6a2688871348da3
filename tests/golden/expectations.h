#ifndef MONOCOQUE_TESTS_GOLDEN_EXPECTATIONS_H_
#define MONOCOQUE_TESTS_GOLDEN_EXPECTATIONS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace monocoque::golden {

// What we do where libzmq does something else.
struct Deviation {
  std::string rule;       // "D-11", "section 3"
  std::size_t steps = 0;  // of the capture that hold
  std::string script;     // how it goes on
};

// deviations.txt, by name of the capture. "[name] rule, after N steps", and under it the script.
absl::StatusOr<std::map<std::string, Deviation>> ParseDeviations(std::string_view text);

// cites.txt, by name of the capture: the requirements it shows. A line: "name: id id".
absl::StatusOr<std::map<std::string, std::vector<std::string>>> ParseCites(std::string_view text);

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_EXPECTATIONS_H_

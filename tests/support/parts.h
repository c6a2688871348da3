#ifndef MONOCOQUE_TESTS_SUPPORT_PARTS_H_
#define MONOCOQUE_TESTS_SUPPORT_PARTS_H_

#include <string>
#include <vector>

#include "protocol/wire/message.h"

namespace monocoque::testing {

// A message as a list that can be compared and printed.
using Parts = std::vector<std::string>;

Message MessageOf(const Parts& parts);
Parts PartsOf(const Message& message);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_PARTS_H_

#include "tests/support/parts.h"

#include <string_view>

#include "alloc/slice.h"

namespace monocoque::testing {

Message MessageOf(const Parts& parts) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return Message(views);
}

Parts PartsOf(const Message& message) {
  Parts parts;
  for (const Slice& part : message) parts.emplace_back(part.text());
  return parts;
}

}  // namespace monocoque::testing

#ifndef MONOCOQUE_TESTS_SUPPORT_HEX_H_
#define MONOCOQUE_TESTS_SUPPORT_HEX_H_

#include <string>
#include <string_view>

namespace monocoque::testing {

// "616263" and blanks to octets; none, if it is something else.
std::string Hex(std::string_view hex);
std::string ToHex(std::string_view octets);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_HEX_H_

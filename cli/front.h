#ifndef MONOCOQUE_CLI_FRONT_H_
#define MONOCOQUE_CLI_FRONT_H_

#include "absl/status/status.h"
#include "protocol/wire/message.h"

namespace monocoque::cli {

// What a line has as its first part, before the message itself: whom it is for, or from.
enum class Front {
  kNothing,
  kRoutingId,      // octets
  kRoutingNumber,  // in decimal digits
  kGroup,          // of whoever joined it
};

// The first part becomes where the message goes. An error says what is wanted: "wants ...".
absl::Status TakeFront(Front front, Message* message);
// And back: where it came from, or where it goes, becomes the first part.
void ShowFront(Front front, Message* message);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_FRONT_H_

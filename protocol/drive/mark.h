#ifndef MONOCOQUE_PROTOCOL_DRIVE_MARK_H_
#define MONOCOQUE_PROTOCOL_DRIVE_MARK_H_

#include <cstddef>

namespace monocoque {

// A high-water mark: whichever of the two counts is reached first. It is tested before a message is
// taken, so that one may cross it.
struct Mark {
  std::size_t messages = 8192;          // 0: no limit on their number
  std::size_t bytes = 8 * 1024 * 1024;  // 0: no limit on their octets

  bool Reached(std::size_t have_messages, std::size_t have_bytes) const {
    return (messages != 0 && have_messages >= messages) || (bytes != 0 && have_bytes >= bytes);
  }
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_MARK_H_

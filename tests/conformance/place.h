#ifndef MONOCOQUE_TESTS_CONFORMANCE_PLACE_H_
#define MONOCOQUE_TESTS_CONFORMANCE_PLACE_H_

#include <string>
#include <string_view>

namespace monocoque::conformance {

// An endpoint that is known before anybody listens there, and that nobody else uses: a port that is
// bound and does not listen, so that the system gives it to no other socket; a path in a directory
// of its own; a name.
class Place {
 public:
  // `system`: not a simulation's, which needs nothing but a text.
  Place(std::string_view carrier, bool system);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const std::string& endpoint() const { return endpoint_; }

  // What to bind to where the carrier may choose.
  static std::string Any(std::string_view carrier);

 private:
  int fd_ = -1;
  std::string directory_;
  std::string endpoint_;
};

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_PLACE_H_

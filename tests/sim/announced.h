#ifndef MONOCOQUE_TESTS_SIM_ANNOUNCED_H_
#define MONOCOQUE_TESTS_SIM_ANNOUNCED_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace monocoque::testing {

// What one end of a link says that it wants: the SUBSCRIBE, CANCEL, JOIN and LEAVE in its stream of
// ZMTP 3.1, by where they end; in boxes, too, whose content is in clear. Other octets pass; what is
// no ZMTP ends it.
class Announced {
 public:
  // The next octets of the stream, in whatever pieces they come.
  void Feed(std::string_view octets);
  // Does whoever has read so many octets of the stream know that the topic is wanted, by a prefix
  // of it or as a group?
  bool wants(std::string_view topic, std::uint64_t read) const;

 private:
  struct Wish {
    std::uint64_t end = 0;  // of its frame, in the stream
    bool on = false;
    bool exactly = false;
    std::string text;
  };

  // Takes what is whole of the stream's front; false: it is not whole yet.
  bool TakeFrame();
  void OnCommand(std::string_view body);

  std::string tail_;        // of a greeting or a frame
  std::uint64_t done_ = 0;  // octets in front of `tail_`
  std::uint64_t skip_ = 0;  // octets of a message's body that are still to come
  bool broken_ = false;
  std::vector<Wish> wishes_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_ANNOUNCED_H_
